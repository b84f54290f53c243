"""How much of what a message features is ordered: for the stop before stock runs short, and for
what a reduction gives away."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone

from marketing.models import Campaign, CampaignState, Send, SendState
from shop.models import SOLD_UNITS, Order, OrderLine, OrderState

# Before a shop has measured its own campaigns: units of a featured SKU ordered per message.
# A cautious guess that 500 messages of its own outweigh; no published figure stands behind it.
GUESSED_RATE, GUESS_WEIGHT = 0.02, 500
MEASURED_CAMPAIGNS = 10


def units_per_message(goal: str, at: datetime) -> float:
    """Units of the featured SKUs ordered per message, over the last campaigns of this goal that
    featured any.

    Everything that recipients ordered counts, caused or not: what is sold is sold. Shrunk to the
    guess by its weight.
    """
    units = messages = 0
    for campaign in _past(goal, at):
        featured = list(campaign.items.values_list("variant_id", flat=True))
        messages += campaign.sends.filter(state=SendState.SENT).count() * len(featured)
        units += sum(units_ordered(campaign, variant) for variant in featured)
    return (units + GUESSED_RATE * GUESS_WEIGHT) / (messages + GUESS_WEIGHT)


def orders_per_message(goal: str, at: datetime) -> float:
    """Recipients who ordered anything per message: so many coupons are used at most. Featured or
    not: a coupon takes off whatever it is for. Shrunk in the same way."""
    buyers = messages = 0
    for campaign in _past(goal, at):
        got_it = campaign.sends.filter(state=SendState.SENT)
        orders = Order.objects.filter(
            customer=OuterRef("customer"),
            placed_at__gte=campaign.started_at,
            placed_at__lt=_until(campaign),
        ).exclude(state=OrderState.CANCELLED)
        messages += got_it.count()
        buyers += got_it.filter(Exists(orders)).count()
    return shrunk_orders(buyers, messages)


def shrunk_orders(buyers: int, messages: int) -> float:
    """The share of messages after which she ordered, shrunk to the guess by its weight."""
    return (buyers + GUESSED_RATE * GUESS_WEIGHT) / (messages + GUESS_WEIGHT)


def _past(goal: str, at: datetime) -> list[Campaign]:
    """The last of this goal whose time to be counted is over."""
    past = Campaign.objects.filter(goal=goal, state=CampaignState.SENT, started_at__lt=at)
    return [one for one in past.order_by("-pk")[:MEASURED_CAMPAIGNS] if _until(one) <= at]


def _until(campaign: Campaign) -> datetime:
    """When orders stop counting as its own. It has begun."""
    began = campaign.started_at or timezone.now()
    return began + timedelta(days=campaign.attribution_window_days)


def units_ordered(campaign: Campaign, variant_id: int) -> int:
    """Units that recipients ordered since it began, within its window."""
    if campaign.started_at is None:
        return 0
    until = _until(campaign)
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
