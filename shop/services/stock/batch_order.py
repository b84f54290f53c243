"""Which batch the goods are taken from: first expired, first out.

Read behind the lock of the level's row, so that nobody else moves its batches meanwhile.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Sum
from django.utils import timezone

from shop.models import Batch, RingFence, StockLevel

EXPIRED = "expired:"  # how the purpose of a fence around expired units begins


class BatchPiece(NamedTuple):
    """Units from one batch; from the goods without a batch where it is None."""

    batch_id: int | None
    units: int


def shop_today() -> date:
    """The date in the shop's own time zone, whatever the reader's is."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def sold_until(expires_on: date, min_shelf_life_days: int) -> date:
    """The last day on which units may be sold that expire after `expires_on`."""
    return expires_on - timedelta(days=min_shelf_life_days)


def pieces_to_sell(level: StockLevel, units: int, *, batch_id: int | None) -> list[BatchPiece]:
    """At most `units` that may leave for a customer, in this order:

    batches whose date is near before those whose date is far, batches without a date in the order
    of their arrival, goods without a batch, and last what is promised and near its date: it could
    not be set aside. Expired units never.
    """
    today = shop_today()
    first: list[BatchPiece] = []
    last: list[BatchPiece] = []
    for batch, free in _free(level, batch_id):
        if batch.expires_on is None or batch.expires_on >= today:
            days = batch.variant.min_shelf_life_days
            fresh = batch.expires_on is None or sold_until(batch.expires_on, days) >= today
            (first if fresh else last).append(BatchPiece(batch.pk, free))
    return _take([*first, *_unbatched(level, batch_id), *last], units)


def pieces_to_lose(level: StockLevel, units: int, *, batch_id: int | None) -> list[BatchPiece]:
    """At most `units` that are broken, stolen or not found: goods without a batch first."""
    batches = [BatchPiece(batch.pk, free) for batch, free in _free(level, batch_id)]
    return _take([*_unbatched(level, batch_id), *batches], units)


def set_aside_units(variant_id: int, warehouse_id: int) -> dict[str, int]:
    """Expired units behind a fence, by the code of their batch."""
    fences = RingFence.objects.filter(
        variant=variant_id, warehouse=warehouse_id, purpose__startswith=EXPIRED, units_left__gt=0
    )
    rows = fences.order_by().values_list("purpose").annotate(units=Sum("units_left"))
    return {purpose.removeprefix(EXPIRED): units for purpose, units in rows}


def _free(level: StockLevel, batch_id: int | None) -> list[tuple[Batch, int]]:
    """The level's batches with what is not set aside of each, first expired first."""
    held = Batch.objects.filter(variant=level.variant_id, warehouse=level.warehouse_id)
    batches = list(held.filter(on_hand__gt=0).select_related("variant"))
    if batch_id is not None:
        batches = [batch for batch in batches if batch.pk == batch_id]
    aside = set_aside_units(level.variant_id, level.warehouse_id) if batches else {}
    batches.sort(key=lambda one: (one.expires_on or date.max, one.received_at, one.pk))
    return [(batch, batch.on_hand - aside.get(batch.code, 0)) for batch in batches]


def _unbatched(level: StockLevel, batch_id: int | None) -> list[BatchPiece]:
    if batch_id is not None:
        return []
    held = Batch.objects.filter(variant=level.variant_id, warehouse=level.warehouse_id)
    batched = held.aggregate(units=Sum("on_hand"))["units"] or 0
    return [BatchPiece(None, level.on_hand - batched)]


def _take(offers: list[BatchPiece], units: int) -> list[BatchPiece]:
    taken = []
    for offer in offers:
        part = min(offer.units, units)
        if part > 0:
            taken.append(BatchPiece(offer.batch_id, part))
            units -= part
    return taken
