"""Goods in, goods promised, goods out. Every verb takes a key: twice equals once.

Rules in prose: docs/ledgers.md. Raises StockError with a sentence for the merchant.
"""

from __future__ import annotations

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import MovementKind, StockLevel, StockMovement, Variant, Warehouse
from shop.services.movements import (
    TRIES,
    Change,
    CountBelowPromisedError,
    InsufficientStockError,
    StockBusyError,
    StockError,
    StockKeyReusedError,
    post,
)
from shop.services.reservations import (
    ReservationClosedError,
    expire_due_reservations,
    extend,
    release,
    release_cart,
    reserve,
    reserve_wish,
)
from shop.services.reserve_together import SaleStoppedError, SkuUnknownError, Wish
from shop.services.warehouses import OutOfStockError, Piece, Shortage, available, plan_pieces


def receive(
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    key: str,
    reference: str = "",
    by: Any = None,
) -> StockMovement:
    """Goods arrived."""
    return _post(
        variant,
        warehouse,
        MovementKind.RECEIVE,
        key,
        on_hand=_positive(units),
        reference=reference,
        by=by,
    )


def adjust(
    variant: Variant,
    delta_units: int,
    *,
    warehouse: Warehouse,
    key: str,
    reason: str,
    by: Any = None,
) -> StockMovement:
    """Found, broken, stolen: up or down, with the reason that the ledger keeps."""
    if not reason.strip():
        raise StockError(_("An adjustment needs a reason."))
    if not delta_units:
        raise StockError(_("An adjustment of 0 units changes nothing."))
    return _post(
        variant, warehouse, MovementKind.ADJUST, key, on_hand=delta_units, reason=reason, by=by
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
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    key: str,
    reference: str = "",
    by: Any = None,
) -> StockMovement:
    """Promise units to an order."""
    return _post(
        variant,
        warehouse,
        MovementKind.ALLOCATE,
        key,
        allocated=_positive(units),
        reference=reference,
        by=by,
    )


def cancel_allocation(
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    key: str,
    reference: str = "",
    by: Any = None,
) -> StockMovement:
    """The order will not ship: its units may be promised again."""
    return _post(
        variant,
        warehouse,
        MovementKind.CANCEL,
        key,
        allocated=-_positive(units),
        reference=reference,
        by=by,
    )


def consume(
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    key: str,
    reference: str = "",
    by: Any = None,
) -> StockMovement:
    """Allocated units left the warehouse."""
    return _post(
        variant,
        warehouse,
        MovementKind.CONSUME,
        key,
        on_hand=-_positive(units),
        allocated=-units,
        reference=reference,
        by=by,
    )


def return_to_stock(
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    key: str,
    reference: str = "",
    by: Any = None,
) -> StockMovement:
    """Goods came back and can be sold again."""
    return _post(
        variant,
        warehouse,
        MovementKind.RETURN,
        key,
        on_hand=_positive(units),
        reference=reference,
        by=by,
    )


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
    "CountBelowPromisedError",
    "InsufficientStockError",
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
