"""Units held for a cart until a time. A reservation is closed once: released, ordered or expired."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import MovementKind, Reservation, RingFence, Variant
from shop.services.stock.bulk_movements import lock_levels, post_together
from shop.services.stock.movements import Change, InsufficientStockError, StockError
from shop.services.stock.reserve_together import Held, Wish, reserve_together
from shop.services.stock.shared_transaction import SharedTransaction

HELD_FOR = timedelta(minutes=15)
LONGEST_HELD = timedelta(hours=24)
CLOSED_AT_ONCE = 500
State = Reservation.State
logger = logging.getLogger(__name__)

together: SharedTransaction[Wish, Held] = SharedTransaction(reserve_together)


class ReservationClosedError(StockError):
    """The reservation was ordered, released or expired before."""


def reserve(
    variant: Variant,
    units: int,
    *,
    cart: str,
    key: str,
    expires_at: datetime | None = None,
    ring_fence: RingFence | None = None,
) -> list[Reservation]:
    """Hold units for a cart: all units or none. Callers at the same moment share a transaction.

    One row for each warehouse that gives some and, for a kit, for each of its components. From
    `ring_fence`: units of that quota and no others. A variant that is not counted needs no
    reservation and gets none. Raises OutOfStockError, or StockKeyReusedError when the key stands
    for another request; the same request again returns the same reservations.
    """
    wish = Wish(
        sku=variant.sku,
        units=units,
        cart=cart,
        key=key,
        held_for=HELD_FOR,
        expires_at=expires_at,
        ring_fence=ring_fence,
    )
    return reserve_wish(wish).reservations


def reserve_wish(wish: Wish) -> Held:
    """Like `reserve`, for a request from outside: the SKU may be unknown, held or not on sale.

    Also raises SkuUnknownError and SaleStoppedError when `wish.only_on_sale`.
    """
    if wish.units <= 0:
        raise StockError(_("The number of units must be above zero."))
    return together.ask(wish)


def extend(cart: str, until: datetime | None = None, *, held_for: timedelta | None = None) -> int:
    """Hold a cart's open reservations until later; never shortens. Returns how many were open.

    `held_for` from now on by the clock of the database, and then for LONGEST_HELD since they were
    reserved at most: a cart that is extended for ever would keep the goods from everybody else.
    """
    held = Reservation.objects.filter(cart=cart, state=State.HELD)
    if until is not None:
        held.filter(expires_at__lt=until).update(expires_at=until)
    if held_for is not None:
        until = database_time() + held_for
        young = held.filter(created_at__gte=until - LONGEST_HELD)
        young.filter(expires_at__lt=until).update(expires_at=until)
        latest = F("created_at") + LONGEST_HELD
        old = held.filter(created_at__lt=until - LONGEST_HELD)
        old.filter(expires_at__lt=latest).update(expires_at=latest)
    return held.count()


def release(reservation: Reservation) -> Reservation:
    """Give the units back. Released or expired before: nothing to do.

    Raises ReservationClosedError when they were ordered.
    """
    if not _close(Reservation.objects.filter(pk=reservation.pk), State.RELEASED):
        reservation.refresh_from_db(fields=["state"])
        if reservation.state == State.ORDERED:
            raise ReservationClosedError(_("These units were ordered; cancel the order instead."))
        return reservation
    reservation.state = State.RELEASED
    return reservation


def release_cart(cart: str, *, sku: str = "") -> int:
    """Give back whatever a cart still holds (of one SKU or kit). Returns how many rows were closed."""
    held = Reservation.objects.filter(cart=cart)
    if sku:
        of_kit = held.filter(kit__sku=sku)
        held = held.filter(variant__sku=sku, kit__isnull=True)
        return _close(of_kit, State.RELEASED) + _close(held, State.RELEASED)
    return _close(held, State.RELEASED)


def expire_due_reservations(at: datetime | None = None, limit: int = CLOSED_AT_ONCE) -> int:
    """Give back what carts held for too long, the longest due first; `at`: by the database's clock.

    All of them in one short transaction. What somebody else is closing now is left to them.
    """
    at = at or database_time()
    due = Reservation.objects.filter(state=State.HELD, expires_at__lte=at)
    pks = list(due.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit])
    still_due = due.filter(pk__in=pks)
    try:
        return _close(still_due, State.EXPIRED, skip_locked=True)
    except (InsufficientStockError, IntegrityError):
        logger.exception("%d due reservations could not be closed together", len(pks))
    return sum(_expire_alone(still_due.filter(pk=pk)) for pk in pks)


def _expire_alone(due: QuerySet[Reservation]) -> int:
    """One whose counter is wrong must not keep the others: verify_stock names it every night."""
    try:
        return _close(due, State.EXPIRED, skip_locked=True)
    except (InsufficientStockError, IntegrityError):
        logger.exception("A due reservation could not be closed")
        return 0


def mark_ordered(cart: str, wanted_units: dict[int, int]) -> list[Reservation]:
    """Claim a cart's open reservations of these variants for an order, inside its transaction.

    Only the rows change here: the caller turns reserved into allocated. Ordered by primary key.
    """
    held = Reservation.objects.filter(cart=cart, state=State.HELD, variant__in=wanted_units)
    return _claim(held, State.ORDERED)


def _claim(held: QuerySet[Reservation], state: str, *, skip_locked: bool = False) -> list:
    """Lock and compare-and-set: of release, order and expiry exactly one gets each row."""
    open_rows = held.filter(state=State.HELD).order_by("pk")
    rows = list(open_rows.select_for_update(of=("self",), skip_locked=skip_locked))
    if rows:
        changed = held.filter(pk__in=[row.pk for row in rows], state=State.HELD).update(state=state)
        if changed != len(rows):
            raise IntegrityError("reservations changed under their lock")
    for row in rows:
        row.state = state
    return rows


def _close(held: QuerySet[Reservation], state: str, *, skip_locked: bool = False) -> int:
    """Give the units of these open reservations back, in a few statements for all of them."""
    with transaction.atomic():
        rows = _claim(held, state, skip_locked=skip_locked)
        if rows:
            lock_levels({row.variant_id for row in rows})
            kind = MovementKind.EXPIRE if state == State.EXPIRED else MovementKind.RELEASE
            post_together(_given_back(rows, kind))
    return len(rows)


def _given_back(rows: Sequence[Reservation], kind: str) -> list[Change]:
    """To the quota they came from while it is open, else to everybody."""
    back, now = open_fences(rows)
    return [
        Change(
            row.variant_id,
            row.warehouse_id,
            kind,
            f"reservation:{row.pk}:close",
            reserved=-row.units,
            ring_fenced=row.units if row.ring_fence_id in back else 0,
            ring_fence_id=row.ring_fence_id if row.ring_fence_id in back else None,
            reference=f"cart:{row.cart}",
            occurred_at=now,
        )
        for row in rows
    ]


def open_fences(rows: Sequence[Reservation]) -> tuple[set[int], datetime]:
    """The quotas that units of these rows came from and may go back to, and when that was so."""
    fences = RingFence.objects.in_bulk({row.ring_fence_id for row in rows if row.ring_fence_id})
    now = database_time() if fences else timezone.now()
    return {pk for pk, fence in fences.items() if fence.is_open(now)}, now


def database_time() -> datetime:
    """The clock that reservations run by. SQLite runs in this process: its clock is ours."""
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


def reserved_by_level() -> dict[tuple[int, int], int]:
    """Units that open reservations hold, per variant and warehouse: what `reserved` must say."""
    held = Reservation.objects.filter(state=Reservation.State.HELD).order_by()
    rows = held.values_list("variant_id", "warehouse_id").annotate(units=Sum("units"))
    return {(variant, warehouse): units for variant, warehouse, units in rows}
