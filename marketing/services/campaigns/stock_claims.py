"""Orders that messages about a SKU are still to bring: of other campaigns, and of journeys. All who
advertise one shelf share it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db.models import Exists, OuterRef, Sum

from marketing.models import Campaign, CampaignState, Send, SendState
from marketing.services.campaigns.units_per_message import units_ordered, units_per_message
from marketing.services.sending.guards import LEFT
from shop.models import SOLD_UNITS, OrderLine

# Of one SKU at one time; a shop that runs more has other troubles.
MOST_OTHERS = 50
LONGEST_WINDOW = timedelta(days=90)  # of a campaign
STEP_WINDOW = timedelta(days=14)  # so long a message of a journey brings orders
# What another campaign may be handing over just now: a round, since both ask before they send one.
IN_HAND = 250


def of_campaigns(campaign: Campaign, variant_id: int, at: datetime) -> float:
    """Expected units of every other campaign that features the SKU and whose window is open."""
    others = Campaign.objects.filter(
        items__variant=variant_id, started_at__gt=at - LONGEST_WINDOW, started_at__lte=at
    ).exclude(pk=campaign.pk)
    rate_of = lru_cache(lambda goal: units_per_message(goal, at))
    found = 0.0
    for other in others.select_related("audience").order_by("-pk")[:MOST_OTHERS]:
        began = other.started_at
        if began is None or began + timedelta(days=other.attribution_window_days) <= at:
            continue
        messages = other.sends.filter(state__in=LEFT).count() + _in_hand(other)
        found += max(0.0, rate_of(other.goal) * messages - units_ordered(other, variant_id))
    return found


def _in_hand(campaign: Campaign) -> int:
    if campaign.state != CampaignState.SENDING or campaign.audience is None:
        return 0
    known = campaign.sends.exclude(state=SendState.CLAIMED).count()
    return min(IN_HAND, max(0, campaign.audience.recipient_count - known))


def of_journeys(sku: str, variant_id: int, rate: float, at: datetime) -> float:
    """Expected units of what journeys wrote about the SKU first of all, told by the link; at the
    rate of the campaign that asks. Without a shop's address messages have no link and none counts."""
    if not settings.STOREFRONT_URL:
        return 0.0
    link = f"{settings.STOREFRONT_URL.rstrip('/')}/products/{sku}"
    lately = Send.objects.filter(
        enrolment__isnull=False, link_url=link, sent_at__gt=at - STEP_WINDOW
    )
    messages = lately.count()
    if not messages:
        return 0.0
    after_it = lately.filter(
        customer=OuterRef("order__customer"), sent_at__lte=OuterRef("order__placed_at")
    )
    lines = OrderLine.objects.sold().filter(
        Exists(after_it), variant=variant_id, order__placed_at__gt=at - STEP_WINDOW
    )
    ordered = lines.aggregate(units=Sum(SOLD_UNITS, default=0))["units"]
    return max(0.0, rate * messages - ordered)
