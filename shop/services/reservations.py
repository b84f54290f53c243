"""Units held for a cart until a time. A reservation is closed once: released, ordered or expired."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import MovementKind, Reservation, Variant
from shop.services.movements import (
    Change,
    StockError,
    StockKeyReusedError,
    in_lock_order,
    post,
    until_it_fits,
)
from shop.services.warehouses import plan_pieces

HELD_FOR = timedelta(minutes=15)


class ReservationClosedError(StockError):
    """The reservation was ordered, released or expired before."""


def reserve(
    variant: Variant,
    units: int,
    *,
    cart: str,
    key: str,
    expires_at: datetime | None = None,
    by: Any = None,
) -> list[Reservation]:
    """Hold units for a cart: one row for each warehouse that gives some; all units or none.

    A variant that is not counted needs no reservation and gets none. Raises OutOfStockError, or
    StockKeyReusedError when the key stands for another reservation.
    """
    if units <= 0:
        raise StockError(_("The number of units must be above zero."))
    if not variant.tracks_stock:
        return []
    ends_at = expires_at or timezone.now() + HELD_FOR
    try:
        return until_it_fits(partial(_reserve_once, variant, units, cart, key, ends_at, by))
    except IntegrityError:
        first = _reserved_under(key, variant, units, cart)  # a rival with the same key was faster
        if not first:
            raise
        return first


def extend(cart: str, until: datetime) -> int:
    """Hold a cart's open reservations until later; never shortens. Returns how many were open."""
    held = Reservation.objects.filter(cart=cart, state=Reservation.State.HELD)
    held.filter(expires_at__lt=until).update(expires_at=until)
    return held.count()


def release(reservation: Reservation) -> Reservation:
    """Give the units back. Released or expired before: nothing to do.

    Raises ReservationClosedError when they were ordered.
    """
    state = Reservation.State
    if not _close(reservation, state.RELEASED, MovementKind.RELEASE):
        reservation.refresh_from_db(fields=["state"])
        if reservation.state == state.ORDERED:
            raise ReservationClosedError(_("These units were ordered; cancel the order instead."))
    return reservation


def release_cart(cart: str, *, sku: str = "") -> int:
    """Give back whatever a cart still holds (of one SKU). Returns how many rows were closed."""
    held = Reservation.objects.filter(cart=cart, state=Reservation.State.HELD).order_by("pk")
    if sku:
        held = held.filter(variant__sku=sku)
    return sum(
        _close(reservation, Reservation.State.RELEASED, MovementKind.RELEASE)
        for reservation in held
    )


def expire_due_reservations(at: datetime | None = None, limit: int = 500) -> int:
    """Give back what carts held for too long. One short transaction each, oldest first."""
    at = at or timezone.now()
    due = Reservation.objects.filter(state=Reservation.State.HELD, expires_at__lte=at)
    return sum(
        _close(reservation, Reservation.State.EXPIRED, MovementKind.EXPIRE, due_at=at)
        for reservation in list(due.order_by("expires_at", "pk")[:limit])
    )


def mark_ordered(cart: str, wanted_units: dict[int, int]) -> list[Reservation]:
    """Claim a cart's open reservations of these variants for an order, inside its transaction.

    Only the rows change here: the caller turns reserved into allocated. Ordered by primary key.
    """
    held = Reservation.objects.filter(
        cart=cart, state=Reservation.State.HELD, variant__in=wanted_units
    )
    return [
        reservation
        for reservation in held.order_by("pk")
        if Reservation.objects.filter(pk=reservation.pk, state=Reservation.State.HELD).update(
            state=Reservation.State.ORDERED
        )
    ]


def _reserve_once(
    variant: Variant, units: int, cart: str, key: str, ends_at: datetime, by: Any
) -> list[Reservation]:
    if first := _reserved_under(key, variant, units, cart):
        return first
    reservations = [
        Reservation.objects.create(
            variant=variant,
            warehouse_id=piece.warehouse_id,
            cart=cart,
            units=piece.units,
            key=key if number == 0 else f"{key}#{number}",
            expires_at=ends_at,
        )
        for number, piece in enumerate(plan_pieces({variant.pk: units}))
    ]
    for change in in_lock_order([_hold(reservation, by) for reservation in reservations]):
        post(change)
    return reservations


def _hold(reservation: Reservation, by: Any) -> Change:
    return Change(
        reservation.variant_id,
        reservation.warehouse_id,
        MovementKind.RESERVE,
        f"reservation:{reservation.pk}:hold",
        reserved=reservation.units,
        reference=f"cart:{reservation.cart}",
        by=by,
    )


def _reserved_under(key: str, variant: Variant, units: int, cart: str) -> list[Reservation]:
    found = list(
        Reservation.objects.filter(Q(key=key) | Q(key__startswith=f"{key}#")).order_by("pk")
    )
    if found and (
        sum(one.units for one in found) != units
        or {(one.variant_id, one.cart) for one in found} != {(variant.pk, cart)}
    ):
        raise StockKeyReusedError(_("This key already stands for another reservation."))
    return found


def _close(
    reservation: Reservation, state: str, kind: str, *, due_at: datetime | None = None
) -> bool:
    """Compare-and-set, so that of release, order and expiry exactly one gives the units away."""
    with transaction.atomic():
        held = Reservation.objects.filter(pk=reservation.pk, state=Reservation.State.HELD)
        if due_at is not None:
            held = held.filter(expires_at__lte=due_at)  # extended meanwhile: stays
        if not held.update(state=state):
            return False
        post(
            Change(
                reservation.variant_id,
                reservation.warehouse_id,
                kind,
                f"reservation:{reservation.pk}:close",
                reserved=-reservation.units,
                reference=f"cart:{reservation.cart}",
            )
        )
    reservation.state = state
    return True


def reserved_by_level() -> dict[tuple[int, int], int]:
    """Units that open reservations hold, per variant and warehouse: what `reserved` must say."""
    held = Reservation.objects.filter(state=Reservation.State.HELD).order_by()
    rows = held.values_list("variant_id", "warehouse_id").annotate(units=Sum("units"))
    return {(variant, warehouse): units for variant, warehouse, units in rows}
