"""What the plan knows of each SKU and warehouse, gathered for the pure computation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_noop

from decisions.text import sentence
from inventory.frames import (
    Stock,
    open_variants,
    preferred_items,
    stock_positions,
    warehouse_shares,
)
from inventory.models import DemandForecast, Supplier, SupplierItem
from inventory.services.forecasts import day_correlation
from inventory.services.planned_demand import with_planned
from shop.models import Variant, Warehouse
from shop.services.prices import prices_at
from shop.services.warehouses import first_warehouse

if TYPE_CHECKING:
    import numpy as np

NEVER_COUNTED = gettext_noop(
    "No stock count was ever recorded; the plan assumes 0 on hand: count it first."
)
NO_SUPPLIER = gettext_noop(
    "No supplier is known; the plan assumes %(lead)s days of lead time and a review every "
    "%(review)s days: choose a supplier."
)
NO_MARGIN = gettext_noop("Its cost or its price is unknown, so the order shows no money for it.")


@dataclass(frozen=True)
class PlanOptions:
    """Where each number comes from stands in docs/inventory.md.

    cycle_service_level: chance that stock lasts until the next delivery.
    holding_rate: of the unit cost per year.
    no_supplier_lead_days, no_supplier_review_days: assumed, and said so, where nobody is known.
    """

    cycle_service_level: float = 0.95
    holding_rate: float = 0.2
    no_supplier_lead_days: int = 14
    no_supplier_review_days: int = 7


@dataclass(frozen=True)
class Group:
    """One order to be: every line of one supplier (None = no supplier yet) and warehouse."""

    supplier: Supplier | None
    warehouse: Warehouse
    review_period_days: int
    lead_time_days: int
    lines: list[dict[str, Any]]

    def cycle_on(self, day: date) -> date:
        """First day of the review period that holds a day."""
        return date.fromordinal(day.toordinal() - day.toordinal() % self.review_period_days)

    def key(self, day: date) -> str:
        supplier = self.supplier.code if self.supplier else "-"
        return f"{supplier}|{self.warehouse.code}|{self.cycle_on(day).isoformat()}"


@dataclass(frozen=True)
class _Known:
    """All reads of one plan, each a constant number of queries."""

    variants: dict[int, Variant]
    items: dict[int, SupplierItem]
    stock: dict[tuple[int, int], Stock]
    shares: dict[int, dict[int, float]]
    prices: dict[int, int]
    demand: dict[int, tuple[np.ndarray, np.ndarray]]
    warehouses: dict[int, Warehouse]
    default_warehouse: int


def gather(
    forecasts: list[DemandForecast], as_of: datetime, options: PlanOptions, *, seed: int
) -> list[Group]:
    """Groups in the order of supplier code and warehouse, lines in the order of SKU."""
    from inventory.ml.lead_time import LeadTimeSimulator

    known = _read(forecasts, as_of, options)
    run = next((row.model_run for row in forecasts if row.model_run_id), None)
    simulator = LeadTimeSimulator(
        _longest(known.items, options), correlation=day_correlation(run), seed=seed
    )
    lines: dict[tuple[int | None, int], list[dict]] = defaultdict(list)
    for row in forecasts:
        if row.variant_id not in known.variants:
            continue
        item = known.items.get(row.variant_id)
        for warehouse_id, share in _places(row.variant_id, known):
            place = (item.supplier_id if item else None, warehouse_id)
            lines[place].append(_line(row, share, warehouse_id, (known, options, simulator)))
    suppliers: dict[int | None, Supplier] = {
        item.supplier_id: item.supplier for item in known.items.values()
    }
    groups = [
        _group(suppliers.get(supplier_id), known.warehouses[warehouse_id], found, options)
        for (supplier_id, warehouse_id), found in lines.items()
    ]
    return sorted(groups, key=lambda group: group.key(as_of.date()))


def _read(forecasts: list[DemandForecast], as_of: datetime, options: PlanOptions) -> _Known:
    default = first_warehouse()
    variant_ids = [row.variant_id for row in forecasts]
    items = preferred_items(variant_ids)
    rows = prices_at(variant_ids, as_of)
    return _Known(
        variants=open_variants(variant_ids),
        items=items,
        stock=stock_positions(variant_ids),
        shares=warehouse_shares(as_of),
        prices={
            variant: row.amount_minor
            for variant, row in rows.items()
            if row.currency == settings.SHOP_CURRENCY
        },
        demand=with_planned(forecasts, _longest(items, options)),
        warehouses={place.pk: place for place in Warehouse.objects.all()},
        default_warehouse=default.pk,
    )


def _longest(items: dict[int, SupplierItem], options: PlanOptions) -> int:
    from inventory.ml.lead_time import longest_days

    terms = [(options.no_supplier_lead_days, options.no_supplier_review_days, 0.0)]
    for item in items.values():
        supplier = item.supplier
        terms.append(
            (
                item.effective_lead_time_days,
                supplier.review_period_days,
                supplier.lead_time_sd_days,
            )
        )
    return max(longest_days(*term) + term[1] for term in terms)


def _places(variant_id: int, known: _Known) -> list[tuple[int, float]]:
    """Warehouses with their share of the demand: by what each shipped, else where stock lies."""
    shares = known.shares.get(variant_id)
    if shares:
        return sorted(shares.items())
    stocked = sorted(place for variant, place in known.stock if variant == variant_id)
    return [(stocked[0] if stocked else known.default_warehouse, 1.0)]


def _line(row: DemandForecast, share: float, warehouse_id: int, tools: tuple) -> dict[str, Any]:
    known, options, simulator = tools
    variant = known.variants[row.variant_id]
    item = known.items.get(row.variant_id)
    stock = known.stock.get((row.variant_id, warehouse_id), Stock())
    counted = stock.counted and variant.tracks_stock
    cost, margin = _money(variant, item, known.prices.get(variant.pk))
    found = _protection(known.demand[row.variant_id], share, item, (options, simulator))
    return {
        "sku": variant.sku,
        "variant": variant.pk,
        "lead_units": found.lead_units.round(3).tolist(),
        "cycle_units": found.cycle_units.round(3).tolist(),
        "cover_units": found.cover_units.round(3).tolist(),
        "review_mean_units": round(found.review_mean_units, 3),
        "on_hand": stock.on_hand if counted else 0,
        "on_order": stock.on_order,
        "allocated": stock.allocated if counted else 0,
        "moq": item.moq if item else 1,
        "pack_size": item.pack_size if item else 1,
        "unit_cost_minor": cost,
        "unit_margin_minor": margin,
        "assumptions": _assumptions(counted, item, margin, options),
    }


def _protection(
    demand: tuple[np.ndarray, np.ndarray], share: float, item: SupplierItem | None, tools: tuple
) -> Any:
    options, simulator = tools
    mean, quantiles = demand
    if item is None:
        lead, review, sd = options.no_supplier_lead_days, options.no_supplier_review_days, 0.0
    else:
        supplier = item.supplier
        lead, review = item.effective_lead_time_days, supplier.review_period_days
        sd = supplier.lead_time_sd_days
    return simulator.protection(
        (mean * share, quantiles * share),
        lead_time_days=lead,
        review_period_days=review,
        lead_time_sd_days=sd,
        cycle_service_level=options.cycle_service_level,
    )


def _money(
    variant: Variant, item: SupplierItem | None, price_minor: int | None
) -> tuple[int | None, int | None]:
    """Unit cost and margin in the shop's currency; None where either is unknown."""
    cost = variant.cost_minor
    in_shop_currency = item is not None and item.supplier.currency == settings.SHOP_CURRENCY
    if item is not None and in_shop_currency and item.unit_cost_minor is not None:
        cost = item.unit_cost_minor
    if cost is None or price_minor is None:
        return cost, None
    return cost, price_minor - cost


def _assumptions(
    counted: bool, item: SupplierItem | None, margin: int | None, options: PlanOptions
) -> list[dict]:
    found = []
    if not counted:
        found.append(sentence(NEVER_COUNTED))
    if item is None:
        found.append(
            sentence(
                NO_SUPPLIER,
                lead=options.no_supplier_lead_days,
                review=options.no_supplier_review_days,
            )
        )
    if margin is None:
        found.append(sentence(NO_MARGIN))
    return found


def _group(
    supplier: Supplier | None, warehouse: Warehouse, lines: list[dict], options: PlanOptions
) -> Group:
    return Group(
        supplier=supplier,
        warehouse=warehouse,
        review_period_days=supplier.review_period_days
        if supplier
        else options.no_supplier_review_days,
        lead_time_days=supplier.lead_time_days if supplier else options.no_supplier_lead_days,
        lines=sorted(lines, key=lambda line: line["sku"]),
    )
