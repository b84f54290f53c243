"""The cohort page: a heat table of one measure, its notes, its file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.figures import figure, percent, points
from decisions.services.snapshots import Shown
from decisions.text import render
from marketing.models import Segment
from shop.models import Category, Channel, Customer
from shop.money import format_money, from_minor

MEASURES = {
    "retention": gettext_lazy("ordered again"),
    "revenue": gettext_lazy("revenue per customer, cumulated"),
    "margin": gettext_lazy("margin per customer, cumulated"),
}
UNITS = {"month": gettext_lazy("months"), "week": gettext_lazy("weeks")}
MOST_CHOICES = 200
PERIODS, HEATS = 12, 6


def filter_choices() -> dict[str, list[tuple[str, str]]]:
    """What may be chosen, MOST_CHOICES of each. Four queries."""
    countries = (
        Customer.objects.exclude(country="").order_by("country").values_list("country", flat=True)
    )
    return {
        "categories": [(one.code, str(one)) for one in Category.objects.all()[:MOST_CHOICES]],
        "channels": [(one.code, str(one)) for one in Channel.objects.all()[:MOST_CHOICES]],
        "countries": [(name, name) for name in countries.distinct()[:MOST_CHOICES]],
        "segments": [(one.code, str(one)) for one in Segment.objects.all()[:MOST_CHOICES]],
    }


def table_of(found: Shown, measure: str) -> dict[str, Any]:
    """heads, lines with one cell per period, the line of all cohorts (retention alone), notes."""
    payload = found.payload
    first = 1 if measure == "retention" else 0
    periods = range(first, PERIODS + 1)
    rows = payload["rows"]
    top = max(
        (cell["value"] or 0 for row in rows for cell in row[measure] if cell["state"] == "done"),
        default=0,
    )
    pooled = {one["period"]: one | {"state": "done"} for one in payload["pooled"]}
    return {
        "heads": list(periods),
        "lines": [
            {
                "label": _label(row["cohort"], payload["unit"]),
                "customers": row["customers"],
                "is_growing": row["is_growing"],
                "cells": [_cell(row[measure], k, measure, top) for k in periods],
            }
            for row in rows
        ],
        "pooled": [_cell([pooled[k]] if k in pooled else [], k, measure, top) for k in periods]
        if measure == "retention" and pooled
        else None,
        "forecast": _forecast(payload["forecast"], measure),
        "has_ahead": any(cell["state"] == "foreseen" for row in rows for cell in row[measure]),
        "unknown_costs": measure == "margin"
        and any((row["known_cost_rate"] or 0) < 0.95 for row in rows),
    }


def _label(day: str, unit: str) -> str:
    begin = date.fromisoformat(day)
    if unit == "month":
        return date_format(begin, "YEAR_MONTH_FORMAT")
    return _("week of %(day)s") % {"day": date_format(begin, "SHORT_DATE_FORMAT")}


def _cell(cells: list[dict], period: int, measure: str, top: float) -> dict[str, Any]:
    """kind: done, running, foreseen or none; what is foreseen of the running period is `ahead`."""
    own = {cell["state"]: cell for cell in cells if cell["period"] == period}
    ahead = own.get("foreseen")
    seen = own.get("done") or own.get("running") or ahead
    if seen is None or seen["value"] is None:
        return {"kind": "none"}
    found = {
        "kind": seen["state"],
        "text": written(seen["value"], measure),
        "interval": _interval(seen, measure) if seen["state"] != "running" else "",
        "heat": min(int(seen["value"] / top * HEATS + 0.5), HEATS) if top > 0 else 0,
    }
    if seen["state"] == "running" and ahead:
        found["ahead"] = written(ahead["value"], measure)
        found["interval"] = _interval(ahead, measure)
    return found


def written(value: float | None, measure: str) -> str:
    if value is None:
        return "–"
    if measure == "retention":
        return percent(value, 1)
    return format_money(round(value))


def _interval(cell: dict, measure: str) -> str:
    if cell["low"] is None or cell["high"] is None:
        return ""
    if measure == "retention":
        return f"{points(cell['low'])}–{points(cell['high'])}"
    low, high = (figure(from_minor(round(cell[end]))) for end in ("low", "high"))
    return f"{low}–{high}"


def _forecast(kept: dict[str, Any], measure: str) -> dict[str, Any]:
    refusal = kept["refusals"].get(measure)
    backtest = kept["backtest"]
    judged = backtest and backtest["measures"].get(
        "retention" if measure == "retention" else "revenue"
    )
    return {
        "refusal": render(refusal) if refusal else "",
        "run_url": reverse("admin:decisions_modelrun_change", args=[kept["run"]])
        if kept["run"]
        else "",
        "judged": judged
        and {
            "cells": judged["cells"],
            "cuts": len(backtest["cuts"]),
            "error": percent(judged["error"]),
            "baseline": percent(judged["baseline_error"]),
            "bias": percent(judged["bias"], signed=True),
            "coverage": percent(judged["coverage"]),
            "widened": percent(judged["widened_coverage"]),
        },
    }


def as_of(found: Shown) -> datetime:
    return datetime.fromisoformat(found.payload["as_of"])


def file_rows(found: Shown) -> Iterator[list[Any]]:
    """One line per cohort, measure and period; shares 0 to 1, money in the shop's currency."""
    yield ["cohort", "customers", "measure", "period", "state", "value", "low", "high"]
    for row in found.payload["rows"]:
        for measure in MEASURES:
            for cell in row[measure]:
                ends = [_plain(cell[end], measure) for end in ("value", "low", "high")]
                yield [
                    row["cohort"],
                    row["customers"],
                    measure,
                    cell["period"],
                    cell["state"],
                    *ends,
                ]


def _plain(value: float | None, measure: str) -> Any:
    if value is None or measure == "retention":
        return "" if value is None else value
    return from_minor(round(value))
