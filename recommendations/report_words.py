"""The report's figures as a person reads them: rates in percent, money with its currency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.figures import figure, with_sign
from recommendations.ml.placement_report import Figure
from recommendations.services.reporting import ATTRIBUTION_DAYS, PlacementReport
from recommendations.words import placement_name
from shop.money import format_money

# Figure → (label, what it is). The order is the page's and the file's.
FIGURES: dict[str, tuple[Any, Any]] = {
    "click_rate": (gettext_lazy("Click rate"), gettext_lazy("of what was seen")),
    "conversion_rate": (
        gettext_lazy("Bought"),
        gettext_lazy("of what was seen, within %(days)s days by the same person"),
    ),
    "revenue_minor": (
        gettext_lazy("Revenue per 1,000 seen"),
        gettext_lazy("after discounts, without taxes"),
    ),
    "margin_minor": (
        gettext_lazy("Margin per 1,000 seen"),
        gettext_lazy("revenue less today's unit cost"),
    ),
    "coverage_rate": (
        gettext_lazy("Range shown"),
        gettext_lazy("of the products on sale; the interval is for as many other people"),
    ),
    "novelty_bits": (
        gettext_lazy("Novelty"),
        gettext_lazy("bits; 10 means that one buyer in 1,024 knew it"),
    ),
}
MISSING = {
    "persons": gettext_lazy("people who saw something"),
    "shown": gettext_lazy("products seen"),
}
IGNORED = {
    "no_receipt": gettext_lazy(
        "name no receipt. Send the answer's `receipt` in the event's properties."
    ),
    "unknown_receipt": gettext_lazy(
        "name a receipt that is not here. Send it as it was answered; old ones are deleted."
    ),
    "other_product": gettext_lazy(
        "name a product that this answer did not hold. Send the SKU of the item."
    ),
}


def unit_of(name: str) -> Callable[[float], str]:
    """How the figure is written."""
    if name.endswith("_minor"):
        return lambda value: format_money(round(value))
    if name.endswith("_rate"):
        return lambda value: f"{_number(100 * value)} %"
    return _number


def interval_of(name: str, figure: Figure) -> str:
    """`1.2 % to 3.4 %`; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    written = unit_of(name)
    return _("%(low)s to %(high)s") % {"low": written(figure.low), "high": written(figure.high)}


def change_of(name: str, figure: Figure) -> dict[str, str] | None:
    """The change on the period before: text, interval and what it says; None where unknown."""
    if figure.value is None:
        return None
    written = _points if name.endswith("_rate") else unit_of(name)
    text = with_sign(figure.value, written)
    if figure.low is None or figure.high is None:
        return {"text": text, "interval": "", "verdict": "", "class": ""}
    interval = _("%(low)s to %(high)s") % {
        "low": with_sign(figure.low, written),
        "high": with_sign(figure.high, written),
    }
    # More novelty is neither good nor bad; more clicks and money are good.
    good, bad = ("", "") if name == "novelty_bits" else ("bk-good", "bk-bad")
    if figure.low > 0:
        return {"text": text, "interval": interval, "verdict": _("more"), "class": good}
    if figure.high < 0:
        return {"text": text, "interval": interval, "verdict": _("less"), "class": bad}
    return {"text": text, "interval": interval, "verdict": _("cannot tell"), "class": ""}


def tiles(found: PlacementReport) -> list[dict[str, Any]]:
    """One per figure that the page shows, with why a figure is not known."""
    lines = []
    for name, (label, about) in FIGURES.items():
        figure = found.now.figures.get(name, Figure())
        value = None if figure.value is None else unit_of(name)(figure.value)
        lines.append(
            {
                "label": label,
                "about": str(about) % {"days": ATTRIBUTION_DAYS},
                "value": value or _("unknown"),
                "known": value is not None,
                "interval": interval_of(name, figure),
                "change": change_of(name, found.changes.get(name, Figure())),
                "why": _why_unknown(name, found) if value is None else _no_interval(name, found),
            }
        )
    return lines


def card(found: PlacementReport) -> dict[str, Any]:
    """What the page shows of one placement."""
    largest = max((share.value or 0 for _name, share in found.brands), default=0) or 1
    return {
        "code": found.placement,
        "name": placement_name(found.placement),
        "counts": found.now.counts,
        "tiles": [] if found.now.missing else tiles(found),
        "missing": [
            {"what": MISSING[what], "found": have, "needed": need}
            for what, have, need in found.now.missing
        ],
        "brands": [
            {
                "name": name or _("without a brand"),
                "share": unit_of("_rate")(share.value or 0),
                "interval": interval_of("_rate", share),
                "width": round(100 * (share.value or 0) / largest, 1),
            }
            for name, share in found.brands
        ],
    }


def ignored_lines(ignored: dict[str, int]) -> list[dict[str, Any]]:
    return [{"count": count, "text": IGNORED[reason]} for reason, count in sorted(ignored.items())]


def _why_unknown(name: str, found: PlacementReport) -> str:
    if name == "margin_minor" and found.without_cost:
        return _("Enter the unit cost of: %(skus)s.") % {"skus": ", ".join(found.without_cost)}
    if name == "novelty_bits":
        return _("Nobody had bought anything in the 90 days before.")
    return ""


def _no_interval(name: str, found: PlacementReport) -> str:
    if name.endswith("_minor") and found.now.figures[name].low is None:
        return _("Fewer than five people bought: too few for an interval.")
    return ""


def _points(value: float) -> str:
    return _("%(n)s points") % {"n": _number(100 * value)}


def _number(value: float) -> str:
    digits = 2 if abs(value) < 10 else 1
    return figure(value, digits)
