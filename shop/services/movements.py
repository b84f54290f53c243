"""The one way to change a stock counter: a ledger row and a conditional UPDATE, both or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import StockLevel, StockMovement

# A lost race means that a rival has committed, so the crowd makes progress; this bounds one caller.
TRIES = 50
Result = TypeVar("Result")


class StockError(Exception):
    """Why the stock cannot be changed like that; its text is meant for the merchant."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class InsufficientStockError(StockError):
    """This warehouse has too few units for the change; nothing was changed."""


class CountBelowPromisedError(StockError):
    """The count is lower than what orders, carts and sales have been promised."""


class StockKeyReusedError(StockError):
    """The key already stands for another change."""


class StockBusyError(StockError):
    """Too many others were changing the same counters; trying again is safe."""


@dataclass(frozen=True)
class Change:
    """What happens to the counters of one SKU in one warehouse, and why."""

    variant_id: int
    warehouse_id: int
    kind: str
    key: str
    on_hand: int = 0
    allocated: int = 0
    reserved: int = 0
    ring_fenced: int = 0
    ring_fence_id: int | None = None
    reference: str = ""
    reason: str = ""
    by: Any = None
    occurred_at: datetime = field(default_factory=timezone.now)
    seen_on_hand: int | None = None  # only if the counter still says so: for counts

    @property
    def deltas(self) -> tuple[int, int, int, int]:
        return self.on_hand, self.allocated, self.reserved, self.ring_fenced


def post(change: Change) -> StockMovement:
    """Write the movement and move the counters. The same key again returns the first movement.

    Raises InsufficientStockError when a counter or the available units would fall below zero, and
    StockKeyReusedError when the key stands for another change. In both cases nothing is changed.
    """
    if first := _posted(change):
        return first
    try:
        with transaction.atomic():
            movement = _record(change)
            _move_counters(change)
    except IntegrityError:
        first = _posted(change)  # a rival with the same key was faster
        if first is None:
            raise
        return first
    return movement


def post_all(changes: Iterable[Change]) -> list[StockMovement]:
    """Several changes, all or none. Counters are taken in order of primary key: no deadlocks."""
    with transaction.atomic():
        return [post(change) for change in in_lock_order(list(changes))]


def in_lock_order(changes: Sequence[Change]) -> list[Change]:
    wanted = {(change.variant_id, change.warehouse_id) for change in changes}
    levels = StockLevel.objects.filter(variant__in={variant for variant, _place in wanted})
    keys = {
        (variant, place): pk
        for pk, variant, place in levels.values_list("pk", "variant_id", "warehouse_id")
    }
    last = max(keys.values(), default=0) + 1  # a new counter has no row that a rival could hold
    return sorted(changes, key=lambda one: keys.get((one.variant_id, one.warehouse_id), last))


def until_it_fits(attempt: Callable[[], Result]) -> Result:
    """Plan and carry out in one transaction; when a rival took the units meanwhile, plan again.

    `attempt` reads the counters first and raises its own error when there is not enough at all.
    """
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return attempt()
        except InsufficientStockError:
            continue
    raise StockBusyError(_("Many others are buying the same goods; please try again."))


def _posted(change: Change) -> StockMovement | None:
    first = StockMovement.objects.filter(key=change.key).first()
    if first is None:
        return None
    same_place = (first.variant_id, first.warehouse_id, first.kind) == (
        change.variant_id,
        change.warehouse_id,
        change.kind,
    )
    deltas = (
        first.on_hand_delta,
        first.allocated_delta,
        first.reserved_delta,
        first.ring_fenced_delta,
    )
    # A count is a statement about a moment: what it changed depends on when it was first posted.
    if not same_place or (change.seen_on_hand is None and deltas != change.deltas):
        raise StockKeyReusedError(
            format_lazy(_("The key {key} already stands for another movement."), key=change.key)
        )
    return first


def _record(change: Change) -> StockMovement:
    return StockMovement.objects.create(
        variant_id=change.variant_id,
        warehouse_id=change.warehouse_id,
        kind=change.kind,
        on_hand_delta=change.on_hand,
        allocated_delta=change.allocated,
        reserved_delta=change.reserved,
        ring_fenced_delta=change.ring_fenced,
        reference=change.reference,
        reason=change.reason,
        key=change.key,
        actor=change.by,
        occurred_at=change.occurred_at,
    )


def enough(change: Change) -> Q:
    """The condition inside the UPDATE: the database, not a value read before, says yes or no."""
    taken = change.allocated + change.reserved + change.ring_fenced
    promised = F("allocated") + F("reserved") + F("ring_fenced")
    return Q(
        on_hand__gte=promised + (taken - change.on_hand),
        allocated__gte=-change.allocated,
        reserved__gte=-change.reserved,
        ring_fenced__gte=-change.ring_fenced,
    )


def _move_counters(change: Change) -> None:
    if _update(change):
        return
    if change.on_hand >= 0 and _open_level(change) and _update(change):
        return
    level = StockLevel.objects.filter(
        variant=change.variant_id, warehouse=change.warehouse_id
    ).first()
    raise InsufficientStockError(
        format_lazy(
            _("Not enough stock in this warehouse: {available} available, {on_hand} on hand."),
            available=level.available if level else 0,
            on_hand=level.on_hand if level else 0,
        )
    )


def _update(change: Change) -> int:
    levels = StockLevel.objects.filter(
        enough(change), variant=change.variant_id, warehouse=change.warehouse_id
    )
    if change.seen_on_hand is not None:
        levels = levels.filter(on_hand=change.seen_on_hand)
    return levels.update(
        on_hand=F("on_hand") + change.on_hand,
        allocated=F("allocated") + change.allocated,
        reserved=F("reserved") + change.reserved,
        ring_fenced=F("ring_fenced") + change.ring_fenced,
    )


def _open_level(change: Change) -> bool:
    """The first goods of a SKU in a warehouse open its counter. False when it was open already."""
    place = {"variant_id": change.variant_id, "warehouse_id": change.warehouse_id}
    if StockLevel.objects.filter(**place).exists():
        return False
    StockLevel.objects.bulk_create([StockLevel(**place)], ignore_conflicts=True)
    return True
