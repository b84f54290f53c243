"""Goods in, goods promised, goods out. Every verb takes a key: twice equals once.

Rules in prose: docs/ledgers.md. Raises StockError with a sentence for the merchant.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypedDict, Unpack

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import MovementKind, StockLevel, StockMovement, Variant, Warehouse
from shop.services.stock.batches import BatchError, batch_named, open_batch
from shop.services.stock.kits import KitNotCountedError, refuse_kit
from shop.services.stock.movements import (
    TRIES,
    Change,
    CountBelowPromisedError,
    ExpiredStockError,
    InsufficientStockError,
    StockBusyError,
    StockError,
    StockKeyReusedError,
    post,
)
from shop.services.stock.reservations import (
    ReservationClosedError,
    expire_due_reservations,
    extend,
    release,
    release_cart,
    reserve,
    reserve_wish,
)
from shop.services.stock.reserve_together import SaleStoppedError, SkuUnknownError, Wish
from shop.services.stock.warehouses import OutOfStockError, Piece, Shortage, available, plan_pieces


class Note(TypedDict, total=False):
    """What the ledger keeps beside the units."""

    reference: str
    reason: str
    by: Any


def receive(
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    key: str,
    batch: str = "",
    expires_on: date | None = None,
    **note: Unpack[Note],
) -> StockMovement:
    """Goods arrived; with a code they belong to that batch, which is opened if it is new."""
    _positive(units)
    refuse_kit(variant)
    if expires_on is not None and not batch:
        raise BatchError(_("An expiry date belongs to a batch: name its code."))
    if StockMovement.objects.filter(key=key).exists():
        expires_on = None  # said once already; the date may have been corrected since
    goods = open_batch(variant, warehouse, batch, expires_on) if batch else None
    batch_id = goods.pk if goods else None
    return _post(
        variant, warehouse, MovementKind.RECEIVE, key, on_hand=units, batch_id=batch_id, **note
    )


def adjust(
    variant: Variant,
    delta_units: int,
    *,
    warehouse: Warehouse,
    key: str,
    batch: str = "",
    **note: Unpack[Note],
) -> StockMovement:
    """Found, broken, stolen: up or down, with the reason that the ledger keeps.

    Down without a batch: goods without one go first, then the batches, first expired first.
    """
    if not note.get("reason", "").strip():
        raise StockError(_("An adjustment needs a reason."))
    if not delta_units:
        raise StockError(_("An adjustment of 0 units changes nothing."))
    refuse_kit(variant)
    batch_id = _batch_id(variant, warehouse, batch)
    return _post(
        variant, warehouse, MovementKind.ADJUST, key, on_hand=delta_units, batch_id=batch_id, **note
    )


def count_stock(
    variant: Variant,
    counted_units: int,
    *,
    warehouse: Warehouse,
    key: str,
    reason: str = "",
    by: Any = None,
) -> StockMovement:
    """Set on hand to what was counted; the movement holds the difference, also when it is 0.

    Raises CountBelowPromisedError when less was counted than orders and carts were promised.
    """
    if counted_units < 0:
        raise StockError(_("A count is not negative."))
    refuse_kit(variant)
    for _try in range(TRIES):
        seen = _level_or_nothing(variant, warehouse)
        _count_covers_promises(counted_units, seen, key)
        try:
            return _post(
                variant,
                warehouse,
                MovementKind.COUNT,
                key,
                on_hand=counted_units - seen.on_hand,
                seen_on_hand=seen.on_hand,
                reason=reason,
                by=by,
            )
        except InsufficientStockError:
            continue  # it moved between reading and writing: read again
    raise StockBusyError(_("The stock is moving too fast to be counted now."))


def allocate(
    variant: Variant, units: int, *, warehouse: Warehouse, key: str, **note: Unpack[Note]
) -> StockMovement:
    """Promise units to an order."""
    _positive(units)
    return _post(variant, warehouse, MovementKind.ALLOCATE, key, allocated=units, **note)


def cancel_allocation(
    variant: Variant, units: int, *, warehouse: Warehouse, key: str, **note: Unpack[Note]
) -> StockMovement:
    """The order will not ship: its units may be promised again."""
    _positive(units)
    return _post(variant, warehouse, MovementKind.CANCEL, key, allocated=-units, **note)


def consume(
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    key: str,
    batch: str = "",
    **note: Unpack[Note],
) -> StockMovement:
    """Allocated units left the warehouse: from the batch that was named, else first expired first.

    Raises ExpiredStockError when nothing else is left than what is expired or set aside.
    """
    fields = {
        "on_hand": -_positive(units),
        "allocated": -units,
        "batch_id": _batch_id(variant, warehouse, batch),
    }
    return _post(variant, warehouse, MovementKind.CONSUME, key, **fields, **note)


def return_to_stock(
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    key: str,
    batch: str = "",
    **note: Unpack[Note],
) -> StockMovement:
    """Goods came back and can be sold again; with a code they go back into that batch."""
    _positive(units)
    batch_id = _batch_id(variant, warehouse, batch)
    return _post(
        variant, warehouse, MovementKind.RETURN, key, on_hand=units, batch_id=batch_id, **note
    )


def _batch_id(variant: Variant, warehouse: Warehouse, code: str) -> int | None:
    found = batch_named(variant, warehouse, code)
    return found.pk if found else None


def _post(
    variant: Variant, warehouse: Warehouse, kind: str, key: str, **fields: Any
) -> StockMovement:
    return post(Change(variant.pk, warehouse.pk, kind, key, **fields))


def _positive(units: int) -> int:
    if units <= 0:
        raise StockError(_("The number of units must be above zero."))
    return units


def _level_or_nothing(variant: Variant, warehouse: Warehouse) -> StockLevel:
    found = StockLevel.objects.filter(variant=variant, warehouse=warehouse).first()
    return found or StockLevel(variant=variant, warehouse=warehouse)


def _count_covers_promises(counted_units: int, seen: StockLevel, key: str) -> None:
    promised = seen.on_hand - seen.available
    posted_before = counted_units < promised and StockMovement.objects.filter(key=key).exists()
    if counted_units < promised and not posted_before:
        raise CountBelowPromisedError(
            format_lazy(
                _("{promised} units are promised to orders and carts, but {counted} were counted."),
                promised=promised,
                counted=counted_units,
            )
        )


__all__ = [
    "BatchError",
    "CountBelowPromisedError",
    "ExpiredStockError",
    "InsufficientStockError",
    "KitNotCountedError",
    "OutOfStockError",
    "Piece",
    "ReservationClosedError",
    "SaleStoppedError",
    "Shortage",
    "SkuUnknownError",
    "StockBusyError",
    "StockError",
    "StockKeyReusedError",
    "Wish",
    "adjust",
    "allocate",
    "available",
    "cancel_allocation",
    "consume",
    "count_stock",
    "expire_due_reservations",
    "extend",
    "plan_pieces",
    "receive",
    "release",
    "release_cart",
    "reserve",
    "reserve_wish",
    "return_to_stock",
]
