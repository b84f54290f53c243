"""What the plan knows of each SKU and warehouse, gathered for the pure computation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_noop

from decisions.text import sentence
from inventory.frames import (
    Stock,
    open_variants,
    stock_positions,
)
from inventory.lead_time_frames import newest_lead_times
from inventory.models import DemandForecast, LeadTimeEstimate, Supplier, SupplierItem
from inventory.services.forecasts import day_correlation
from inventory.services.planned_demand import with_planned
from inventory.services.targets import Service, service_by_class
from inventory.services.warehouse_forecasts import Shares, planned_by_warehouse, stored_shares
from shop.models import Variant, Warehouse
from shop.services.events.event_rows import among
from shop.services.prices import prices_at

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.lead_time import LeadDays, LeadTimeSimulator

NEVER_COUNTED = gettext_noop(
    "No stock count was ever recorded; the plan assumes 0 on hand: count it first."
)
NO_SUPPLIER = gettext_noop(
    "No supplier is known; the plan assumes %(lead)s days of lead time and a review every "
    "%(review)s days: choose a supplier."
)
PROMISED_ONLY = gettext_noop(
    "No delivery of this supplier was ever received; the plan trusts the promised %(days)s days."
)
NO_MARGIN = gettext_noop("Its cost or its price is unknown, so the order shows no money for it.")


@dataclass(frozen=True)
class PlanOptions:
    """Where each number comes from stands in docs/plan.md.

    weeks: how far the plan looks; further where a supplier takes longer.
    no_supplier_lead_days, no_supplier_review_days: assumed, and said so, where nobody is known.
    """

    weeks: int = 12
    holding_rate: float = 0.2
    no_supplier_lead_days: int = 14
    no_supplier_review_days: int = 7


@dataclass(frozen=True)
class Offer:
    """One way to get a SKU: supplier item (None = no supplier yet) and how long it takes."""

    item: SupplierItem | None
    lead: LeadDays
    review_period_days: int
    unit_cost_minor: int | None
    is_learned: bool

    @property
    def supplier(self) -> Supplier | None:
        return self.item.supplier if self.item else None


@dataclass(frozen=True)
class Candidate:
    """One SKU in one warehouse with the ways to get it, the usual one first.

    position: on hand + on order − allocated. price_minor: what it sells for, None = unknown.
    demand: mean (days,) and quantiles (days, 9) of this warehouse's share.
    """

    variant: Variant
    warehouse: Warehouse
    offers: list[Offer]
    stock: Stock
    counted: bool
    price_minor: int | None
    demand: tuple[np.ndarray, np.ndarray]
    service: Service

    @property
    def position(self) -> int:
        return self.stock.on_hand + self.stock.on_order - self.stock.allocated


@dataclass(frozen=True)
class Gathered:
    """Everything that the plan reads: candidates in the order of SKU and warehouse."""

    candidates: list[Candidate]
    simulator: LeadTimeSimulator
    weeks: int
    options: PlanOptions


@dataclass(frozen=True)
class _Known:
    """All reads of one plan, each a constant number of queries."""

    variants: dict[int, Variant]
    offers: dict[int, list[Offer]]
    stock: dict[tuple[int, int], Stock]
    shares: Shares
    prices: dict[int, int]
    demand: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]
    services: dict[int, Service]
    warehouses: dict[int, Warehouse]


def gather(
    forecasts: list[DemandForecast], as_of: datetime, options: PlanOptions, *, seed: int
) -> Gathered:
    from inventory.ml.lead_time import LeadTimeSimulator

    variants = open_variants([row.variant_id for row in forecasts])
    rows = [row for row in forecasts if row.variant_id in variants]
    offers = _offers(variants, options)
    weeks = _weeks(offers, options)
    run = next((row.model_run for row in rows if row.model_run_id), None)
    correlation = day_correlation(run)
    known = _read(rows, as_of, (variants, offers, weeks), correlation)
    simulator = LeadTimeSimulator(_days(offers, weeks), correlation=correlation, seed=seed)
    candidates = [
        _candidate(known, pk, place) for pk in variants for place in sorted(known.shares[pk])
    ]
    candidates.sort(key=lambda one: (one.variant.sku, one.warehouse.code))
    return Gathered(candidates, simulator, weeks, options)


def _offers(variants: dict[int, Variant], options: PlanOptions) -> dict[int, list[Offer]]:
    """variant → the preferred supplier first, then those that the plan may also ask."""
    learned = newest_lead_times()
    items = SupplierItem.objects.filter(supplier__is_active=True, variant__in=among(variants))
    found: dict[int, list[Offer]] = {pk: [] for pk in variants}
    rows = items.select_related("supplier").prefetch_related("price_breaks")
    for item in rows.order_by("-is_preferred", "supplier__code"):
        if item.is_preferred or (item.is_alternative and found[item.variant_id]):
            found[item.variant_id].append(_offer(item, variants[item.variant_id], learned))
    for offers in found.values():
        if not offers:
            offers.append(_nobody(options))
    for pk, offers in found.items():
        if offers[0].item is None and variants[pk].cost_minor is not None:
            offers[0] = replace(offers[0], unit_cost_minor=variants[pk].cost_minor)
    return found


def _offer(
    item: SupplierItem, variant: Variant, learned: dict[tuple[int, int | None], LeadTimeEstimate]
) -> Offer:
    import numpy as np

    from inventory.ml.lead_time import LeadDays

    supplier = item.supplier
    seen = learned.get((supplier.pk, variant.pk)) or learned.get((supplier.pk, None))
    cost = variant.cost_minor
    if supplier.currency == settings.SHOP_CURRENCY and item.unit_cost_minor is not None:
        cost = item.unit_cost_minor
    if seen is None:
        lead = LeadDays(item.effective_lead_time_days, supplier.lead_time_sd_days)
    else:
        lead = LeadDays(round(seen.mean_days), 0.0, np.array(seen.quantile_days))
    return Offer(item, lead, supplier.review_period_days, cost, seen is not None)


def _nobody(options: PlanOptions) -> Offer:
    from inventory.ml.lead_time import LeadDays

    lead = LeadDays(options.no_supplier_lead_days)
    return Offer(None, lead, options.no_supplier_review_days, None, False)


def _weeks(offers: dict[int, list[Offer]], options: PlanOptions) -> int:
    """So many that every supplier can deliver and be asked again within them."""
    longest = max((one.lead.weeks for ways in offers.values() for one in ways), default=0)
    return max(options.weeks, longest + 4)


def _days(offers: dict[int, list[Offer]], weeks: int) -> int:
    ways = [one for found in offers.values() for one in found]
    longest = max((one.lead.longest_days for one in ways), default=0)
    review = max((one.review_period_days for one in ways), default=7)
    return max(7 * weeks + longest, longest + 2 * review) + 1


def _read(rows: list[DemandForecast], as_of: datetime, found: tuple, correlation: float) -> _Known:
    variants, offers, weeks = found
    prices = {
        variant: row.amount_minor
        for variant, row in prices_at(list(variants), as_of).items()
        if row.currency == settings.SHOP_CURRENCY
    }
    days, stock = _days(offers, weeks), stock_positions(variants)
    shares = stored_shares(rows, as_of, stock)
    return _Known(
        variants=variants,
        offers=offers,
        stock=stock,
        shares=shares,
        prices=prices,
        demand=planned_by_warehouse(rows, days, shares),
        services=_services(with_planned(rows, days), prices, correlation),
        warehouses={place.pk: place for place in Warehouse.objects.all()},
    )


def _services(
    demand: dict[int, tuple[np.ndarray, np.ndarray]], prices: dict[int, int], correlation: float
) -> dict[int, Service]:
    """variant → what its class is promised. The class: four weeks of forecast sales and a week's sd."""
    import numpy as np

    from inventory.ml.policy import abc_xyz

    services = service_by_class()
    order = sorted(demand)
    money, variation = [], []
    for pk in order:
        mean, quantiles = demand[pk]
        week, low, high = mean[:28].mean() * 7, quantiles[:28, 0].mean(), quantiles[:28, -1].mean()
        sd = (high - low) / 2.563 * np.sqrt(7 * (1 + 6 * correlation))
        # A slow mover's quantiles are 0 most days: at least the scatter of arrivals by chance.
        sd = max(sd, np.sqrt(week))
        money.append(week * 4 * prices.get(pk, np.nan))
        variation.append(sd / week if week > 0 else np.nan)
    names = abc_xyz(np.array(money), np.array(variation)) if order else []
    return {pk: services[name] for pk, name in zip(order, names, strict=True)}


def _candidate(known: _Known, variant_id: int, place: int) -> Candidate:
    variant = known.variants[variant_id]
    stock = known.stock.get((variant_id, place), Stock())
    counted = stock.counted and variant.tracks_stock
    return Candidate(
        variant=variant,
        warehouse=known.warehouses[place],
        offers=known.offers[variant_id],
        stock=stock if counted else Stock(on_order=stock.on_order),
        counted=counted,
        price_minor=known.prices.get(variant_id),
        demand=known.demand[variant_id, place],
        service=known.services[variant_id],
    )


def line_of(one: Candidate, offer: Offer, gathered: Gathered) -> dict[str, Any]:
    """What the receipt keeps of one SKU: enough to compute its money again."""
    from inventory.ml.lead_time import Target

    service = one.service
    target = Target(offer.review_period_days, service.cycle_service_level, service.fill_rate)
    found = gathered.simulator.protect(one.demand, offer.lead, target)
    item, cost = offer.item, offer.unit_cost_minor
    margin = None if cost is None or one.price_minor is None else one.price_minor - cost
    return {
        "sku": one.variant.sku,
        "variant": one.variant.pk,
        "lead_units": found.lead_units.round(3).tolist(),
        "cycle_units": found.cycle_units.round(3).tolist(),
        "cover_units": found.cover_units.round(3).tolist(),
        "review_mean_units": round(found.review_mean_units, 3),
        "on_hand": one.stock.on_hand,
        "on_order": one.stock.on_order,
        "allocated": one.stock.allocated,
        "moq": item.moq if item else 1,
        "pack_size": item.pack_size if item else 1,
        "unit_cost_minor": cost,
        "unit_margin_minor": margin,
        "service_class": service.name,
        "cycle_service_level": round(found.level, 4),
        "holding_rate": service.holding_rate,
        "assumptions": _assumptions(one, offer, gathered.options, known=margin is not None),
    }


def _assumptions(one: Candidate, offer: Offer, options: PlanOptions, *, known: bool) -> list[dict]:
    found = []
    if not one.counted:
        found.append(sentence(NEVER_COUNTED))
    if offer.item is None:
        found.append(
            sentence(
                NO_SUPPLIER,
                lead=options.no_supplier_lead_days,
                review=options.no_supplier_review_days,
            )
        )
    elif not offer.is_learned:
        found.append(sentence(PROMISED_ONLY, days=offer.lead.usual_days))
    if not known:
        found.append(sentence(NO_MARGIN))
    return found
