"""Do not ask for more than there is: a campaign stops before the orders that it will bring exceed
what is available of a featured SKU, and goes on by itself once goods have arrived."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from access.figures import figure
from decisions.text import sentence
from marketing.models import Campaign, CampaignState
from marketing.models.campaigns import PausedBy
from marketing.services.campaigns import campaigns, stock_claims
from marketing.services.campaigns.copy_facts import forbidden
from marketing.services.campaigns.units_per_message import units_ordered, units_per_message
from marketing.services.sending.guards import LEFT
from shop.models import Variant

LEAST_TO_GO_ON = 100  # messages: or it would stop again at once

SHORT = gettext_noop(
    "%(sku)s: %(messages)s messages bring about %(expected)s orders that are still to come, and "
    "%(available)s units are available. It goes on once there are enough."
)
SHORT_WITH_OTHERS = gettext_noop(
    "%(sku)s: %(messages)s messages bring about %(expected)s orders that are still to come, other "
    "campaigns and journeys about %(others)s, and %(available)s units are available. It goes on once "
    "there are enough."
)


def short_stock(campaign: Campaign, messages: int, at: datetime) -> dict | None:
    """The first featured SKU of which too little is left for `messages` more, as a sentence.

    What other messages about it are still to bring counts as gone.
    """
    sent = campaign.sends.filter(state__in=LEFT).count()
    rate = units_per_message(campaign.goal, at)
    for sku, variant_id, available in _featured(campaign):
        expected = max(0.0, rate * (sent + messages) - units_ordered(campaign, variant_id))
        others = stock_claims.of_campaigns(campaign, variant_id, at)
        others += stock_claims.of_journeys(sku, variant_id, rate, at)
        if available < max(1, expected + others):
            said: dict[str, str | int] = {
                "sku": sku,
                "messages": sent + messages,
                "expected": figure(expected, 1),
                "available": available,
            }
            if others:
                return sentence(SHORT_WITH_OTHERS, **said, others=figure(others, 1))
            return sentence(SHORT, **said)
    return None


def resume_restocked(at: datetime) -> int:
    """Campaigns that waited for goods and have enough for a while: on they go, facts checked."""
    resumed = 0
    for campaign in Campaign.objects.filter(
        state=CampaignState.PAUSED, paused_by=PausedBy.STOCK
    ).order_by("pk")[:100]:
        if short_stock(campaign, LEAST_TO_GO_ON, at) or campaigns.changed_fact(campaign, at):
            continue
        if forbidden(campaign, at) is None:
            campaigns.resume(campaign, at=at)
            resumed += 1
    return resumed


def _featured(campaign: Campaign) -> list[tuple[str, int, int]]:
    """(SKU, key, available units) of what is counted."""
    pks = campaign.items.values("variant")
    counted = Variant.objects.filter(pk__in=pks, tracks_stock=True).annotate_available()
    rows: QuerySet[Any, Any] = counted.order_by("pk")
    return list(rows.values_list("sku", "pk", "available_units"))
