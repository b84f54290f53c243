"""Many changes of the counters in three statements, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.models import RingFence, StockLevel, StockMovement
from shop.services.stock import movements
from shop.services.stock.movements import Change, InsufficientStockError

Place = tuple[int, int]


def lock_levels(variant_ids: Iterable[int]) -> None:
    """The counters of these variants, taken in the order of their primary key: no deadlocks.

    SQLite has one writer at a time and locks with BEGIN IMMEDIATE, so the same line serves both.
    """
    levels = StockLevel.objects.filter(variant__in=list(variant_ids)).order_by("pk")
    list(levels.select_for_update().values_list("pk"))


def post_together(changes: Sequence[Change]) -> None:
    """Write the movements of `changes` and move the locked counters, all or nothing.

    For changes of promises, not of goods: batches are not looked at. Inside a transaction. Raises
    InsufficientStockError when a counter would fall below zero; then the transaction must be rolled
    back. A key that stands in the ledger already is an IntegrityError.
    """
    StockMovement.objects.bulk_create(map(_movement, changes))
    move_counters(changes)


def _movement(change: Change) -> StockMovement:
    return StockMovement(
        variant_id=change.variant_id,
        warehouse_id=change.warehouse_id,
        kind=change.kind,
        on_hand_delta=change.on_hand,
        allocated_delta=change.allocated,
        reserved_delta=change.reserved,
        ring_fenced_delta=change.ring_fenced,
        ring_fence_id=change.ring_fence_id,
        reference=change.reference,
        reason=change.reason,
        key=change.key,
        actor_id=change.by.pk if change.by else None,
        occurred_at=change.occurred_at,
    )


def move_counters(changes: Sequence[Change]) -> None:
    """Levels that change alike share one UPDATE, whose condition holds for each of them."""
    sums: dict[Place, list[int]] = defaultdict(lambda: [0, 0, 0])
    for change in changes:
        total = sums[change.variant_id, change.warehouse_id]
        total[0] += change.allocated
        total[1] += change.reserved
        total[2] += change.ring_fenced
    alike: dict[tuple[int, ...], list[Place]] = defaultdict(list)
    for place, total in sums.items():
        if any(total):
            alike[tuple(total)].append(place)
    for units, places in alike.items():
        _move_levels(units, places)
    _move_fences(changes)


def _move_levels(units: tuple[int, ...], places: list[Place]) -> None:
    allocated, reserved, ring_fenced = units
    whole = Change(
        0,
        0,
        "",
        "",
        allocated=allocated,
        reserved=reserved,
        ring_fenced=ring_fenced,
        ring_fence_id=0,
    )
    there = Q()
    for warehouse in {warehouse for _variant, warehouse in places}:
        variants = [variant for variant, place in places if place == warehouse]
        there |= Q(warehouse=warehouse, variant__in=variants)
    moved = StockLevel.objects.filter(there, movements.enough(whole)).update(
        allocated=F("allocated") + allocated,
        reserved=F("reserved") + reserved,
        ring_fenced=F("ring_fenced") + ring_fenced,
    )
    if moved != len(places):
        raise InsufficientStockError(_("Not enough stock in this warehouse."))


def _move_fences(changes: Sequence[Change]) -> None:
    sums: dict[int, int] = defaultdict(int)
    for change in changes:
        if change.ring_fenced and change.ring_fence_id:
            sums[change.ring_fence_id] += change.ring_fenced
    for fence, units in sorted(sums.items()):
        rows = RingFence.objects.filter(pk=fence, units_left__gte=-units)
        if units and not rows.update(units_left=F("units_left") + units):
            raise InsufficientStockError(_("There are not so many units behind this ring fence."))
