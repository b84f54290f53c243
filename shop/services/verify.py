"""Prove the stock counters from the ledger; repair them only when told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from shop.models import Batch, Reservation, RingFence, StockLevel, StockMovement

CHECK_JOB, CHECK_STEP = "verify_stock", "stock_check"  # a person's, and the night's
SHOWN = 200  # differences that a result names; their number is always whole
COUNTERS = ("on_hand", "allocated", "reserved", "ring_fenced")


class Difference(NamedTuple):
    sku: str
    warehouse: str
    counter: str
    counter_units: int
    ledger_units: int


class OwnSum(NamedTuple):
    """A row beside the level that keeps the sum of the movements which name it."""

    model: type[Batch] | type[RingFence]
    counter: str
    movement: str  # the movement's field that names it
    delta: str
    label: str  # the row's own field that says which one it is


OWN_SUMS = [
    OwnSum(Batch, "on_hand", "batch", "on_hand_delta", "code"),
    OwnSum(RingFence, "units_left", "ring_fence", "ring_fenced_delta", "purpose"),
]


def verify_stock() -> list[Difference]:
    """Every counter that is not the sum of its movements, or of the rows that make it up.

    `reservations`: reserved against open reservations. `batch …`, `ring_fence …`: their units
    against their movements. `batches`: their sum against on hand, which it never exceeds.
    `ring_fences`: ring-fenced against what is left behind the fences.
    """
    return [
        *_against_ledger(),
        *_without_counter(),
        *_against_reservations(),
        *(found for own in OWN_SUMS for found in _own_sums(own)),
        *_against_batches(),
        *_against_fences(),
    ]


def check_stock() -> dict:
    """The result of a check as plain JSON: how much was looked at, and what differs."""
    found = verify_stock()
    return {
        "levels": StockLevel.objects.count(),
        "movements": StockMovement.objects.count(),
        "differences": len(found),
        "rows": [list(one) for one in found[:SHOWN]],
    }


def repair_stock() -> int:
    """Set the counters to what the ledger says. Returns how many rows were changed.

    A level that the ledger itself would put below zero is left as it is, for a person.
    """
    repaired = 0
    for variant, warehouse in _pairs_without_counter():
        StockLevel.objects.get_or_create(variant_id=variant, warehouse_id=warehouse)
    for pk in list(_with_ledger().filter(_differs()).order_by("pk").values_list("pk", flat=True)):
        # One statement: sums and counters are of the same moment.
        sums = {counter: _ledger_sum(counter) for counter in COUNTERS}
        repaired += _set(StockLevel.objects.filter(pk=pk), sums)
    for own in OWN_SUMS:
        for row in list(_wrong_own_sums(own).values_list("pk", flat=True)):
            repaired += _set(own.model.objects.filter(pk=row), {own.counter: _own_sum(own)})
    return repaired


def _set(row: QuerySet, sums: dict[str, Coalesce]) -> int:
    try:
        with transaction.atomic():
            return row.update(**sums)
    except IntegrityError:
        return 0


def _ledger_sum(counter: str) -> Coalesce:
    movements = StockMovement.objects.filter(
        variant=OuterRef("variant"), warehouse=OuterRef("warehouse")
    )
    summed = movements.order_by().values("variant").annotate(units=Sum(f"{counter}_delta"))
    return Coalesce(Subquery(summed.values("units")), Value(0))


def _with_ledger() -> QuerySet[StockLevel]:
    return StockLevel.objects.annotate(
        **{f"ledger_{counter}": _ledger_sum(counter) for counter in COUNTERS}
    )


def _differs() -> Q:
    differs = Q()
    for counter in COUNTERS:
        differs |= ~Q(**{counter: F(f"ledger_{counter}")})
    return differs


def _against_ledger() -> Iterator[Difference]:
    wrong = _with_ledger().filter(_differs()).select_related("variant", "warehouse")
    for level in wrong.order_by("pk").iterator(chunk_size=1000):
        for counter in COUNTERS:
            is_, should = getattr(level, counter), getattr(level, f"ledger_{counter}")
            if is_ != should:
                yield Difference(level.variant.sku, level.warehouse.code, counter, is_, should)


def _pairs_without_counter() -> list[tuple[int, int]]:
    level = StockLevel.objects.filter(variant=OuterRef("variant"), warehouse=OuterRef("warehouse"))
    orphans = StockMovement.objects.filter(~Exists(level)).order_by("variant_id", "warehouse_id")
    return list(orphans.values_list("variant_id", "warehouse_id").distinct())


def _without_counter() -> Iterator[Difference]:
    for variant, warehouse in _pairs_without_counter():
        movements = StockMovement.objects.filter(variant=variant, warehouse=warehouse)
        sums = movements.order_by().values("variant__sku", "warehouse__code")
        for row in sums.annotate(units=Sum("on_hand_delta")):
            yield Difference(
                row["variant__sku"], row["warehouse__code"], "on_hand", 0, row["units"]
            )


def _against_reservations() -> Iterator[Difference]:
    """`reserved` has a second witness: the open reservations themselves."""
    held = Reservation.objects.filter(state=Reservation.State.HELD)
    levels = StockLevel.objects.annotate(held=_sum_beside(held, "units"))
    yield from _differing(levels.exclude(reserved=F("held")), "reservations", "reserved", "held")


def _own_sum(own: OwnSum) -> Coalesce:
    movements = StockMovement.objects.filter(**{own.movement: OuterRef("pk")}).order_by()
    summed = movements.values(own.movement).annotate(units=Sum(own.delta))
    return Coalesce(Subquery(summed.values("units")), Value(0))


def _wrong_own_sums(own: OwnSum) -> QuerySet:
    rows = own.model.objects.annotate(ledger_units=_own_sum(own))
    return rows.exclude(**{own.counter: F("ledger_units")}).order_by("pk")


def _own_sums(own: OwnSum) -> Iterator[Difference]:
    for row in _wrong_own_sums(own).select_related("variant", "warehouse").iterator(1000):
        is_, name = getattr(row, own.counter), f"{own.movement} {getattr(row, own.label)}"
        yield Difference(row.variant.sku, row.warehouse.code, name, is_, row.ledger_units)


def _against_batches() -> Iterator[Difference]:
    """Batches are a part of on hand: together they are never more."""
    levels = StockLevel.objects.annotate(batched=_sum_beside(Batch.objects.all(), "on_hand"))
    yield from _differing(levels.filter(batched__gt=F("on_hand")), "batches", "batched", "on_hand")


def _against_fences() -> Iterator[Difference]:
    levels = StockLevel.objects.annotate(fenced=_sum_beside(RingFence.objects.all(), "units_left"))
    wrong = levels.exclude(ring_fenced=F("fenced"))
    yield from _differing(wrong, "ring_fences", "ring_fenced", "fenced")


def _sum_beside(rows: QuerySet, counter: str) -> Coalesce:
    """The sum of a level's other witnesses, in the statement that reads the level itself.

    Two statements would see two moments, and a shop that trades would look wrong.
    """
    of_level = rows.filter(variant=OuterRef("variant"), warehouse=OuterRef("warehouse"))
    summed = of_level.order_by().values("variant").annotate(sum_units=Sum(counter))
    return Coalesce(Subquery(summed.values("sum_units")), Value(0))


def _differing(levels: QuerySet, name: str, is_: str, should: str) -> Iterator[Difference]:
    found = levels.select_related("variant", "warehouse").order_by("pk")
    for level in found.iterator(chunk_size=1000):
        counters = getattr(level, is_), getattr(level, should)
        yield Difference(level.variant.sku, level.warehouse.code, name, *counters)
