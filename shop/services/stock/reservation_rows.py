"""The statements behind shared reservations, in SQL that PostgreSQL and SQLite both read.

By hand, because the queryset API needs more processor time to write these statements than the
database needs to carry them out, and every reservation of the shop goes through them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import Product, Reservation, RingFence
from shop.services.stock.kits import components_of
from shop.services.stock.movements import InsufficientStockError

PIECES_ASKED_FOR = 20  # a reservation of more rows is read in steps of so many
ROWS_AT_ONCE = 500  # a statement has no more than 65,535 parameters on PostgreSQL

GOODS = """
SELECT v.sku, v.id, v.tracks_stock, v.is_active, p.state, {clock},
       EXISTS (SELECT 1 FROM shop_kitcomponent k WHERE k.kit_id = v.id),
       EXISTS (SELECT 1 FROM shop_sellinghold h
               WHERE (h.variant_id = v.id OR h.variant_id IN (
                          SELECT c.component_id FROM shop_kitcomponent c WHERE c.kit_id = v.id))
               AND h.began_at <= {now} AND (h.ended_at IS NULL OR h.ended_at > {now}))
FROM shop_variant v JOIN shop_product p ON p.id = v.product_id
WHERE v.sku IN ({skus})"""

# Locked in the order of the primary key by everybody who takes several: no deadlocks.
SHELVES = """
SELECT l.id, l.variant_id, l.warehouse_id, w.priority, w.code,
       l.on_hand - l.allocated - l.reserved - l.ring_fenced
FROM shop_stocklevel l JOIN shop_warehouse w ON w.id = l.warehouse_id
WHERE l.variant_id IN (SELECT v.id FROM shop_variant v WHERE v.sku IN ({skus}))
   OR l.variant_id IN (SELECT k.component_id FROM shop_kitcomponent k
                       JOIN shop_variant v ON v.id = k.kit_id WHERE v.sku IN ({skus}))
ORDER BY l.id {lock}"""

# Read behind the locks, so that whoever was faster with the same key is seen.
STANDING = "SELECT id FROM shop_reservation WHERE key IN ({keys})"

ROW_COLUMNS = (
    "variant_id, warehouse_id, ring_fence_id, kit_id, cart, units, state, key, request_sha256,"
    " expires_at, created_at"
)
WRITE = f"INSERT INTO shop_reservation ({ROW_COLUMNS}) VALUES {{rows}} RETURNING id, key"

# Each movement is made of its reservation: nothing to send, nothing that could differ.
POST = """
INSERT INTO shop_stockmovement (
    variant_id, warehouse_id, kind, on_hand_delta, allocated_delta, reserved_delta,
    ring_fenced_delta, ring_fence_id, reference, reason, key, occurred_at, recorded_at)
SELECT r.variant_id, r.warehouse_id, 'reserve', 0, 0, r.units,
       CASE WHEN r.ring_fence_id IS NULL THEN 0 ELSE -r.units END, r.ring_fence_id,
       'cart:' || r.cart, '', 'reservation:' || r.id || ':hold', r.created_at, r.created_at
FROM shop_reservation r WHERE r.key IN ({keys}) ORDER BY r.id"""

# The last word on who gets units: the condition is checked by the statement that takes them.
TAKE = """
UPDATE shop_stocklevel SET reserved = reserved + %s, ring_fenced = ring_fenced - %s
WHERE on_hand - allocated - reserved - ring_fenced >= %s AND ring_fenced >= %s
      AND id IN ({levels})"""


Statement = tuple[str, list[Any]]


class Goods(NamedTuple):
    """What a SKU stands for."""

    pk: int
    items: dict[int, int]  # units of each counted variant in one of it
    is_kit: bool
    is_on_sale: bool
    is_held: bool


@dataclass(slots=True)
class Shelf:
    """What one warehouse can still give of one variant."""

    pk: int
    variant_id: int
    warehouse_id: int
    priority: int
    code: str
    available: int


class Read(NamedTuple):
    """What a round has to know: read in one journey to the database, its counters locked."""

    goods: dict[str, Goods]
    shelves: dict[int, list[Shelf]]  # per variant, in the order of shipping
    standing: dict[str, list[Reservation]]  # by key, what was reserved under it before
    now: datetime  # by the clock that reservations run by; SQLite runs in this process


def read_and_lock(skus: Collection[str], keys: Collection[str]) -> Read:
    """Everything about these SKUs and keys. The counters stay locked until the transaction ends."""
    ours = timezone.now()
    clock, now, moments = "statement_timestamp()", "statement_timestamp()", []
    if connection.vendor != "postgresql":
        clock, now = "NULL", "%s"
        moments = [connection.ops.adapt_datetimefield_value(ours)] * 2
    lock = "FOR UPDATE OF l" if connection.features.has_select_for_update else ""
    marks = _marks(skus)
    goods, shelves, standing = _journey(
        (GOODS.format(clock=clock, now=now, skus=marks), [*moments, *skus]),
        (SHELVES.format(skus=marks, lock=lock), [*skus, *skus]),
        (STANDING.format(keys=_marks(keys)), list(keys)),
    )
    return Read(
        _goods(goods),
        _shelves(shelves),
        _with_pieces([pk for (pk,) in standing]),
        (goods[0][5] if goods else None) or ours,
    )


def _goods(rows: Sequence[tuple]) -> dict[str, Goods]:
    kits = components_of([row[1] for row in rows if row[6]]) if any(row[6] for row in rows) else {}
    return {
        sku: Goods(
            pk,
            kits[pk] if is_kit else {pk: 1} if is_counted else {},
            bool(is_kit),
            is_active and state == Product.State.ACTIVE,
            bool(is_held),
        )
        for sku, pk, is_counted, is_active, state, _clock, is_kit, is_held in rows
    }


def _shelves(rows: Sequence[tuple]) -> dict[int, list[Shelf]]:
    shelves: dict[int, list[Shelf]] = defaultdict(list)
    for shelf in in_shipping_order(Shelf(*row) for row in rows):
        shelves[shelf.variant_id].append(shelf)
    return shelves


def in_shipping_order(shelves: Iterable[Shelf]) -> list[Shelf]:
    return sorted(shelves, key=attrgetter("priority", "code"))


def piece_key(key: str, number: int) -> str:
    """Each row has a key of its own. The number stands first, where no caller can write it."""
    return key if number == 0 else f"#{number}#{key}"


def _with_pieces(pks: list[int]) -> dict[str, list[Reservation]]:
    """The rows of earlier requests by their key, each in the order of its pieces."""
    if not pks:
        return {}
    rows = {row.key: [row] for row in Reservation.objects.filter(pk__in=pks)}
    unread = set(rows)
    for first in count(1, PIECES_ASKED_FOR):
        if not unread:
            break
        names = {
            piece_key(key, number): key
            for key in unread
            for number in range(first, first + PIECES_ASKED_FOR)
        }
        more = list(Reservation.objects.filter(key__in=list(names)).order_by("pk"))
        for row in more:
            rows[names[row.key]].append(row)
        unread = {names[row.key] for row in more}
    return rows


def write(rows: Sequence[Reservation], units_by_level: Mapping[int, tuple[int, int]]) -> None:
    """Insert new reservations with their movements and take their units from counters and fences.

    units_by_level: units from what is available, units from fences. Levels that give alike share one
    UPDATE. Raises InsufficientStockError when a counter or a fence does not hold so many: then
    nothing may be committed.
    """
    _take_from_fences(rows)
    parts = [rows[at : at + ROWS_AT_ONCE] for at in range(0, len(rows), ROWS_AT_ONCE)]
    for part in parts[:-1]:
        _give_pks(part, _journey(*_insert(part))[0])
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for level, units in units_by_level.items():
        alike[units].append(level)
    takes = [
        (TAKE.format(levels=_marks(levels)), [free + fenced, fenced, free, fenced, *levels])
        for (free, fenced), levels in alike.items()
    ]
    made, _posted, *taken = _journey(*_insert(parts[-1]), *takes)
    if taken != [len(levels) for levels in alike.values()]:
        raise InsufficientStockError(_("Not enough stock in this warehouse."))
    _give_pks(parts[-1], made)


def _insert(rows: Sequence[Reservation]) -> list[Statement]:
    marks = ", ".join(["(%s, %s, %s, %s, %s, %s, 'held', %s, %s, %s, %s)"] * len(rows))
    moment = connection.ops.adapt_datetimefield_value
    values = chain.from_iterable(
        (
            row.variant_id,
            row.warehouse_id,
            row.ring_fence_id,
            row.kit_id,
            row.cart,
            row.units,
            row.key,
            row.request_sha256,
            moment(row.expires_at),
            moment(row.created_at),
        )
        for row in rows
    )
    keys = [row.key for row in rows]
    return [
        (WRITE.format(rows=marks), list(values)),
        (POST.format(keys=_marks(keys)), keys),
    ]


def _give_pks(rows: Sequence[Reservation], made: Sequence[tuple]) -> None:
    pks = {key: pk for pk, key in made}
    for row in rows:
        row.pk = pks[row.key]
        row._state.adding = False


def _take_from_fences(rows: Sequence[Reservation]) -> None:
    fenced: dict[int, int] = defaultdict(int)
    for row in rows:
        if row.ring_fence_id is not None:
            fenced[row.ring_fence_id] += row.units
    for fence, units in sorted(fenced.items()):
        there = RingFence.objects.filter(pk=fence, released_at=None, units_left__gte=units)
        if not there.update(units_left=F("units_left") - units):
            raise InsufficientStockError(_("There are not so many units behind this ring fence."))


def _marks(values: Collection[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _journey(*statements: Statement) -> list[Any]:
    """What each statement returns: its rows, or how many rows it changed.

    PostgreSQL takes them all at once and answers all at once: under load the way there and back
    costs more than the work, and the counters are locked meanwhile. Each still sees what was
    committed before it began. SQLite is no journey away and takes one at a time.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return [_result(cursor.execute(*one)) for one in statements]
        values = [value for _sql, given in statements for value in given]
        cursor.execute(";".join(sql for sql, _values in statements), values)
        results = [_result(cursor)]
        while cursor.nextset():
            results.append(_result(cursor))
    return results


def _result(cursor: Any) -> Any:
    return cursor.fetchall() if cursor.description else cursor.rowcount
