"""What clearance reads: stock, demand until a day, prices, costs and how demand answers a price."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, OuterRef, Subquery, Sum
from django.utils import timezone

from inventory.frames import last_full_day
from inventory.models import ClearanceReason, DemandForecast, PriceElasticity
from inventory.services.costs import unit_costs_minor
from inventory.services.forecasts import day_correlation
from inventory.services.planned_demand import with_planned
from shop.models import (
    Batch,
    Consent,
    OrderLine,
    Purpose,
    StockLevel,
    Variant,
)
from shop.services.events.event_rows import among
from shop.services.prices import prices_at

if TYPE_CHECKING:
    import numpy as np

    from inventory.services.clearance import ClearanceOptions

AUDIENCE_DAYS = 365


@dataclass(frozen=True)
class Candidate:
    """One SKU that will not sell in time; `line` is what clearance.plan_clearance reads."""

    variant_id: int
    sku: str
    name: str
    name_zh: str
    reason: str
    excess_units: int
    base_units: float
    audience_customers: int
    line: dict[str, Any]
    evidence: dict[str, Any]


@dataclass(frozen=True)
class _Known:
    forecasts: dict[int, DemandForecast]
    demand: dict[int, tuple[np.ndarray, np.ndarray]]
    available: dict[int, int]
    prices: dict[int, int]
    costs: dict[int, int]
    responses: dict[int, PriceElasticity]
    variants: dict[int, Any]


def candidates(
    as_of: datetime, options: ClearanceOptions
) -> tuple[list[Candidate], dict[str, int]]:
    """Those with excess, in the order of SKUs, and how many could not be judged, by what is missing."""
    known = _read(as_of, options)
    batches = _batches(known.available, timezone.localdate())
    missing: dict[str, int] = defaultdict(int)
    found = []
    for variant_id, row in known.forecasts.items():
        excess = _excess(variant_id, row, known, (batches.get(variant_id, []), options))
        if excess is None:
            continue
        lack = _lack(variant_id, known)
        if lack:
            missing[lack] += 1
        else:
            found.append(_candidate(variant_id, excess, known, options))
    audiences = _audiences([one.variant_id for one in found], as_of, known)
    found = [
        replace(one, audience_customers=audiences.get(_category(one.variant_id, known), 0))
        for one in found
    ]
    return sorted(found, key=lambda one: one.sku), dict(missing)


def _read(as_of: datetime, options: ClearanceOptions) -> _Known:
    nights = DemandForecast.objects.filter(as_of__lte=last_full_day(as_of), horizon_days__gt=0)
    newest = nights.order_by("-as_of").values_list("as_of", flat=True).first()
    tonight = nights.none() if newest is None else nights.filter(as_of=newest)
    rows = {row.variant_id: row for row in tonight.select_related("model_run")}
    open_ones = Variant.objects.on_sale().filter(pk__in=among(rows))
    variants = open_ones.select_related("product").in_bulk()
    levels = StockLevel.objects.filter(variant__in=variants, variant__tracks_stock=True)
    available = {
        variant: units
        for variant, units in levels.order_by()
        .values_list("variant")
        .annotate(units=Sum(F("on_hand") - F("allocated") - F("reserved") - F("ring_fenced")))
        if units > 0
    }
    forecasts = {pk: row for pk, row in rows.items() if pk in available}
    return _Known(
        forecasts=forecasts,
        demand=with_planned(forecasts.values(), options.cover_days),
        available=available,
        prices={
            pk: price.amount_minor
            for pk, price in prices_at(list(forecasts), timezone.now()).items()
            if price.currency == settings.SHOP_CURRENCY and price.kind == "list"
        },
        costs=unit_costs_minor(forecasts),
        responses=PriceElasticity.objects.in_bulk(list(forecasts)),
        variants=variants,
    )


def _batches(available: dict[int, int], today: date) -> dict[int, list[tuple[date, int]]]:
    """variant → (expires on, units), the earliest first; what has expired is nobody's to sell."""
    found: dict[int, list[tuple[date, int]]] = defaultdict(list)
    rows = Batch.objects.filter(
        variant__in=list(available), on_hand__gt=0, expires_on__gt=today
    ).order_by("variant_id", "expires_on", "pk")
    for variant, expires_on, units in rows.values_list("variant_id", "expires_on", "on_hand"):
        if expires_on is not None:
            found[variant].append((expires_on, units))
    return found


def _excess(
    variant_id: int, row: DemandForecast, known: _Known, given: tuple
) -> dict[str, Any] | None:
    """Units that will not sell in time and why; expiry comes first, since it waits for nobody."""
    from inventory.ml.clearance import excess_units, units_at_risk
    from inventory.ml.planned_units import total_demand

    batches, options = given
    mean, quantiles = known.demand[variant_id]
    today = timezone.localdate()
    days = [min((expires - today).days, options.cover_days) for expires, _units in batches]
    due = [
        (units, float(mean[:count].sum())) for (_e, units), count in zip(batches, days, strict=True)
    ]
    for place, lost in enumerate(units_at_risk(due)):
        if lost and days[place] < options.cover_days:
            units = min(sum(one[0] for one in due[: place + 1]), known.available[variant_id])
            return {
                "reason": ClearanceReason.EXPIRY.value,
                "excess": min(lost, units),
                "units": units,
                "days": max(min(days[place], options.sale_days), 1),
                "expires_on": batches[place][0].isoformat(),
            }
    correlation = day_correlation(row.model_run)
    _mean, needed = total_demand((mean, quantiles), None, correlation=correlation)
    excess = excess_units(known.available[variant_id], needed)
    if not excess:
        return None
    return {
        "reason": ClearanceReason.COVER.value,
        "excess": excess,
        "units": known.available[variant_id],
        "days": options.sale_days,
        "needed_units": round(needed, 1),
    }


def _lack(variant_id: int, known: _Known) -> str:
    if variant_id not in known.prices:
        return "without_a_list_price"
    if variant_id not in known.costs:
        return "without_a_cost"
    return "" if variant_id in known.responses else "without_an_elasticity"


def _candidate(
    variant_id: int, excess: dict[str, Any], known: _Known, options: ClearanceOptions
) -> Candidate:
    variant, answer = known.variants[variant_id], known.responses[variant_id]
    expiring = excess["reason"] == ClearanceReason.EXPIRY
    demand = _sale_demand(known, variant_id, excess["days"])
    line = {
        "units": excess["units"],
        "days": excess["days"],
        "demand_units": demand,
        "elasticity": [answer.low, answer.elasticity, answer.high],
        "promotion_log": [answer.promotion_low, answer.promotion_log, answer.promotion_high],
        "price_minor": known.prices[variant_id],
        "cost_minor": known.costs[variant_id],
        "floor_rate": options.expiry_floor_rate if expiring else options.floor_rate,
        "holding_rate": options.holding_rate,
        "dead_after_days": 0 if expiring else options.dead_after_days,
        "salvage_rate": options.salvage_rate,
    }
    return Candidate(
        variant_id=variant_id,
        sku=variant.sku,
        name=variant.product.name,
        name_zh=variant.product.name_zh,
        reason=excess["reason"],
        excess_units=excess["excess"],
        base_units=min(demand[1], excess["units"]),
        audience_customers=0,
        line=line,
        evidence=excess | {"forecast_as_of": known.forecasts[variant_id].as_of.isoformat()},
    )


def _sale_demand(known: _Known, variant_id: int, days: int) -> list[float]:
    """Low, mean and high demand of the sale's days at today's price."""
    from inventory.ml.planned_units import total_demand

    mean, quantiles = (part[:days] for part in known.demand[variant_id])
    correlation = day_correlation(known.forecasts[variant_id].model_run)
    middle, high = total_demand((mean, quantiles), None, correlation=correlation)
    return [round(max(2 * middle - high, 0.0), 3), round(middle, 3), round(high, 3)]


def _category(variant_id: int, known: _Known) -> int | None:
    return known.variants[variant_id].product.category_id


def _audiences(variant_ids: list[int], as_of: datetime, known: _Known) -> dict[int | None, int]:
    """category → customers who bought from it within a year and agreed to marketing mail."""
    categories = {_category(pk, known) for pk in variant_ids}
    granted = Subquery(
        Consent.objects.filter(
            customer=OuterRef("order__customer"), purpose=Purpose.MARKETING_EMAIL
        )
        .order_by("-recorded_at", "-pk")
        .values("granted")[:1]
    )
    found: dict[int | None, int] = {}
    for category in sorted(one for one in categories if one is not None):
        bought = OrderLine.objects.sold().filter(
            variant__product__category=category,
            order__placed_at__gte=as_of - timedelta(days=AUDIENCE_DAYS),
            order__placed_at__lt=as_of,
            order__customer__isnull=False,
        )
        people = bought.annotate(agreed=granted).filter(agreed=True)
        found[category] = people.values("order__customer").distinct().count()
    return found
