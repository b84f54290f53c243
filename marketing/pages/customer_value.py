"""What a customer's page says of her value: each figure with its interval, its moment, its run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.figures import figure, percent, points
from marketing.models import CustomerPrediction
from marketing.pages.calibration_chart import Tenth, calibration_chart
from shop.models import Customer
from shop.money import format_money

HORIZONS = (30, 90, 365)
# Inputs of the propensity model in words; what stands in no list of facts is named by its column.
INPUT_WORDS = {
    "recency_days": gettext_lazy("days since the last order"),
    "tenure_days": gettext_lazy("days since the first order"),
    "orders": gettext_lazy("orders so far"),
    "revenue_minor": gettext_lazy("spent so far"),
    "margin_minor": gettext_lazy("margin so far"),
    "margin_rate": gettext_lazy("share of margin in what she spends"),
    "refund_rate": gettext_lazy("share sent back"),
    "mean_gap_days": gettext_lazy("usual days between orders"),
    "gap_variation": gettext_lazy("irregularity of her orders"),
    "silence_over_gap": gettext_lazy("silence measured in her usual gaps"),
    "orders_30": gettext_lazy("orders of the last 30 days"),
    "orders_90": gettext_lazy("orders of the last 90 days"),
    "orders_365": gettext_lazy("orders of the last 365 days"),
    "trend": gettext_lazy("last 90 days against the 90 before"),
    "categories": gettext_lazy("categories bought from"),
    "main_category_share": gettext_lazy("share of the main category"),
    "price_band": gettext_lazy("usual price per unit"),
    "evening_share": gettext_lazy("share ordered in the evening"),
    "weekend_share": gettext_lazy("share ordered at weekends"),
    "channels": gettext_lazy("channels used"),
    "discount_share": gettext_lazy("share of discounts"),
    "tickets_180": gettext_lazy("questions to support in 180 days"),
    "views_7": gettext_lazy("products viewed in 7 days"),
    "views_30": gettext_lazy("products viewed in 30 days"),
    "cart_adds_30": gettext_lazy("put into the cart in 30 days"),
    "searches_30": gettext_lazy("searches in 30 days"),
    "opens_90": gettext_lazy("messages opened in 90 days"),
    "links_90": gettext_lazy("message links followed in 90 days"),
    "quiet_days": gettext_lazy("days since the last visit"),
    "value_chance": gettext_lazy("what her buying rhythm alone says"),
    "sequence_score": gettext_lazy("what she did, in its order (log-odds)"),
}
RATES = {
    "margin_rate", "refund_rate", "main_category_share", "evening_share", "weekend_share",
    "discount_share", "value_chance",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    label: str
    value: str
    interval: str


def value_context(customer: Customer) -> dict[str, Any]:
    """For the customer's page; two queries. `prediction` None: the night has not written one."""
    found = (
        CustomerPrediction.objects.select_related("value_run", "propensity_run")
        .filter(pk=customer.pk)
        .first()
    )
    if found is None:
        return {"prediction": None}
    return {
        "prediction": found,
        "chances": _chances(found),
        "forecast": [_horizon(found, days) for days in HORIZONS] if found.value_run_id else [],
        "worth": _worth(found),
        "next_order": _next_order(found),
        "rhythm": rhythm_of(found),
        "reasons": [_reason(one) for one in found.reasons],
        "checks": _checks(found),
        "runs": [
            (run, reverse("admin:decisions_modelrun_change", args=[run.pk]))
            for run in (found.value_run, found.propensity_run)
            if run is not None
        ],
    }


def _chances(found: CustomerPrediction) -> list[Row]:
    named = [
        (_("Still a customer"), "p_alive"),
        (_("No order within 90 days"), "churn_90"),
        (_("Order within 30 days"), "propensity_30"),
    ]
    return [
        Row(
            label,
            percent(getattr(found, name)),
            _between(*(percent(getattr(found, f"{name}_{end}")) for end in ("low", "high"))),
        )
        for label, name in named
        if getattr(found, name) is not None
    ]


def _horizon(found: CustomerPrediction, days: int) -> dict[str, Any]:
    def ends(prefix: str, suffix: str, said: Any) -> str:
        return _between(
            *(said(getattr(found, f"{prefix}_{end}{suffix}")) for end in ("low", "high"))
        )

    return {
        "days": days,
        "orders": figure(getattr(found, f"orders_{days}"), 1),
        "orders_interval": ends(f"orders_{days}", "", lambda value: figure(value, 0)),
        "spend": format_money(getattr(found, f"spend_{days}_minor")),
        "spend_interval": ends(f"spend_{days}", "_minor", format_money)
        if getattr(found, f"spend_{days}_minor") is not None
        else "",
        "margin": format_money(getattr(found, f"margin_{days}_minor")),
        "margin_interval": _margin_ends(found, days),
    }


def _worth(found: CustomerPrediction) -> dict[str, str]:
    """Her margin of the coming 365 days, discounted to today; empty while no margin is foreseen.

    The ends are those of the margin's own intervals, discounted alike.
    """
    from marketing.ml.present_value import present_value

    rate = settings.MARKETING_DISCOUNT_RATE
    margins = [getattr(found, f"margin_{days}_minor") for days in HORIZONS]
    ends = [found.margin_interval(days) for days in HORIZONS]
    if None in margins:
        return {}

    def today(amounts: list[int]) -> str:
        return format_money(round(present_value(amounts, HORIZONS, rate)))

    said = {"value": today(margins), "rate": percent(rate, 1), "interval": ""}
    known = [pair for pair in ends if pair is not None]
    if len(known) == len(HORIZONS):
        said["interval"] = _between(*(today([pair[end] for pair in known]) for end in (0, 1)))
    return said


def _margin_ends(found: CustomerPrediction, days: int) -> str:
    """The spend's interval at her rate of margin, which is taken as known."""
    ends = found.margin_interval(days)
    return _between(*map(format_money, ends)) if ends else ""


def short_interval(found: CustomerPrediction, name: str) -> str:
    """For a list: 25–40 %."""
    ends = [getattr(found, f"{name}_{end}") for end in ("low", "high")]
    if None in ends:
        return ""
    return f"{points(ends[0])}–{percent(ends[1])}"


def _checks(found: CustomerPrediction) -> list[dict[str, Any]]:
    """How the models' last chances came true: a chart each, where the run that serves has one.

    Nobody sees whether a customer has left; what her silence is judged by is whether an order came.
    """
    checks = []
    for run, name, window in (
        (found.value_run, "any_order", "window_days"),
        (found.propensity_run, "reliability", ""),
    ):
        rows = run.metrics.get(name) if run is not None else None
        if run is None or not rows:
            continue
        days = run.metrics.get(window, 30)
        title = (
            _("Chance of an order within %(days)s days, from her rhythm") % {"days": days}
            if window
            else _("Chance of an order within %(days)s days, from all her behaviour")
            % {"days": days}
        )
        tenths = [
            Tenth(row["said"], row["came"], row["low"], row["high"], row["customers"])
            for row in rows
        ]
        checks.append({"title": title, "chart": calibration_chart(tenths, title)})
    return checks


def _next_order(found: CustomerPrediction) -> Row | None:
    if found.value_run_id is None:
        return None
    if found.next_order_on is None:
        return Row(_("Next order"), "–", _("not within two years"))
    latest = (
        date_format(found.next_order_until)
        if found.next_order_until
        else _("later than in two years")
    )
    return Row(
        _("Next order"),
        date_format(found.next_order_on),
        _between(date_format(found.next_order_from), latest),
    )


def rhythm_of(found: CustomerPrediction) -> str:
    """Why: the facts that the buying model reads."""
    if found.mean_gap_days is None:
        return _("One order day, and %(silent)s days of silence since.") % {
            "silent": found.silent_days
        }
    return _("%(days)s order days, %(gap)s days apart on average; %(silent)s days of silence.") % {
        "days": found.order_days,
        "gap": figure(found.mean_gap_days, 0),
        "silent": found.silent_days,
    }


def _reason(one: dict[str, Any]) -> dict[str, Any]:
    name = one["input"]
    return {
        "label": INPUT_WORDS.get(name, name),
        "value": _input_value(name, one["value"]),
        "is_for": one["effect"] > 0,
        "effect": figure(one["effect"], 2, signed=True),
    }


def _input_value(name: str, value: float | None) -> str:
    if value is None:
        return _("none")
    if name.endswith("_minor"):
        return format_money(round(value))
    if name == "price_band":
        return format_money(round(2.718281828459045**value))
    if name in RATES:
        return percent(value)
    return figure(value, 0 if float(value).is_integer() or abs(value) >= 10 else 1)


def _between(low: str, high: str) -> str:
    return _("%(low)s to %(high)s") % {"low": low, "high": high}
