"""What a forecast is made of, and where it falls, as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from inventory.frames import stock_positions
from inventory.models import DemandForecast

WEEK_DAYS = 7
SEEN_UNITS = 0.05  # over the horizon; less shows as 0.0
NAMES = {
    "sales": _("sales of the last 28 days"),
    "stock_out": _("missed on days without stock"),
    "trend": _("trend of its level"),
    "season": _("weekdays and time of year"),
    "festival": _("festivals and holidays"),
    "price": _("price"),
    "promotion": _("promotions"),
}


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall: left and width in percent of the axis; by_week: units of each week."""

    name: str
    units: float
    left: float
    width: float
    by_week: list[float]


def waterfall(row: DemandForecast) -> dict[str, Any] | None:
    """Steps from nothing to the forecast, which they sum to; None of a refused row."""
    if not row.contributions:
        return None
    kept = row.contributions  # PostgreSQL keeps no order of keys
    parts = {
        name: kept[name] for name in NAMES if name in kept and abs(sum(kept[name])) >= SEEN_UNITS
    }
    edges = [0.0]
    for units in parts.values():
        edges.append(edges[-1] + sum(units))
    low, high = min(edges), max(*edges, 1e-9)
    span = high - low

    def step(name: str, units: list[float], start: float, end: float) -> Step:
        left, right = sorted((start, end))
        return Step(
            name,
            end - start,
            round(100 * (left - low) / span, 2),
            round(max(100 * (right - left) / span, 0.5), 2),
            _weeks(units),
        )

    steps = [
        step(str(NAMES[name]), units, edges[number], edges[number + 1])
        for number, (name, units) in enumerate(parts.items())
    ]
    return {
        "steps": steps,
        "total": step("", row.mean_units, 0.0, sum(row.mean_units)),
        "sees_price": row.basis.get("sees_price", True),
    }


def warehouses(row: DemandForecast) -> list[dict[str, Any]]:
    """Each warehouse's part, the largest first, with what it has there. Four queries."""
    parts = list(row.by_warehouse.select_related("warehouse").order_by("-share", "warehouse_id"))
    stock = stock_positions([row.variant_id]) if parts else {}
    found = []
    for part in parts:
        there = stock.get((row.variant_id, part.warehouse_id))
        days = len(part.mean_units)
        found.append(
            {
                "warehouse": part.warehouse,
                "share": part.share,
                "units": sum(part.mean_units),
                "low": sum(part.quantile_units["0.1"]) / days,
                "high": sum(part.quantile_units["0.9"]) / days,
                "on_hand": there.on_hand if there else 0,
                "on_order": there.on_order if there else 0,
            }
        )
    return found


def _weeks(units: list[float]) -> list[float]:
    return [sum(units[start : start + WEEK_DAYS]) for start in range(0, len(units), WEEK_DAYS)]
