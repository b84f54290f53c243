"""Units set aside for a purpose. They count in `ring_fenced` and are sold only under the fence."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import (
    MovementKind,
    RingFence,
    StockLevel,
    StockMovement,
    Variant,
    Warehouse,
)
from shop.services.stock.batch_order import EXPIRED
from shop.services.stock.kits import refuse_kit
from shop.services.stock.movements import (
    Change,
    StockError,
    StockKeyReusedError,
    post,
)


class Terms(TypedDict, total=False):
    """Until when, and who said so."""

    ends_at: datetime | None
    by: Any


class RingFenceRefusedError(StockError):
    """The fence cannot be made, or its units cannot be given back."""


def ring_fence(
    variant: Variant,
    units: int,
    *,
    warehouse: Warehouse,
    purpose: str,
    key: str,
    **terms: Unpack[Terms],
) -> RingFence:
    """Set available units aside. The same key again returns the first fence.

    Raises InsufficientStockError when fewer are available, StockKeyReusedError when the key
    stands for another fence. `ends_at`: what is left then is given back.
    """
    if units <= 0 or not purpose.strip():
        raise RingFenceRefusedError(_("A ring fence has a purpose and units above zero."))
    if purpose.startswith(EXPIRED):
        raise RingFenceRefusedError(_("Expired units are set aside by their batch."))
    refuse_kit(variant)
    wanted = RingFence(variant=variant, warehouse=warehouse, purpose=purpose, units=units, key=key)
    wanted.ends_at = terms.get("ends_at")
    return fence_in(wanted, terms.get("by"))


def fence_in(wanted: RingFence, by: Any = None, batch_id: int | None = None) -> RingFence:
    """Write the fence with its movement, both or neither."""
    if first := _fenced_under(wanted):
        return first
    try:
        with transaction.atomic():
            return _fence_in(wanted, by, batch_id)
    except (IntegrityError, StockError):
        if first := _fenced_under(wanted):  # a rival with the same key was faster
            return first
        raise


def release_ring_fence(
    fence: RingFence, *, units: int | None = None, key: str, by: Any = None
) -> RingFence:
    """Put units on sale again: so many, or (None) all that are left; then the fence has ended.

    The same key again changes nothing. Raises RingFenceRefusedError for a fence around expired
    units, which are written off, and InsufficientStockError when fewer are left.
    """
    if fence.purpose.startswith(EXPIRED):
        raise RingFenceRefusedError(
            _("These units are expired: write them off, or correct the date of their batch.")
        )
    if units is not None and units <= 0:
        raise RingFenceRefusedError(_("The number of units must be above zero."))
    return give_back(fence, units, key, by)


def give_back(fence: RingFence, units: int | None, key: str, by: Any = None) -> RingFence:
    """`units` None: all that are left, and the fence has ended."""
    with transaction.atomic():
        if units is None and StockMovement.objects.filter(key=key, ring_fence=fence).exists():
            return _as_it_is(fence)
        now_left = _locked(fence).units_left
        if units is None:
            RingFence.objects.filter(pk=fence.pk, released_at=None).update(
                released_at=timezone.now()
            )
        if taken := now_left if units is None else units:
            post(_unfenced(fence, taken, key, by))
    return _as_it_is(fence)


def end_due_ring_fences(at: datetime | None = None, limit: int = 500) -> int:
    """Give back what is left of fences whose time is over. One short transaction each.

    A fence that has ended may get units again from a cart that held them: they are given back too.
    Returns how many fences were ended.
    """
    at = at or timezone.now()
    due = Q(ends_at__lte=at, released_at__isnull=True)
    late = Q(released_at__isnull=False, units_left__gt=0)
    fences = RingFence.objects.filter(due | late).order_by("pk")
    found = list(fences[:limit])
    for fence in found:
        _end(fence)
    return len(found)


def _end(fence: RingFence) -> None:
    # The key names the fence's last movement: two sweepers that saw the same give back once.
    last = (
        StockMovement.objects.filter(ring_fence=fence).order_by("-pk").values_list("pk", flat=True)
    )
    give_back(fence, None, f"ring-fence:{fence.pk}:end:{last[:1].get()}")


def _fenced_under(wanted: RingFence) -> RingFence | None:
    first = RingFence.objects.filter(key=wanted.key).first()
    if first and (first.variant_id, first.warehouse_id, first.purpose, first.units) != (
        wanted.variant_id,
        wanted.warehouse_id,
        wanted.purpose,
        wanted.units,
    ):
        raise StockKeyReusedError(_("This key already stands for another ring fence."))
    return first


def _fence_in(wanted: RingFence, by: Any, batch_id: int | None) -> RingFence:
    fence = RingFence.objects.create(
        variant_id=wanted.variant_id,
        warehouse_id=wanted.warehouse_id,
        purpose=wanted.purpose,
        units=wanted.units,
        units_left=0,
        key=wanted.key,
        ends_at=wanted.ends_at,
        created_by=by,
    )
    post(
        Change(
            fence.variant_id,
            fence.warehouse_id,
            MovementKind.RING_FENCE,
            f"ring-fence:{fence.pk}:in",
            ring_fenced=fence.units,
            ring_fence_id=fence.pk,
            batch_id=batch_id,
            reference=fence.purpose,
            by=by,
        )
    )
    return _as_it_is(fence)


def _unfenced(fence: RingFence, units: int, key: str, by: Any) -> Change:
    return Change(
        fence.variant_id,
        fence.warehouse_id,
        MovementKind.UNFENCE,
        key,
        ring_fenced=-units,
        ring_fence_id=fence.pk,
        reference=fence.purpose,
        by=by,
    )


def _locked(fence: RingFence) -> RingFence:
    """The fence as it stands behind the lock of its level, which everybody takes first."""
    levels = StockLevel.objects.filter(variant=fence.variant_id, warehouse=fence.warehouse_id)
    list(levels.select_for_update())
    return RingFence.objects.get(pk=fence.pk)


def _as_it_is(fence: RingFence) -> RingFence:
    return RingFence.objects.get(pk=fence.pk)
