"""Carry out many wishes for units in one transaction, as if they came one after the other.

The statements are the same for one wish and for a hundred: read the goods, lock their counters in
the order of their primary key, look for keys that stand already, then, in Python and in the order
of arrival, decide who gets what, and write it: the reservations, their movements, and one
conditional UPDATE for the counters. Two journeys to the database and the commit. The database has the last word: the UPDATE's own condition
says whether the units are there, and the table's CHECK stands below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import Price, PriceKind, Reservation, RingFence
from shop.models.stock import FLASH_SALE
from shop.services.stock.movements import StockError, StockKeyReusedError, until_it_fits
from shop.services.stock.reservation_rows import (
    Goods,
    in_shipping_order,
    piece_key,
    read_and_lock,
    write,
)
from shop.services.stock.warehouses import OutOfStockError, Piece, Shortage, source


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


def reserve_together(wishes: Sequence[Wish]) -> list[Held | StockError]:
    """All or nothing for each wish; one transaction for all. Answers in the order of `wishes`."""
    try:
        return until_it_fits(lambda: _Round(wishes).carry_out())
    except IntegrityError:
        if len(wishes) > 1:
            raise  # each tries alone
        # A rival with the same key was faster, on other counters; now its rows are seen.
        return until_it_fits(lambda: _Round(wishes).carry_out())


class _Round:
    """The wishes of one transaction and what is left while they are decided."""

    def __init__(self, wishes: Sequence[Wish]):
        self.wishes = wishes
        self.goods, self.shelves, self.under_key, self.now = read_and_lock(
            {wish.sku for wish in wishes}, {wish.key for wish in wishes}
        )
        self.fences = _fences(wishes)
        self.new: list[Reservation] = []
        self.given: dict[int, tuple[int, int]] = {}  # per level: free units, units of fences

    def carry_out(self) -> list[Held | StockError]:
        answers = [self._answer(wish) for wish in self.wishes]
        if self.new:
            write(self.new, self.given)
        return answers

    def _answer(self, wish: Wish) -> Held | StockError:
        try:
            if before := self.under_key.get(wish.key):
                return Held(_same(before, wish), is_repeat=True)
            rows = self._rows(wish, _checked(self.goods.get(wish.sku), wish))
        except StockError as refusal:
            return refusal
        self.new += rows
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
        free = {item: sum(one.available for one in self.shelves[item]) for item in whole}
        if any(free[item] < units for item, units in whole.items()):
            buildable = min(free[item] // in_one for item, in_one in goods.items.items())
            raise OutOfStockError([Shortage(wish.sku, wish.units, buildable)])
        return self._take(whole)

    def _take(self, units_of: dict[int, int]) -> list[Piece]:
        shelves = [shelf for item in units_of for shelf in self.shelves[item]]
        # The sourcing rule of every order, for a line of its own.
        [pieces] = source([units_of], in_shipping_order(shelves))
        given = {(piece.variant_id, piece.warehouse_id): piece.units for piece in pieces}
        for shelf in shelves:
            if units := given.get((shelf.variant_id, shelf.warehouse_id)):
                shelf.available -= units
                self._note(shelf.pk, units, 0)
        return pieces

    def _from_fence(self, wish: Wish, goods: Goods) -> Piece:
        fence = self.fences.get(wish.ring_fence.pk) if wish.ring_fence else None
        if fence is None or goods.items != {fence.variant_id: 1}:
            raise StockError(_("This quota was not set aside for this SKU."))
        if wish.only_on_sale and not _sells_now(fence, self.now):
            raise StockError(_("The flash sale of this quota is not on."))
        left = fence.units_left if fence.is_open(self.now) else 0
        if left < wish.units:
            raise OutOfStockError([Shortage(wish.sku, wish.units, left)])
        fence.units_left -= wish.units
        shelves = self.shelves[fence.variant_id]
        [shelf] = [one for one in shelves if one.warehouse_id == fence.warehouse_id]
        self._note(shelf.pk, 0, wish.units)
        return Piece(fence.variant_id, fence.warehouse_id, wish.units)

    def _note(self, level: int, free_units: int, fenced_units: int) -> None:
        free, fenced = self.given.get(level, (0, 0))
        self.given[level] = (free + free_units, fenced + fenced_units)


def _sells_now(fence: RingFence, at: datetime) -> bool:
    """Whether the shop's site may sell from it: for a flash sale, while the flash price is in force."""
    flash = Price.objects.filter(variant=fence.variant_id, kind=PriceKind.FLASH)
    running = flash.filter(valid_from__lte=at, valid_until__gt=at)
    return fence.purpose.startswith(FLASH_SALE) and running.exists()


def _fences(wishes: Sequence[Wish]) -> dict[int, RingFence]:
    """Behind the lock of their levels, which everybody takes first."""
    wanted = {wish.ring_fence.pk for wish in wishes if wish.ring_fence}
    return RingFence.objects.in_bulk(wanted) if wanted else {}


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
