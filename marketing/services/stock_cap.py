"""Do not ask for more than there is: a campaign stops before the orders that it will bring exceed
what is available of a featured SKU, and goes on by itself once goods have arrived."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext_noop

from decisions.text import sentence
from marketing.models import Campaign, CampaignState, Send, SendState
from marketing.models.campaigns import PausedBy
from marketing.services import campaigns
from shop.models import SOLD_UNITS, OrderLine, Variant

# Before a shop has measured its own campaigns: units of a featured SKU ordered per message.
# A cautious guess that 500 messages of its own outweigh; no published figure stands behind it.
GUESSED_RATE, GUESS_WEIGHT = 0.02, 500
MEASURED_CAMPAIGNS = 10
LEAST_TO_GO_ON = 100  # messages: or it would stop again at once

SHORT = gettext_noop(
    "%(sku)s: %(messages)s messages bring about %(expected)s orders that are still to come, and "
    "%(available)s units are available. It goes on once there are enough."
)


def short_stock(campaign: Campaign, messages: int, at: datetime) -> dict | None:
    """The first featured SKU of which too little is left for `messages` more, as a sentence."""
    sent = campaign.sends.filter(state__in=(SendState.SENT, SendState.UNKNOWN)).count()
    rate = units_per_message(campaign.goal, at)
    for sku, variant_id, available in _featured(campaign):
        expected = rate * (sent + messages) - _ordered(campaign, variant_id)
        if available < max(1, expected):
            return sentence(
                SHORT,
                sku=sku,
                messages=sent + messages,
                expected=f"{max(0, expected):.1f}",
                available=available,
            )
    return None


def units_per_message(goal: str, at: datetime) -> float:
    """Units of the featured SKUs ordered per message, over the last campaigns of this goal.

    Everything that recipients ordered counts, caused or not: what is sold is sold. Shrunk to the
    guess by its weight.
    """
    past = Campaign.objects.filter(goal=goal, state=CampaignState.SENT, started_at__lt=at)
    units = messages = 0
    for campaign in past.order_by("-pk")[:MEASURED_CAMPAIGNS]:
        began = campaign.started_at
        if began is None or began + timedelta(days=campaign.attribution_window_days) > at:
            continue
        featured = campaign.items.count()
        messages += campaign.sends.filter(state=SendState.SENT).count() * max(1, featured)
        units += sum(_ordered(campaign, item.variant_id) for item in campaign.items.all())
    return (units + GUESSED_RATE * GUESS_WEIGHT) / (messages + GUESS_WEIGHT)


def resume_restocked(at: datetime) -> int:
    """Campaigns that waited for goods and have enough for a while: on they go, facts checked."""
    resumed = 0
    for campaign in Campaign.objects.filter(
        state=CampaignState.PAUSED, paused_by=PausedBy.STOCK
    ).order_by("pk")[:100]:
        if short_stock(campaign, LEAST_TO_GO_ON, at) is None and not campaigns.changed_fact(
            campaign, at
        ):
            campaigns.resume(campaign, at=at)
            resumed += 1
    return resumed


def _featured(campaign: Campaign) -> list[tuple[str, int, int]]:
    """(SKU, key, available units) of what is counted."""
    pks = campaign.items.values("variant")
    counted = Variant.objects.filter(pk__in=pks, tracks_stock=True).annotate_available()
    rows: QuerySet[Any, Any] = counted.order_by("pk")
    return list(rows.values_list("sku", "pk", "available_units"))


def _ordered(campaign: Campaign, variant_id: int) -> int:
    """Units that recipients ordered since it began, within its window."""
    if campaign.started_at is None:
        return 0
    until = campaign.started_at + timedelta(days=campaign.attribution_window_days)
    got_it = Send.objects.filter(
        campaign=campaign, customer=OuterRef("order__customer"), state=SendState.SENT
    )
    lines = OrderLine.objects.sold().filter(
        Exists(got_it),
        variant=variant_id,
        order__placed_at__gte=campaign.started_at,
        order__placed_at__lt=until,
    )
    return lines.aggregate(units=Sum(SOLD_UNITS, default=0))["units"]
