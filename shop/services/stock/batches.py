"""Batches: goods that share an expiry date. What is expired is set aside, and a person writes it off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import (
    Batch,
    MovementKind,
    RingFence,
    StockLevel,
    StockMovement,
    Variant,
    Warehouse,
)
from shop.services.stock.batch_order import EXPIRED, set_aside_units, shop_today, sold_until
from shop.services.stock.movements import Change, StockError, StockKeyReusedError, post
from shop.services.stock.ring_fences import fence_in, give_back


class BatchError(StockError):
    """The batch cannot be opened or found, or there is nothing of it to write off."""


class SetAside(NamedTuple):
    """What became of one batch whose units may not be sold any more."""

    batch_id: int
    units: int  # set aside now
    promised_units: int  # of it, that orders and carts have been promised: a person decides


def open_batch(
    variant: Variant, warehouse: Warehouse, code: str, expires_on: date | None = None
) -> Batch:
    """The batch of this code in this place, made if there is none.

    Raises BatchError for a bad code, or when the batch is known with another date.
    """
    batch = Batch(variant=variant, warehouse=warehouse, code=code, expires_on=expires_on)
    try:
        batch.clean_fields()
    except ValidationError as error:
        raise BatchError(" ".join(error.messages)) from error
    found, _made = Batch.objects.get_or_create(
        variant=variant, warehouse=warehouse, code=code, defaults={"expires_on": expires_on}
    )
    if expires_on is not None and found.expires_on != expires_on:
        raise BatchError(
            format_lazy(
                _("Batch {code} is known with another expiry date: {date}."),
                code=code,
                date=found.expires_on or _("none"),
            )
        )
    return found


def batch_named(variant: Variant, warehouse: Warehouse, code: str) -> Batch | None:
    """None for no code. Raises BatchError when there is no such batch in this place."""
    return the_batch(variant, warehouse, code) if code else None


def the_batch(variant: Variant, warehouse: Warehouse, code: str) -> Batch:
    """Raises BatchError when there is no such batch in this place."""
    found = Batch.objects.filter(variant=variant, warehouse=warehouse, code=code).first()
    if found is None:
        raise BatchError(format_lazy(_("There is no batch {code} here."), code=code))
    return found


def set_aside_expired(limit: int = 500) -> list[SetAside]:
    """Fence in what may not be sold any more, as far as it is not promised. Twice equals once.

    A batch whose date was corrected is given back. One short transaction for each batch.
    """
    for fence in _wrongly_aside()[:limit]:
        give_back(fence, None, f"ring-fence:{fence.pk}:date-corrected")
    due = Batch.objects.filter(_may_not_be_sold(shop_today()), on_hand__gt=0).order_by("pk")
    return [_set_aside(batch) for batch in list(due[:limit])]


def write_off_batch(batch: Batch, *, key: str, reason: str, by: Any = None) -> int:
    """What is set aside of a batch, and what else of it is not promised, leaves the books.

    Returns the units; the same key again returns the same. Raises BatchError without a reason or
    when nothing of the batch can go.
    """
    if not reason.strip():
        raise BatchError(_("A write-off needs a reason."))
    with transaction.atomic():
        level = _locked_level(batch)
        if before := _written_off(batch, key):
            return before
        batch = Batch.objects.get(pk=batch.pk)
        changes = list(_losses(batch, level, key))
        for change in changes:
            post(replace(change, reason=reason, by=by))
        if not changes:
            raise BatchError(
                _("Nothing of this batch can be written off: it is promised, or gone.")
            )
    return -sum(change.on_hand for change in changes)


def _may_not_be_sold(today: date) -> Q:
    """One condition for each shelf life that is asked for: dates cannot be added portably."""
    over = Q(pk__in=())
    for days in Variant.objects.order_by().values_list("min_shelf_life_days", flat=True).distinct():
        over |= Q(variant__min_shelf_life_days=days, expires_on__lt=today + timedelta(days=days))
    return over


def _set_aside(batch: Batch) -> SetAside:
    with transaction.atomic():
        level = _locked_level(batch)
        batch = Batch.objects.get(pk=batch.pk)
        aside = set_aside_units(batch.variant_id, batch.warehouse_id).get(batch.code, 0)
        units = min(batch.on_hand - aside, level.available)
        if units > 0:
            fence_in(_fence_around(batch, units), batch_id=batch.pk)
    return SetAside(batch.pk, max(units, 0), batch.on_hand - aside - max(units, 0))


def _fence_around(batch: Batch, units: int) -> RingFence:
    purpose = f"{EXPIRED}{batch.code}"
    before = RingFence.objects.filter(
        variant=batch.variant_id, warehouse=batch.warehouse_id, purpose=purpose
    )
    return RingFence(
        variant_id=batch.variant_id,
        warehouse_id=batch.warehouse_id,
        purpose=purpose,
        units=units,
        key=f"expired:{batch.pk}:{before.count()}",
    )


def _wrongly_aside() -> list[RingFence]:
    """Fences around batches whose date was corrected since."""
    fences = RingFence.objects.filter(purpose__startswith=EXPIRED, units_left__gt=0)
    return [fence for fence in fences.select_related("variant") if _may_be_sold(fence)]


def _may_be_sold(fence: RingFence) -> bool:
    dates = Batch.objects.filter(
        variant=fence.variant_id,
        warehouse=fence.warehouse_id,
        code=fence.purpose.removeprefix(EXPIRED),
    )
    ends = dates.values_list("expires_on", flat=True).get()
    days = fence.variant.min_shelf_life_days
    return ends is None or sold_until(ends, days) >= shop_today()


def _losses(batch: Batch, level: StockLevel, key: str) -> Iterator[Change]:
    """Behind the level's lock: a change for each fence around the batch, one for the rest."""
    fences = RingFence.objects.filter(
        variant=batch.variant_id,
        warehouse=batch.warehouse_id,
        purpose=f"{EXPIRED}{batch.code}",
        units_left__gt=0,
    )
    losses: list[tuple[int, int | None]] = [
        (fence.units_left, fence.pk) for fence in fences.order_by("pk")
    ]
    rest = min(batch.on_hand - sum(units for units, _fence in losses), level.available)
    losses += [(rest, None)] if rest > 0 else []
    for number, (units, fence) in enumerate(losses):
        yield Change(
            batch.variant_id,
            batch.warehouse_id,
            MovementKind.ADJUST,
            key if number == 0 else f"{key}#{number}",
            on_hand=-units,
            ring_fenced=-units if fence else 0,
            ring_fence_id=fence,
            batch_id=batch.pk,
            reference=f"batch:{batch.code}",
        )


def _written_off(batch: Batch, key: str) -> int:
    """Units that left under this key before; 0 for a new key."""
    first = StockMovement.objects.filter(key=key).first()
    if first is None:
        return 0
    if first.batch_id != batch.pk or first.kind != MovementKind.ADJUST:
        raise StockKeyReusedError(
            format_lazy(_("The key {key} already stands for another movement."), key=key)
        )
    parts = StockMovement.objects.filter(Q(key=key) | Q(key__startswith=f"{key}#"), batch=batch)
    return -(parts.aggregate(units=Sum("on_hand_delta"))["units"] or 0)


def _locked_level(batch: Batch) -> StockLevel:
    """The counters of the batch's place, locked until the transaction ends."""
    place = {"variant_id": batch.variant_id, "warehouse_id": batch.warehouse_id}
    found = StockLevel.objects.select_for_update().filter(**place).first()
    return found or StockLevel(**place)  # a batch that never had goods
