"""Customers of value whose probability of leaving rose most: who, by how much, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.figures import percent, points
from marketing.definitions.rules import customers_of
from marketing.models import CustomerPrediction, CustomerProfile
from marketing.pages.customer_value import rhythm_of, short_interval
from shop.models import Customer
from shop.money import format_money, from_minor

LEAST_SCORE = 4  # of money: the two upper fifths
RISES = (0.05, 0.1, 0.2, 0.3)
USUAL = 0.1
FILE_HEADS = [
    "code", "name", "as_of", "churn_90", "churn_90_low", "churn_90_high", "churn_before",
    "churn_before_low", "churn_before_high", "rise", "silent_days", "mean_gap_days", "order_days",
    "spent", "spend_365", "spend_365_low", "spend_365_high",
]  # fmt: skip
FILE_ROWS = 10_000


def slipping_rule(rise: float) -> dict[str, Any]:
    """As a segment would say it, so that a list frozen of it holds exactly those on the page."""
    return {
        "all": [
            {"field": "churn_rise_28", "op": "at_least", "value": rise},
            {"field": "monetary_score", "op": "at_least", "value": LEAST_SCORE},
        ]
    }


def slipping(rise: float) -> QuerySet[Customer]:
    """The steepest rise first."""
    found = customers_of(slipping_rule(rise)).select_related("prediction", "profile")
    return found.order_by("-prediction__churn_rise_28", "pk")


def why_nobody() -> str:
    """Why the page can say nothing at all; empty: it can."""
    if not CustomerPrediction.objects.filter(churn_rise_28__isnull=False).exists():
        return _(
            "Nothing is foreseen of anybody who ordered more than 28 days ago: no value model is live, or "
            "the night has not run since. The night's summary says what is missing."
        )
    if not CustomerProfile.objects.filter(monetary_score__isnull=False).exists():
        return _("Who is of value is not known yet: the history is too short for scores.")
    return ""


def lines_of(customers: Sequence[Customer], *, may_see: bool) -> list[dict[str, Any]]:
    return [_line(one, may_see) for one in customers]


def _line(customer: Customer, may_see: bool) -> dict[str, Any]:
    found, profile = customer.prediction, customer.profile
    low, high = found.spend_365_low_minor, found.spend_365_high_minor
    return {
        "customer": customer,
        "name": str(customer) if may_see else customer.code,
        "now": percent(found.churn_90),
        "now_interval": short_interval(found, "churn_90"),
        "before": percent(found.churn_before),
        "before_interval": short_interval(found, "churn_before"),
        "rise": points(found.churn_rise_28, signed=True),
        "is_clear": _is_clear(found),
        "rhythm": rhythm_of(found),
        "spent": format_money(profile.monetary_minor),
        "ahead": format_money(found.spend_365_minor),
        "ahead_interval": "" if None in (low, high) else f"{format_money(low)}–{format_money(high)}",
    }  # fmt: skip


def _is_clear(found: CustomerPrediction) -> bool:
    """The two intervals do not touch."""
    low, high = found.churn_90_low, found.churn_before_high
    return low is not None and high is not None and low > high


def file_rows(rise: float, *, may_see: bool) -> Iterator[list[Any]]:
    """Money in the shop's currency, probabilities 0 to 1, empty: not known."""
    yield FILE_HEADS
    for one in slipping(rise)[:FILE_ROWS]:
        found = one.prediction
        row = [
            one.code, one.name if may_see else "", found.as_of.isoformat(), found.churn_90,
            found.churn_90_low, found.churn_90_high, found.churn_before, found.churn_before_low,
            found.churn_before_high, found.churn_rise_28, found.silent_days, found.mean_gap_days,
            found.order_days, from_minor(one.profile.monetary_minor),
            *(_money(getattr(found, f"spend_365{end}_minor")) for end in ("", "_low", "_high")),
        ]  # fmt: skip
        yield ["" if value is None else value for value in row]


def _money(minor: int | None) -> Any:
    return None if minor is None else from_minor(minor)
