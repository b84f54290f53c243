"""The one way to change a stock counter: a ledger row and a conditional UPDATE, both or neither.

What leaves without a named batch is taken from the batches by `shop.services.stock.batch_order`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import Batch, MovementKind, RingFence, StockLevel, StockMovement
from shop.services.stock.batch_order import BatchPiece, pieces_to_lose, pieces_to_sell

# A lost race means that a rival has committed, so the crowd makes progress; this bounds one caller.
TRIES = 50
SALES = (MovementKind.CONSUME, MovementKind.TRANSFER)
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


class ExpiredStockError(StockError):
    """What is left on the shelf is expired or set aside; nothing was changed."""


class StockBusyError(StockError):
    """Too many others were changing the same counters; trying again is safe."""


@dataclass(frozen=True)
class Change:
    """What happens to the counters of one SKU in one warehouse, and why.

    `batch_id` moves the batch's units with `on_hand`, `ring_fence_id` those of the fence with
    `ring_fenced`, which always names its fence.
    """

    variant_id: int
    warehouse_id: int
    kind: str
    key: str
    on_hand: int = 0
    allocated: int = 0
    reserved: int = 0
    ring_fenced: int = 0
    batch_id: int | None = None
    ring_fence_id: int | None = None
    reference: str = ""
    reason: str = ""
    by: Any = None
    occurred_at: datetime = field(default_factory=timezone.now)
    seen_on_hand: int | None = None  # only if the counter still says so: for counts

    def __post_init__(self) -> None:
        if self.ring_fenced and self.ring_fence_id is None:
            raise ValueError("ring_fenced moves with the units of a fence: name it")

    @property
    def deltas(self) -> tuple[int, int, int, int]:
        return self.on_hand, self.allocated, self.reserved, self.ring_fenced

    @property
    def takes_goods(self) -> bool:
        """Units leave the shelf, and from which batches has to be found out."""
        return self.on_hand < 0 and self.ring_fence_id is None


def post(change: Change) -> StockMovement:
    """Write the movement and move the counters. The same key again returns the first movement.

    Goods that leave are taken from the batches, one movement each: `key`, `key#1` …; this returns
    the first. Raises InsufficientStockError when a counter or the available units would fall
    below zero, ExpiredStockError when only expired units could leave, and StockKeyReusedError
    when the key stands for another change. In all cases nothing is changed.
    """
    return post_parts(change)[0]


def post_parts(change: Change) -> list[StockMovement]:
    """Like `post`, and returns a movement for each batch that gave units."""
    if before := _posted(change):
        return before
    try:
        with transaction.atomic():
            return _write(change)
    except (IntegrityError, StockError):
        if before := _posted(change):  # a rival with the same key was faster
            return before
        raise


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


def _posted(change: Change) -> list[StockMovement]:
    first = StockMovement.objects.filter(key=change.key).first()
    if first is None:
        return []
    parts = [first]
    if change.takes_goods and first.on_hand_delta != change.on_hand:
        rest = StockMovement.objects.filter(
            key__startswith=f"{change.key}#", variant=first.variant_id, kind=first.kind
        )
        parts += rest.order_by("pk")
    if not _same(change, parts):
        raise StockKeyReusedError(
            format_lazy(_("The key {key} already stands for another movement."), key=change.key)
        )
    return parts


def _same(change: Change, parts: list[StockMovement]) -> bool:
    first = parts[0]
    same_place = (first.variant_id, first.warehouse_id, first.kind, first.ring_fence_id) == (
        change.variant_id,
        change.warehouse_id,
        change.kind,
        change.ring_fence_id,
    )
    # A count is a statement about a moment: what it changed depends on when it was first posted.
    if change.seen_on_hand is not None:
        return same_place
    picked = change.takes_goods and change.batch_id is None
    same_batch = picked or first.batch_id == change.batch_id
    deltas = [
        (one.on_hand_delta, one.allocated_delta, one.reserved_delta, one.ring_fenced_delta)
        for one in parts
    ]
    return same_place and same_batch and tuple(map(sum, zip(*deltas, strict=True))) == change.deltas


def _write(change: Change) -> list[StockMovement]:
    if change.takes_goods:
        _move_level(change)  # its lock first: behind it the batches stand still
        return [_write_part(part) for part in _parts(change)]
    movement = _record(change)
    _move_level(change)
    _move_batch(change)
    _move_fence(change)
    return [movement]


def _write_part(part: Change) -> StockMovement:
    movement = _record(part)
    _move_batch(part)
    return movement


def _parts(change: Change) -> list[Change]:
    """The change by batches. The level has been lowered already: here it is as it was before."""
    level = StockLevel.objects.get(variant=change.variant_id, warehouse=change.warehouse_id)
    level.on_hand -= change.on_hand
    pick = pieces_to_sell if change.kind in SALES else pieces_to_lose
    pieces = pick(level, -change.on_hand, batch_id=change.batch_id)
    found = sum(piece.units for piece in pieces)
    if found < -change.on_hand:
        raise ExpiredStockError(
            format_lazy(
                _("Only {found} of {wanted} units can leave: the others are expired or set aside."),
                found=found,
                wanted=-change.on_hand,
            )
        )
    return [_part(change, number, piece) for number, piece in enumerate(pieces)]


def _part(change: Change, number: int, piece: BatchPiece) -> Change:
    """A piece of the change. What moves with the goods is shared out, the rest goes with the first."""

    def share(delta: int) -> int:
        if delta == change.on_hand:
            return -piece.units
        return delta if number == 0 else 0

    return replace(
        change,
        key=change.key if number == 0 else f"{change.key}#{number}",
        on_hand=-piece.units,
        allocated=share(change.allocated),
        reserved=share(change.reserved),
        batch_id=piece.batch_id,
    )


def _record(change: Change) -> StockMovement:
    return StockMovement.objects.create(
        variant_id=change.variant_id,
        warehouse_id=change.warehouse_id,
        kind=change.kind,
        on_hand_delta=change.on_hand,
        allocated_delta=change.allocated,
        reserved_delta=change.reserved,
        ring_fenced_delta=change.ring_fenced,
        batch_id=change.batch_id,
        ring_fence_id=change.ring_fence_id,
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


def _move_level(change: Change) -> None:
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


def _move_batch(change: Change) -> None:
    if change.batch_id is None or not change.on_hand:
        return
    batches = Batch.objects.filter(
        pk=change.batch_id, variant=change.variant_id, warehouse=change.warehouse_id
    )
    enough_in_it = batches.filter(on_hand__gte=-change.on_hand)
    if not enough_in_it.update(on_hand=F("on_hand") + change.on_hand):
        raise InsufficientStockError(_("There are not so many units in this batch."))


def _move_fence(change: Change) -> None:
    if not change.ring_fenced or change.ring_fence_id is None:
        return
    fences = RingFence.objects.filter(
        pk=change.ring_fence_id, variant=change.variant_id, warehouse=change.warehouse_id
    )
    enough_left = fences.filter(units_left__gte=-change.ring_fenced)
    if not enough_left.update(units_left=F("units_left") + change.ring_fenced):
        raise InsufficientStockError(_("There are not so many units behind this ring fence."))


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
