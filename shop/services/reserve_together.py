"""Carry out many wishes for units in one transaction, as if they came one after the other.

The statements are the same for one wish and for a hundred: read the goods, lock their counters in
the order of their primary key, look for keys that stand already, then, in Python and in the order
of arrival, decide who gets what, and write it: the reservations, their movements, and one
conditional UPDATE for the counters. The database has the last word: the UPDATE's own condition
says whether the units are there, and the table's CHECK stands below it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from django.db import IntegrityError, connection
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import (
    KitComponent,
    MovementKind,
    Product,
    Reservation,
    RingFence,
    SellingHold,
    StockLevel,
    Variant,
)
from shop.services.bulk_movements import lock_levels, post_together
from shop.services.movements import Change, StockError, StockKeyReusedError, until_it_fits
from shop.services.warehouses import OutOfStockError, Piece, Shortage, split

PIECES_ASKED_FOR = 20  # reservations of more rows are read in steps of so many


class SkuUnknownError(StockError):
    """There is no such SKU, or it is not on sale."""


class SaleStoppedError(StockError):
    """The sale of this SKU is stopped for now."""


@dataclass(frozen=True)
class Wish:
    """Units that a cart wants held until a time, under a key."""

    sku: str
    units: int
    cart: str
    key: str
    held_for: timedelta
    expires_at: datetime | None = None  # goes before held_for
    ring_fence: RingFence | None = None
    only_on_sale: bool = False
    by: Any = None

    @property
    def request_sha256(self) -> str:
        """What the key stands for: another request under it is refused."""
        fence = self.ring_fence.pk if self.ring_fence else None
        until = None if self.expires_at else self.held_for.total_seconds()
        asked = repr((self.sku, self.units, self.cart, fence, until))
        return hashlib.sha256(asked.encode()).hexdigest()


class Held(NamedTuple):
    """The rows of a reservation; `is_repeat` when an earlier request with the key made them."""

    reservations: list[Reservation]
    is_repeat: bool


class Goods(NamedTuple):
    """What a wish names."""

    pk: int
    items: dict[int, int]  # units of each counted variant in one of it
    is_kit: bool
    is_on_sale: bool
    is_held: bool


def reserve_together(wishes: Sequence[Wish]) -> list[Held | StockError]:
    """All or nothing for each wish; one transaction for all. Answers in the order of `wishes`."""
    try:
        return until_it_fits(lambda: _Round(wishes).carry_out())
    except IntegrityError:
        if len(wishes) > 1:
            raise  # each tries alone
        # A rival with the same key was faster, on other counters; now its rows are seen.
        return until_it_fits(lambda: _Round(wishes).carry_out())


def piece_key(key: str, number: int) -> str:
    """Each row has a key of its own. The number stands first, where no caller can write it."""
    return key if number == 0 else f"#{number}#{key}"


class _Round:
    """The wishes of one transaction and what is left while they are decided."""

    def __init__(self, wishes: Sequence[Wish]):
        self.wishes = wishes
        self.goods = _goods({wish.sku for wish in wishes})
        self.levels = lock_levels({item for one in self.goods.values() for item in one.items})
        self.fences = _fences(wishes)
        self.now = database_time()
        self.shelves = _shelves(self.levels.values())
        self.under_key = _standing({wish.key for wish in wishes})
        self.new: list[Reservation] = []
        self.changes: list[tuple[Reservation, Any]] = []

    def carry_out(self) -> list[Held | StockError]:
        answers = [self._answer(wish) for wish in self.wishes]
        Reservation.objects.bulk_create(self.new)
        post_together([self._change(*one) for one in self.changes], self.levels)
        return answers

    def _answer(self, wish: Wish) -> Held | StockError:
        try:
            if before := self.under_key.get(wish.key):
                return Held(_same(before, wish), is_repeat=True)
            rows = self._rows(wish, _checked(self.goods.get(wish.sku), wish))
        except StockError as refusal:
            return refusal
        self.new += rows
        self.changes += [(row, wish.by) for row in rows]
        if rows:
            self.under_key[wish.key] = rows
        return Held(rows, is_repeat=False)

    def _rows(self, wish: Wish, goods: Goods) -> list[Reservation]:
        sha256 = wish.request_sha256
        return [
            Reservation(
                variant_id=piece.variant_id,
                warehouse_id=piece.warehouse_id,
                ring_fence_id=wish.ring_fence.pk if wish.ring_fence else None,
                kit_id=goods.pk if goods.is_kit else None,
                cart=wish.cart,
                units=piece.units,
                key=piece_key(wish.key, number),
                request_sha256=sha256,
                expires_at=wish.expires_at or self.now + wish.held_for,
                created_at=self.now,
            )
            for number, piece in enumerate(self._pieces(wish, goods))
        ]

    def _pieces(self, wish: Wish, goods: Goods) -> list[Piece]:
        """Take the units off the shelves, or off the fence; raises OutOfStockError and takes none."""
        if wish.ring_fence is not None:
            return [self._from_fence(wish, goods)]
        whole = {item: wish.units * in_one for item, in_one in goods.items.items()}
        free = {item: sum(level.available for level in self.shelves[item]) for item in whole}
        if any(free[item] < units for item, units in whole.items()):
            buildable = min(free[item] // in_one for item, in_one in goods.items.items())
            raise OutOfStockError([Shortage(wish.sku, wish.units, buildable)])
        pieces = [
            piece for item, units in whole.items() for piece in split(self.shelves[item], units)
        ]
        for piece in pieces:
            self.levels[piece.variant_id, piece.warehouse_id].reserved += piece.units
        return pieces

    def _from_fence(self, wish: Wish, goods: Goods) -> Piece:
        fence = self.fences.get(wish.ring_fence.pk) if wish.ring_fence else None
        if fence is None or goods.items != {fence.variant_id: 1}:
            raise StockError(_("This quota was not set aside for this SKU."))
        left = fence.units_left if fence.is_open(self.now) else 0
        if left < wish.units:
            raise OutOfStockError([Shortage(wish.sku, wish.units, left)])
        fence.units_left -= wish.units
        return Piece(fence.variant_id, fence.warehouse_id, wish.units)

    def _change(self, row: Reservation, by: Any) -> Change:
        return Change(
            row.variant_id,
            row.warehouse_id,
            MovementKind.RESERVE,
            f"reservation:{row.pk}:hold",
            reserved=row.units,
            ring_fenced=-row.units if row.ring_fence_id else 0,
            ring_fence_id=row.ring_fence_id,
            reference=f"cart:{row.cart}",
            by=by,
            occurred_at=self.now,
        )


def database_time() -> datetime:
    """The clock that reservations run by. SQLite runs in this process: its clock is ours."""
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


def _goods(skus: Iterable[str]) -> dict[str, Goods]:
    held = SellingHold.objects.in_force(timezone.now()).filter(variant=OuterRef("pk"))
    found = Variant.objects.filter(sku__in=list(skus)).annotate(
        is_kit=Exists(KitComponent.objects.filter(kit=OuterRef("pk"))), is_held=Exists(held)
    )
    columns = ("sku", "pk", "tracks_stock", "is_active", "product__state", "is_kit", "is_held")
    rows = list(found.order_by().values_list(*columns))
    kits = _components([pk for _sku, pk, *_flags, is_kit, _held in rows if is_kit])
    return {
        sku: Goods(
            pk,
            kits[pk] if is_kit else {pk: 1} if is_counted else {},
            is_kit,
            is_active and state == Product.State.ACTIVE,
            is_held,
        )
        for sku, pk, is_counted, is_active, state, is_kit, is_held in rows
    }


def _components(kits: list[int]) -> dict[int, dict[int, int]]:
    if not kits:
        return {}
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = KitComponent.objects.filter(kit__in=kits, component__tracks_stock=True)
    for kit, item, units in rows.order_by("pk").values_list("kit", "component", "units"):
        found[kit][item] = units
    return found


def _fences(wishes: Sequence[Wish]) -> dict[int, RingFence]:
    """Behind the lock of their levels, which everybody takes first."""
    wanted = {wish.ring_fence.pk for wish in wishes if wish.ring_fence}
    return RingFence.objects.in_bulk(wanted) if wanted else {}


def _shelves(levels: Iterable[StockLevel]) -> dict[int, list[StockLevel]]:
    """Per variant, the warehouses that have some, in the order of shipping."""
    shelves: dict[int, list[StockLevel]] = defaultdict(list)
    for level in sorted(levels, key=lambda one: (one.warehouse.priority, one.pk)):
        if level.on_hand > 0:
            shelves[level.variant_id].append(level)
    return shelves


def _standing(keys: set[str]) -> dict[str, list[Reservation]]:
    """The rows that stand under these keys already, each in the order of its pieces."""
    rows = {row.key: [row] for row in Reservation.objects.filter(key__in=keys)}
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


def _same(before: list[Reservation], wish: Wish) -> list[Reservation]:
    if before[0].request_sha256 != wish.request_sha256:
        raise StockKeyReusedError(_("This key already stands for another reservation."))
    return before


def _checked(goods: Goods | None, wish: Wish) -> Goods:
    if goods is None or (wish.only_on_sale and not goods.is_on_sale):
        raise SkuUnknownError(format_lazy(_("{sku} is not on sale."), sku=wish.sku))
    if wish.only_on_sale and goods.is_held:
        raise SaleStoppedError(_("The sale of this SKU is stopped for now."))
    return goods
