"""Prove the stock counters from the ledger; repair them only when told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from shop.models import Batch, RingFence, StockLevel, StockMovement

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


class Witness(NamedTuple):
    """Other rows of which a level's counter is the sum, or at least or at most that."""

    name: str
    counter: str
    wrong: str  # counter `wrong` sum is a difference
    sums: str


def _sums(units: str, rows: str, of: str = "") -> str:
    return (
        f"SELECT {of}variant_id, {of}warehouse_id, CAST(SUM({units}) AS BIGINT) AS units"
        f" FROM {rows} GROUP BY {of}variant_id, {of}warehouse_id"
    )


# Imported history holds no stock; units can be allocated for something that is no order.
OPEN_ALLOCATIONS = (
    "shop_allocation a JOIN shop_orderline o ON o.id = a.order_line_id"
    " JOIN shop_order r ON r.id = o.order_id WHERE NOT r.is_history"
)
WITNESSES = [
    Witness(
        "reservations",
        "reserved",
        "<>",
        _sums("units", "shop_reservation WHERE state = 'held'"),
    ),
    Witness(
        "allocations",
        "allocated",
        "<",
        _sums("a.units - a.shipped_units - a.cancelled_units", OPEN_ALLOCATIONS, "a."),
    ),
    Witness("batches", "on_hand", "<", _sums("on_hand", "shop_batch")),
    Witness("ring_fences", "ring_fenced", "<>", _sums("units_left", "shop_ringfence")),
]


def verify_stock() -> list[Difference]:
    """Every counter that is not the sum of its movements, or of the rows that make it up.

    `reservations`: reserved against open reservations. `allocations`: allocated against what open
    orders still wait for, which it is never below. `batch …`, `ring_fence …`: their units against
    their movements. `batches`: on hand against their sum, which never exceeds it. `ring_fences`:
    ring-fenced against what is left behind the fences.
    """
    return [
        *_against_ledger(),
        *_without_counter(),
        *(found for own in OWN_SUMS for found in _own_sums(own)),
        *_against_witnesses(),
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
    for pk, *_units in _levels_off_their_ledger():
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


# One statement each, so that counters and witnesses are of one moment and a shop that trades does
# not look wrong; summed once and joined, because a subquery for every level reads a long ledger
# again for every level.
BESIDE_LEVELS = """
SELECT l.id, v.sku, w.code, {columns}
FROM shop_stocklevel l
JOIN shop_variant v ON v.id = l.variant_id
JOIN shop_warehouse w ON w.id = l.warehouse_id
LEFT JOIN ({sums}) s ON s.variant_id = l.variant_id AND s.warehouse_id = l.warehouse_id
WHERE {differs} ORDER BY l.id"""


def _levels_beside(sums: str, columns: str, differs: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(BESIDE_LEVELS.format(sums=sums, columns=columns, differs=differs))
        return cursor.fetchall()


def _levels_off_their_ledger() -> list[tuple]:
    """(level, SKU, warehouse, the four counters, the four sums) where a counter is not its sum."""
    summed = ", ".join(f"CAST(SUM({one}_delta) AS BIGINT) AS {one}" for one in COUNTERS)
    pairs = [(f"l.{one}", f"COALESCE(s.{one}, 0)") for one in COUNTERS]
    return _levels_beside(
        f"SELECT variant_id, warehouse_id, {summed} FROM shop_stockmovement"
        " GROUP BY variant_id, warehouse_id",
        ", ".join([*(is_ for is_, _should in pairs), *(should for _is, should in pairs)]),
        " OR ".join(f"{is_} <> {should}" for is_, should in pairs),
    )


def _against_ledger() -> Iterator[Difference]:
    for _pk, sku, warehouse, *units in _levels_off_their_ledger():
        for counter, is_, should in zip(COUNTERS, units[:4], units[4:], strict=True):
            if is_ != should:
                yield Difference(sku, warehouse, counter, is_, should)


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


def _against_witnesses() -> Iterator[Difference]:
    for witness in WITNESSES:
        counter, seen = f"l.{witness.counter}", "COALESCE(s.units, 0)"
        found = _levels_beside(
            witness.sums, f"{counter}, {seen}", f"{counter} {witness.wrong} {seen}"
        )
        for _pk, sku, warehouse, is_, should in found:
            yield Difference(sku, warehouse, witness.name, is_, should)


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
