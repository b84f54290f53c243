"""What the calculations of this app read, as arrays. ORM in, numpy out; nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from inventory.models import LostDemandDay, PurchaseOrderLine, SupplierItem
from inventory.models.purchase_orders import INCOMING
from inventory.ordered_frames import between, ordered
from inventory.planned_frames import extra_units_by_sku_day
from inventory.price_frames import daily_prices
from shop.models import (
    Allocation,
    LineKind,
    ReturnLine,
    StockLevel,
    StockMovement,
    Variant,
)
from shop.services.events.event_rows import among

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.course import Plans
    from inventory.ml.panel import Panel


@dataclass(frozen=True)
class DemandHistory:
    """Demand per SKU and day with what was not demand masked.

    panel:          skus in the order of variant_ids; units per day (n, T), NaN = masked.
    variant_ids:    n database keys.
    returned_units: (n,) units that came back in the same window: beside demand, never netted.
    stockout_days:  (n,) days masked because nothing was available from morning to night.
    planned:        reductions of the H later days that are already set as campaign or flash prices;
                    a flash sale's are told as planned demand (price_frames).
    row_count:      order lines behind it.
    bulk_units:     (n,) units of one-off bulk orders, left out of demand.
    out_days:       (n, T) bool, days without stock from morning to night.
    sold_out:       (n, T) bool, days that ended with an empty shelf.
    asked_price:    (n, T) minor units, the reduced price where a reduction ran; NaN = none yet.
    """

    panel: Panel
    variant_ids: list[int]
    returned_units: np.ndarray
    stockout_days: np.ndarray
    planned: Plans
    row_count: int
    bulk_units: np.ndarray
    out_days: np.ndarray
    sold_out: np.ndarray
    asked_price: np.ndarray


def last_full_day(as_of: datetime) -> date:
    """The last local day that had ended by `as_of`."""
    return timezone.localtime(as_of).date() - timedelta(days=1)


def demand_history(as_of: datetime, *, horizon: int, days: int = 1100) -> DemandHistory | None:
    """Daily demand of every SKU that ever sold, up to the last full day before `as_of`.

    What was ordered (ordered_frames), by local day of the order; three years at most.
    A day on which the whole shop sold nothing although it usually sells many SKUs was a closed
    day and is masked (panel.closed_periods), as are days out of stock and days before a SKU's
    first sale or first stock. What a campaign is measured to have brought is taken out.
    Returns None when there is no sale.
    """
    import numpy as np

    from inventory.ml.course import Plans
    from inventory.ml.panel import Panel, all_periods, closed_periods, mask_not_demand
    from inventory.ml.promoted import price_falls

    until = last_full_day(as_of)
    wanted = ordered(until - timedelta(days=days - 1), until)
    sold = wanted.units
    if not sold:
        return None
    first = min(day for _variant, day in sold)
    periods = all_periods(np.datetime64(first), np.datetime64(until), "D")
    variant_ids = sorted({variant for variant, _day in sold})
    row_of = {variant: row for row, variant in enumerate(variant_ids)}
    shape = (len(variant_ids), len(periods))
    units = np.zeros(shape)
    for (variant, day), count in sold.items():
        units[row_of[variant], (day - first).days] = count
    shelf = _ledger_days(row_of, first, shape)
    out, started = shelf.out, shelf.stocked
    closed = closed_periods(units > 0)
    demand = mask_not_demand(units, (units > 0) | started, closed)
    masked = out & (units == 0) & np.isfinite(demand)
    demand[masked] = np.nan
    demand = np.maximum(demand - extra_units_by_sku_day(variant_ids, first, until, as_of=as_of), 0)
    price, asked, promotion = daily_prices(row_of, first, (shape[1], horizon), as_of=as_of)
    depth = price_falls(price, asked, promotion)
    panel = Panel(
        skus=_skus(variant_ids),
        periods=periods,
        units=demand,
        price=price[:, : shape[1]],
        promotion=promotion[:, : shape[1]],
        promotion_ahead=True,
        groups=categories_of(variant_ids),
        countries=tuple(settings.SHOP_COUNTRIES),
        depth=depth[:, : shape[1]],
    )
    return DemandHistory(
        panel=panel,
        variant_ids=variant_ids,
        returned_units=_returned(row_of, first, until),
        stockout_days=masked.sum(axis=1),
        planned=Plans(promotion[:, shape[1] :], depth[:, shape[1] :]),
        row_count=wanted.row_count,
        bulk_units=np.array([float(wanted.bulk.get(variant, 0)) for variant in variant_ids]),
        out_days=masked,
        sold_out=shelf.sold_out,
        asked_price=asked[:, : shape[1]],
    )


def categories_of(variant_ids: list[int]) -> np.ndarray:
    """(n,) int: SKUs with the same number are of one category; those of none share 0."""
    import numpy as np

    found = dict(Variant.objects.values_list("pk", "product__category_id"))
    return np.array([found[variant] or 0 for variant in variant_ids])


def _skus(variant_ids: list[int]) -> list[str]:
    names = dict(Variant.objects.values_list("pk", "sku"))
    return [names[variant] for variant in variant_ids]


@dataclass(frozen=True)
class SkuDays:
    """One SKU's past for its page: units sold per day, and the days without stock. Oldest first."""

    first: date
    units: list[float]
    out_of_stock: list[bool]


def sku_days(variant_id: int, until: date, *, days: int = 120) -> SkuDays:
    """The last days of one SKU up to and including `until`, in four queries."""
    first = until - timedelta(days=days - 1)
    sold = ordered(first, until, variant_id=variant_id).units
    out = _ledger_days({variant_id: 0}, first, (1, days), variant_id=variant_id).out
    units = [
        float(sold.get((variant_id, first + timedelta(days=number)), 0)) for number in range(days)
    ]
    empty = [bool(flag) and not sold for flag, sold in zip(out[0], units, strict=True)]
    return SkuDays(first, units, empty)


def _returned(row_of: dict[int, int], first: date, until: date) -> np.ndarray:
    import numpy as np

    units = np.zeros(len(row_of))
    found = (
        ReturnLine.objects.filter(
            kind=LineKind.ITEM, **between(first, until, "parent__returned_at")
        )
        .order_by()
        .values_list("variant_id")
        .annotate(total=Sum("units"))
    )
    for variant, total in found:
        if variant in row_of:
            units[row_of[variant]] = total
    return units


@dataclass(frozen=True)
class _Shelf:
    """(n, T) bool each: nothing available from morning to night; nothing in the evening; goods came."""

    out: np.ndarray
    sold_out: np.ndarray
    stocked: np.ndarray


def _ledger_days(
    row_of: dict[int, int],
    first: date,
    shape: tuple[int, int],
    *,
    variant_id: int | None = None,
) -> _Shelf:
    """Available is the running sum of the ledger over all warehouses. Before a SKU's first movement
    nothing is known of its stock, so nothing is masked.
    """
    import numpy as np

    change = np.zeros(shape)
    known_from = np.full(shape[0], shape[1])
    opening = np.zeros(shape[0])
    stocked = np.zeros(shape, dtype=bool)
    for variant, day, delta in _movements(variant_id):
        row = row_of.get(variant)
        column = (day - first).days
        if row is None or column >= shape[1]:
            continue
        known_from[row] = min(known_from[row], max(column, 0))
        if column < 0:
            opening[row] += delta
        else:
            change[row, column] += delta
            stocked[row, column] |= delta > 0
    evening = opening[:, None] + np.cumsum(change, axis=1)
    morning = evening - change
    known = np.arange(shape[1])[None, :] > known_from[:, None]
    return _Shelf(known & (morning <= 0) & (evening <= 0), known & (evening <= 0), stocked)


def _movements(variant_id: int | None) -> Iterator[tuple[int, date, int]]:
    """(variant, local day, change of available), only of SKUs whose stock is kept."""
    kept = StockMovement.objects.filter(variant__tracks_stock=True)
    if variant_id is not None:
        kept = kept.filter(variant_id=variant_id)
    delta = F("on_hand_delta") - F("allocated_delta") - F("reserved_delta") - F("ring_fenced_delta")
    return (
        kept.annotate(day=TruncDate("occurred_at"))
        .order_by()
        .values_list("variant_id", "day")
        .annotate(delta=Sum(delta))
        .iterator()
    )


@dataclass(frozen=True)
class LostDemandPanel:
    """Evidence of demand that met an empty shelf, per SKU and day, all (n, T) in the order asked.

    looks:          people and views in vain; 0 where nobody looked.
    waitlist_units: units that people began to wait for that day.
    searches:       searches without a result whose words name this SKU alone.
    estimated_units, low_units, high_units: what the looks would have sold, with its 0.1 and 0.9
                    quantile; NaN where nothing was counted or the shop has too little to learn from.
    """

    looks: np.ndarray
    waitlist_units: np.ndarray
    searches: np.ndarray
    estimated_units: np.ndarray
    low_units: np.ndarray
    high_units: np.ndarray


def lost_demand_panel(variant_ids: list[int], first: date, last: date) -> LostDemandPanel:
    """What the nights counted for the local days `first` … `last`, both included; one query.

    Each day as the newest night counted it (the last eight weeks are counted again each night, for
    events that came late); days after `last` are not read.
    """
    import numpy as np

    shape = (len(variant_ids), (last - first).days + 1)
    names = ("looks", "waitlist_units", "searches", "estimated_units", "low_units", "high_units")
    panel = {
        name: np.zeros(shape) if name in names[:3] else np.full(shape, np.nan) for name in names
    }
    row_of = {variant: row for row, variant in enumerate(variant_ids)}
    found = LostDemandDay.objects.filter(day__gte=first, day__lte=last)
    for one in found.iterator():
        row = row_of.get(one.variant_id)
        if row is None:
            continue
        for name in names:
            value = getattr(one, name)
            if value is not None:
                panel[name][row, (one.day - first).days] = value
    return LostDemandPanel(**panel)


@dataclass(frozen=True)
class Stock:
    """Units of one SKU in one warehouse as the plan sees them; `counted` = the ledger knows it."""

    on_hand: int = 0
    allocated: int = 0
    on_order: int = 0
    counted: bool = False


def stock_positions(variant_ids: Iterable[int]) -> dict[tuple[int, int], Stock]:
    """(variant, warehouse) → stock, for pairs with a counter or an open order.

    on_order is a sum over the open purchase order lines, never a counter that can go stale.
    Suggested orders are not on order: nobody has agreed to them.
    """
    wanted = set(variant_ids)
    on_order: dict[tuple[int, int], int] = defaultdict(int)
    lines = PurchaseOrderLine.objects.filter(order__state__in=INCOMING, units__gt=0)
    for variant, warehouse, units, received in lines.values_list(
        "variant_id", "order__warehouse_id", "units", "received_units"
    ):
        if variant in wanted:
            on_order[variant, warehouse] += max(units - received, 0)
    found = {}
    levels = StockLevel.objects.filter(variant__tracks_stock=True)
    for variant, warehouse, on_hand, allocated in levels.values_list(
        "variant_id", "warehouse_id", "on_hand", "allocated"
    ):
        if variant in wanted:
            coming = on_order.pop((variant, warehouse), 0)
            found[variant, warehouse] = Stock(on_hand, allocated, coming, counted=True)
    for pair, coming in on_order.items():
        found[pair] = Stock(on_order=coming)
    return found


def warehouse_shares(as_of: datetime, *, days: int = 90) -> dict[int, dict[int, float]]:
    """variant → warehouse → share of its demand; sums to 1. What each warehouse gave to orders of the
    last days, drawn to what the warehouses that keep the SKU give of everything.

    Kits count by their components. What was cancelled counts for nothing, and a SKU that no
    order was promised is not listed.
    """
    from inventory.ml.hierarchy import smoothed_shares

    until = last_full_day(as_of)
    rows = (
        Allocation.objects.filter(
            units__gt=F("cancelled_units"),
            **between(until - timedelta(days=days - 1), until, "order_line__order__placed_at"),
        )
        .order_by()
        .values_list("variant_id", "warehouse_id")
        .annotate(total=Sum(F("units") - F("cancelled_units")))
    )
    units: dict[int, dict[int, int]] = defaultdict(dict)
    for variant, warehouse, total in rows:
        units[variant][warehouse] = total
    kept = StockLevel.objects.filter(variant__in=among(units), on_hand__gt=0)
    for variant, warehouse in kept.values_list("variant_id", "warehouse_id"):
        units[variant].setdefault(warehouse, 0)
    return smoothed_shares(units)


def preferred_items(variant_ids: Iterable[int]) -> dict[int, SupplierItem]:
    """variant → the item of its preferred supplier, where that one is active."""
    items = SupplierItem.objects.filter(is_preferred=True, supplier__is_active=True)
    wanted = set(variant_ids)
    return {
        item.variant_id: item
        for item in items.select_related("supplier")
        if item.variant_id in wanted
    }


def open_variants(variant_ids: Iterable[int]) -> dict[int, Any]:
    """variant → row, of those that are still on sale: nobody reorders what is delisted."""
    wanted = set(variant_ids)
    return {row.pk: row for row in Variant.objects.on_sale() if row.pk in wanted}
