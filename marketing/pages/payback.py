"""When a cohort has paid for itself: its cumulated margin beside what winning it cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access.figures import figure
from decisions.services.snapshots import Shown
from marketing.models import AcquisitionCost
from shop.money import format_money, from_minor


def why_no_payback(payload: dict[str, Any]) -> str:
    """Why no cost can be set beside these cohorts at all; empty: it can."""
    if payload["unit"] != "month":
        return _("Acquisition costs are known by month: choose months.")
    who = payload["who"]
    if who["category"] or who["country"] or who["segment"]:
        return _(
            "Acquisition costs are known by month and channel, not by category, country or segment: take "
            "these filters away."
        )
    if not _costs(payload):
        return _(
            "No acquisition cost of these months was imported (kind acquisition_costs). Without one "
            "nothing is said; it is not taken for 0."
        )
    return ""


def _costs(payload: dict[str, Any]) -> dict[date, int]:
    """Month → what was paid, of the channel that was asked for, or of all. One query."""
    months = [date.fromisoformat(row["cohort"]) for row in payload["rows"]]
    rows = AcquisitionCost.objects.filter(month__in=months)
    if payload["who"]["channel"]:
        rows = rows.filter(channel__code=payload["who"]["channel"])
    found = rows.order_by().values("month").annotate(paid=Sum("amount_minor"))
    return {row["month"]: int(row["paid"]) for row in found}


def payback_of(found: Shown) -> dict[str, Any]:
    """lines: per cohort its cost per customer, and when the margin had reached it; or `refusal`."""
    payload = found.payload
    if why := why_no_payback(payload):
        return {"refusal": why}
    costs = _costs(payload)
    return {"lines": [_line(row, costs, payload["step"]) for row in payload["rows"]]}


def _line(row: dict[str, Any], costs: dict[date, int], step: int) -> dict[str, Any]:
    month = date.fromisoformat(row["cohort"])
    line: dict[str, Any] = {
        "label": date_format(month, "YEAR_MONTH_FORMAT"),
        "cohort": row["cohort"],
    }
    if month not in costs:
        return line | {"reason": _("no cost of this month was imported")}
    if row["is_growing"]:
        return line | {"reason": _("the month is not over")}
    each = costs[month] / (row["customers"] * step)
    known = [
        cell for cell in row["margin"] if cell["state"] == "done" and cell["value"] is not None
    ]
    line |= {"each_minor": each, "each": format_money(round(each))}
    if not known:
        return line | {
            "reason": _("no margin is known: too few customers, or costs of units are missing")
        }
    last = known[-1]
    return line | {
        "reached": format_money(round(last["value"])),
        "interval": _interval(last),
        "period": _first(known, each, "value"),
        "surely": _first(known, each, "low"),
        "last_period": last["period"],
    }


def _first(cells: list[dict[str, Any]], each: float, end: str) -> int | None:
    """The first period whose cumulated margin reaches the cost."""
    reached = (cell["period"] for cell in cells if cell[end] is not None and cell[end] >= each)
    return next(reached, None)


def _interval(cell: dict[str, Any]) -> str:
    if cell["low"] is None or cell["high"] is None:
        return ""
    low, high = (figure(from_minor(round(cell[end]))) for end in ("low", "high"))
    return f"{low}–{high}"


def file_rows(found: Shown) -> Iterator[list[Any]]:
    """Below the cohorts' own lines: what winning a customer cost, and the period that paid it back;
    empty: not known, or not reached yet."""
    for line in payback_of(found).get("lines", []):
        if "each_minor" in line:
            cost = from_minor(round(line["each_minor"]))
            yield [line["cohort"], "", "acquisition_cost", "", "done", cost, "", ""]
            paid = [line.get("period") or "", "", line.get("surely") or ""]
            yield [line["cohort"], "", "payback_period", "", "done", paid[0], "", paid[2]]
