"""What a draft's list and holdout would show, as plain values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from access.figures import percent, points
from marketing.models import Campaign
from marketing.services.campaigns.power import Ahead, Smallest, look_ahead, whole_weeks
from shop.money import format_money

SOURCES = {
    "campaigns": gettext_lazy("those held out of the last campaign with this goal"),
    "audience": gettext_lazy("these very customers in the days before"),
    "shop": gettext_lazy("all customers who may be written to, in the days before"),
}


def power_page(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """Empty once it is no draft any more: then results take its place."""
    if not campaign.is_editable:
        return {}
    found = look_ahead(campaign, at)
    return {
        "is_known": bool(found.rows),
        "customers": found.customers,
        "source": SOURCES[found.source],
        "is_revenue": found.is_revenue,
        "each": _money(found.each),
        "share": percent(found.share, 1),
        "own": _row(found.own) if found.own else None,
        "has_holdout": campaign.holdout_rate > 0,
        "rows": [_row(one) for one in found.rows],
        "effect": _money(found.effect) if found.effect else "",
        "effect_is_measured": found.effect_is_measured,
        "proposed": _proposed(found),
        "whole_weeks": whole_weeks(campaign),
    }


def _proposed(found: Ahead) -> str:
    return percent(found.proposed) if found.proposed is not None else ""


def _row(one: Smallest) -> dict[str, str]:
    return {
        "rate": percent(one.rate),
        "profit": _money(one.profit),
        "always": _money(one.profit_always),
        "conversion": points(one.conversion, 1),
    }


def _money(value: float) -> str:
    return format_money(round(value))
