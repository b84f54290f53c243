"""What support adds to a review's page of the shop."""

from typing import Any

from django import template

from shop.models import Review
from support.aspect_frames import quoted
from support.models import AspectMention, TextReading

register = template.Library()
MOST = 24  # eight aspects, three polarities


@register.inclusion_tag("support/review_aspects.html")
def review_aspects(review: Review | None) -> dict[str, Any]:
    """Nothing for a review that nobody has read yet: two queries at most."""
    reading = TextReading.objects.filter(review=review).first() if review else None
    if reading is None:
        return {"is_read": False}
    mentions = AspectMention.objects.filter(reading=reading).select_related("reading__review")
    return {"is_read": True, "rows": quoted(mentions.order_by("start", "aspect")[:MOST])}
