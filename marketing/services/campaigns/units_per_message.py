"""How much of what a message features is ordered: for the stop before stock runs short, and for
what a reduction gives away."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Sum

from marketing.models import Campaign, CampaignState, Send, SendState
from shop.models import SOLD_UNITS, OrderLine

# Before a shop has measured its own campaigns: units of a featured SKU ordered per message.
# A cautious guess that 500 messages of its own outweigh; no published figure stands behind it.
GUESSED_RATE, GUESS_WEIGHT = 0.02, 500
MEASURED_CAMPAIGNS = 10


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
        units += sum(units_ordered(campaign, item.variant_id) for item in campaign.items.all())
    return (units + GUESSED_RATE * GUESS_WEIGHT) / (messages + GUESS_WEIGHT)


def units_ordered(campaign: Campaign, variant_id: int) -> int:
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
