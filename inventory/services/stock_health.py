"""Every night: how well each SKU's stock works, and when it runs out. docs/stock-health.md"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, FloatField, Sum
from django.db.models.functions import Cast

from inventory.frames import last_full_day
from inventory.models import DemandForecast, SkuHealth
from inventory.services.costs import unit_costs_minor
from inventory.services.forecasts import day_correlation
from inventory.services.planned_demand import with_planned
from inventory.stock_health_frames import (
    arrivals_of,
    evenings,
    incoming_of,
    sales_of,
    stock_of,
)

DAYS = 90
AHEAD_DAYS = 28
COVER_DAYS = 90
CHUNK = 500
SEED = 42  # the night's


def refresh_stock_health(progress: Callable[..., None], as_of: datetime) -> dict[str, int]:
    """Replace every row; a second run writes the same."""
    until = last_full_day(as_of)
    rows = [SkuHealth(**fields) for fields in _fields(until)]
    progress(1, 2, "")
    with transaction.atomic():
        SkuHealth.objects.all().delete()
        SkuHealth.objects.bulk_create(rows, batch_size=CHUNK)
    progress(2, 2, "")
    return {
        "skus": len(rows),
        "without_a_cost": sum(row.unit_cost_minor is None for row in rows),
        "without_a_forecast": sum(row.out_risk_28 is None for row in rows),
    }


@dataclass(frozen=True)
class HealthTotals:
    """The shop as one: figures of SKUs whose cost is known; `unknown` counts the others."""

    as_of: date | None
    days: int
    skus: int
    unknown: int
    stock_minor: int
    excess_minor: int
    turns: float | None
    gmroi: float | None
    age_minor: list[int]
    out_by_day: list[float]
    without_forecast: int


def stock_health_totals() -> HealthTotals:
    """Sums over the rows of the last night."""
    from inventory.ml.stock_health import AGE_LIMITS, gmroi, turns

    known = SkuHealth.objects.filter(unit_cost_minor__isnull=False)
    cost = Cast(F("unit_cost_minor"), FloatField())
    sums = known.aggregate(
        skus=Count("pk"),
        stock=Sum("stock_minor"),
        excess=Sum("excess_minor"),
        revenue=Sum("revenue_minor"),
        cogs=Sum(F("units_sold") * F("unit_cost_minor")),
        average=Sum(F("average_on_hand") * cost),
    )
    ages = [0] * (len(AGE_LIMITS) + 1)
    risks = [0.0] * AHEAD_DAYS
    forecast = 0
    first = SkuHealth.objects.order_by("pk").first()
    rows = SkuHealth.objects.values_list("unit_cost_minor", "age_units", "out_risk")
    for unit_cost, units, risk in rows.iterator():
        for place, count in enumerate(units if unit_cost is not None else []):
            ages[place] += count * unit_cost
        forecast += bool(risk)
        for place, chance in enumerate(risk):
            risks[place] += chance
    total = SkuHealth.objects.count()
    days = first.days if first else DAYS
    average, cogs = sums["average"] or 0.0, sums["cogs"] or 0
    return HealthTotals(
        as_of=first.as_of if first else None,
        days=days,
        skus=total,
        unknown=total - sums["skus"],
        stock_minor=sums["stock"] or 0,
        excess_minor=sums["excess"] or 0,
        turns=turns(cogs, average, days),
        gmroi=gmroi((sums["revenue"] or 0) - cogs, average, days),
        age_minor=ages,
        out_by_day=[round(risk, 2) for risk in risks],
        without_forecast=total - forecast,
    )


def _fields(until: date) -> list[dict[str, Any]]:
    from inventory.ml.stock_health import age_units, daily_average

    first = until - timedelta(days=DAYS - 1)
    stock = stock_of()
    sales, arrivals = sales_of(first, until), arrivals_of(until)
    costs = unit_costs_minor(stock)
    row_of, opening, change = evenings(
        {pk: hand for pk, (hand, _free) in stock.items()}, first, until
    )
    averages: Any = daily_average(opening, change) if row_of else []
    ahead = _ahead(stock, until)
    found = []
    for variant, row in row_of.items():
        hand = stock[variant][0]
        units, revenue = sales.get(variant, (0, 0))
        cost = costs.get(variant)
        excess, risk = ahead.get(variant, (None, []))
        found.append(
            {
                "variant_id": variant,
                "as_of": until,
                "days": DAYS,
                "on_hand": hand,
                "units_sold": units,
                "revenue_minor": revenue,
                "unit_cost_minor": cost,
                "average_on_hand": round(float(averages[row]), 3),
                "age_units": age_units(hand, arrivals.get(variant, [])),
                "excess_units": excess,
                "out_risk": risk,
                "out_risk_28": risk[-1] if risk else None,
                "stock_minor": None if cost is None else hand * cost,
                "excess_minor": None if cost is None or excess is None else excess * cost,
            }
        )
    return found


def _ahead(stock: dict[int, tuple[int, int]], until: date) -> dict[int, tuple[int, list[float]]]:
    """variant → excess units and the chance to be sold out by each of the next days."""
    import numpy as np

    from inventory.ml.clearance import excess_units
    from inventory.ml.lead_time import LeadTimeSimulator
    from inventory.ml.planned_units import total_demand
    from inventory.ml.stock_health import out_risk

    rows = list(
        DemandForecast.objects.filter(as_of=until, horizon_days__gt=0, variant__in=list(stock))
        .select_related("model_run")
        .order_by("variant_id")
    )
    if not rows:
        return {}
    correlation = day_correlation(rows[0].model_run)
    demand = with_planned(rows, COVER_DAYS)
    simulator = LeadTimeSimulator(AHEAD_DAYS, correlation=correlation, seed=SEED)
    incoming = incoming_of(until + timedelta(days=1), AHEAD_DAYS)
    found = {}
    for row in rows:
        mean, quantiles = demand[row.variant_id]
        free = stock[row.variant_id][1]
        _mean, needed = total_demand((mean, quantiles), None, correlation=correlation)
        cumulative = simulator.cumulative(mean[:AHEAD_DAYS], quantiles[:AHEAD_DAYS])
        supply = free + incoming.get(row.variant_id, np.zeros(AHEAD_DAYS))
        risk = out_risk(cumulative, supply)
        found[row.variant_id] = (excess_units(free, needed), risk.round(3).tolist())
    return found
