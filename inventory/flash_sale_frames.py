"""What flash sales are judged, foreseen and counted by: hours, prices, stock, what was sold."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Sum
from django.utils import timezone

from inventory.models import FlashSale, FlashSaleLine, PlannedUnits
from shop.models import (
    MovementKind,
    OrderLine,
    Price,
    PriceKind,
    Reservation,
    RingFence,
    StockLevel,
    StockMovement,
)
from shop.models.orders import SOLD_UNITS, given_up_minor
from shop.services.prior_prices import reduction_among, reductions_of

if TYPE_CHECKING:
    from inventory.ml.sale_response import MeasuredSale

MOST_SALES = 40  # measured ones that are looked at, the newest
DAY = timedelta(days=1)


def day_shares(starts_at: datetime, ends_at: datetime) -> list[float]:
    """How much of each local day, 0 to 1, lies in a window; the first day of it first.

    A day is as long as it is: 23 or 25 hours where the clocks change.
    """
    day, last = (timezone.localtime(one).date() for one in (starts_at, ends_at))
    found = []
    while day <= last:
        begin, end = midnight(day), midnight(day + DAY)
        inside = min(end, ends_at) - max(begin, starts_at)
        if inside > timedelta(0):
            found.append(round(inside / (end - begin), 6))
        day += DAY
    return found


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def measured_sales(exclude: int | None = None) -> list[MeasuredSale]:
    """Of each earlier sale whose effect is measured: flash sales, and campaigns whose SKUs were
    reduced as they began; the newest 40. What was not reduced says nothing of a price."""
    rows = (
        PlannedUnits.objects.filter(
            source__measured_at__isnull=False, effect_units__isnull=False, base_units__gt=0
        )
        .exclude(source__kind="flash_sale", source__source_id=str(exclude))
        .select_related("source")
        .order_by("-source__ends_on", "-source_id", "variant_id")
    )
    sources: dict[int, list[PlannedUnits]] = {}
    for row in rows[: MOST_SALES * 50]:
        if row.source_id in sources or len(sources) < MOST_SALES:
            sources.setdefault(row.source_id, []).append(row)
    sales = _flash_sales(sources.values())
    found = [_measured(items, sales) for items in sources.values()]
    return [one for one in found if one is not None]


def _flash_sales(sources: Iterable[list[PlannedUnits]]) -> dict[str, FlashSale]:
    names = [items[0].source for items in sources]
    keys = [one.source_id for one in names if one.kind == "flash_sale"]
    numbers = [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 18]
    rows = FlashSale.objects.filter(pk__in=numbers)
    return {str(row.pk): row for row in rows.prefetch_related("lines")}


def _measured(items: list[PlannedUnits], sales: dict[str, FlashSale]) -> MeasuredSale | None:
    """One sale over its SKUs: rate, error and depth weighed by what sells anyway."""
    from inventory.ml.planned_units import LEVEL_Z
    from inventory.ml.sale_response import MeasuredSale

    source = items[0].source
    sale = sales.get(source.source_id) if source.kind == "flash_sale" else None
    depths = _depths(sale) if sale else _depths_of_day(source.starts_on, items)
    ran = 1.0
    if sale:
        shares = day_shares(sale.starts_at, sale.sells_until)
        ran = sum(shares) / len(shares) if shares else 0.0
    base = effect = variance = depth = 0.0
    for item in items:
        low, high = item.effect_low_units, item.effect_high_units
        if item.variant_id not in depths or low is None or high is None:
            continue
        own = (item.base_units or 0.0) * ran
        base += own
        effect += item.effect_units or 0.0
        variance += ((high - low) / (2 * LEVEL_Z)) ** 2
        depth += own * depths[item.variant_id]
    if base <= 0 or variance <= 0:
        return None
    return MeasuredSale(effect / base, math.sqrt(variance) / base, depth / base)


def _depths(sale: FlashSale) -> dict[int, float]:
    return {
        line.variant_id: math.log(line.before_minor / line.price_minor)
        for line in sale.lines.all()
        if line.before_minor and line.price_minor
    }


def _depths_of_day(day: date, items: list[PlannedUnits]) -> dict[int, float]:
    """Of a campaign: how far its SKUs were reduced at noon of its first day."""
    found = reductions_of([item.variant_id for item in items], midnight(day) + DAY / 2)
    return {
        variant: math.log(one.prior_amount_minor / one.price.amount_minor)
        for variant, one in found.items()
        if one.price.amount_minor
    }


def cannot_be_struck_through(prices: dict[int, int], starts_at: datetime) -> set[int]:
    """SKUs that were asked for as little within the prior-price window before a moment.

    prices: SKU → flash price. As the ledger will say it: the row that would be written stands among
    those that are there already. One query.
    """
    rows: dict[int, list[Price]] = defaultdict(list)
    before = Price.objects.filter(
        variant__in=list(prices), channel__isnull=True, valid_from__lte=starts_at
    )
    for row in before.order_by("valid_from", "pk"):
        rows[row.variant_id].append(row)
    found = set()
    for variant, amount in prices.items():
        currency = rows[variant][-1].currency if rows[variant] else ""
        wanted = Price(
            variant_id=variant,
            kind=PriceKind.FLASH,
            amount_minor=amount,
            currency=currency,
            valid_from=starts_at,
            valid_until=starts_at + DAY,
        )
        if reduction_among([*rows[variant], wanted], starts_at) is None:
            found.add(variant)
    return found


def available_units(lines: Iterable[FlashSaleLine]) -> dict[tuple[int, int], int]:
    """(SKU, warehouse) → what may still be set aside there; pairs without a counter are absent."""
    levels = StockLevel.objects.filter(variant__in={line.variant_id for line in lines})
    return {(level.variant_id, level.warehouse_id): level.available for level in levels}


def other_flash_prices(sale: FlashSale, variants: Collection[int]) -> dict[int, Price]:
    """SKU → a flash price of somebody else that stands at some moment of the sale's window."""
    rows = (
        Price.objects.ever_asked()
        .filter(
            variant__in=variants,
            kind=PriceKind.FLASH,
            valid_from__lt=sale.ends_at,
            valid_until__gt=sale.starts_at,
        )
        .exclude(source=sale.purpose)
    )
    return {row.variant_id: row for row in rows.order_by("-valid_from", "-pk")}


@dataclass(frozen=True)
class Sold:
    """Everything of a SKU that was ordered in the window and stands, from the quota or not."""

    units: int = 0
    revenue_minor: int = 0


def sold_in(sale: FlashSale, variants: Collection[int]) -> dict[int, Sold]:
    """SKU → sold while the sale ran, less what was cancelled; discounts of whole orders are off."""
    rows = (
        OrderLine.objects.sold()
        .filter(
            variant__in=variants,
            order__placed_at__gte=sale.starts_at,
            order__placed_at__lt=sale.sells_until,
        )
        .order_by()
        .values_list("variant_id")
        .annotate(
            sold=Sum(SOLD_UNITS),
            minor=Sum(F("total_minor") - F("discount_minor") - given_up_minor()),
        )
    )
    return {variant: Sold(units, money) for variant, units, money in rows}


@dataclass(frozen=True)
class Quota:
    """left: not sold, still set aside or given back by now; in_carts: held by a cart, not ordered."""

    units: int
    left: int
    in_carts: int


def quotas_of(sale: FlashSale) -> dict[tuple[int, int], Quota]:
    """(SKU, warehouse) → its fence. Three queries."""
    fences = list(RingFence.objects.filter(**sale.its_fences))
    held = Reservation.objects.filter(
        ring_fence__in=[fence.pk for fence in fences], state=Reservation.State.HELD
    )
    in_carts = dict(held.order_by().values_list("ring_fence_id").annotate(units=Sum("units")))
    back = StockMovement.objects.filter(
        ring_fence__in=[fence.pk for fence in fences], kind=MovementKind.UNFENCE
    )
    given_back = dict(
        back.order_by().values_list("ring_fence_id").annotate(units=-Sum("ring_fenced_delta"))
    )
    return {
        (fence.variant_id, fence.warehouse_id): Quota(
            fence.units,
            fence.units_left + given_back.get(fence.pk, 0),
            in_carts.get(fence.pk, 0),
        )
        for fence in fences
    }
