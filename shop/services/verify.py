"""Prove the stock counters from the ledger; repair them only when told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from shop.models import StockLevel, StockMovement
from shop.services.reservations import reserved_by_level

COUNTERS = ("on_hand", "allocated", "reserved", "ring_fenced")


class Difference(NamedTuple):
    sku: str
    warehouse: str
    counter: str
    counter_units: int
    ledger_units: int


def verify_stock() -> list[Difference]:
    """Every counter that is not the sum of its movements, or of its open reservations."""
    return [*_against_ledger(), *_without_counter(), *_against_reservations()]


def repair_stock() -> int:
    """Set the counters to what the ledger says. Returns how many levels were changed.

    A level that the ledger itself would put below zero is left as it is, for a person.
    """
    repaired = 0
    for variant, warehouse in _pairs_without_counter():
        StockLevel.objects.get_or_create(variant_id=variant, warehouse_id=warehouse)
    for pk in list(_with_ledger().filter(_differs()).order_by("pk").values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                # One statement: sums and counters are of the same moment.
                repaired += StockLevel.objects.filter(pk=pk).update(
                    **{counter: _ledger_sum(counter) for counter in COUNTERS}
                )
        except IntegrityError:
            continue
    return repaired


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
    held = reserved_by_level()
    levels = StockLevel.objects.select_related("variant", "warehouse").order_by("pk")
    for level in levels.iterator(chunk_size=1000):
        units = held.get((level.variant_id, level.warehouse_id), 0)
        if level.reserved != units:
            yield Difference(
                level.variant.sku, level.warehouse.code, "reservations", level.reserved, units
            )
