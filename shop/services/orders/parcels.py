"""Which allocations a parcel takes, said in an order's own words: line, SKU, units, warehouse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import Allocation, Order
from shop.services.orders.order_states import OrderError
from shop.services.stock.allocations import allocations_of


class Piece(NamedTuple):
    """Units of a line by its position. A SKU names one component of a kit; else whole kits."""

    position: int
    units: int
    sku: str = ""


def pieces_of(order: Order, wanted: Iterable[Piece], warehouse: str = "") -> dict[int, int]:
    """Allocation → units. Raises OrderError when the warehouse was not promised to give them.

    Without a warehouse: the only one that still has anything of these lines to give.
    """
    wanted = list(wanted)
    positions = {one.position for one in wanted}
    near = [one for one in allocations_of(order) if one.order_line.position in positions]
    place = warehouse or _only_place(near)
    found: dict[int, int] = defaultdict(int)
    for piece in wanted:
        for sku, units in _items(near, piece).items():
            found[_allocation(near, piece, sku, place).pk] += units
    return dict(found)


def _only_place(near: list[Allocation]) -> str:
    places = {one.warehouse.code for one in near if one.open_units}
    if len(places) > 1:
        message = _("These lines lie in several warehouses ({places}): name one.")
        raise OrderError(format_lazy(message, places=", ".join(sorted(places))))
    return next(iter(places), "")


def _items(near: list[Allocation], piece: Piece) -> dict[str, int]:
    """Units per SKU that the piece takes off the shelf."""
    promised: dict[str, int] = defaultdict(int)
    for one in near:
        if one.order_line.position == piece.position and piece.sku in ("", one.variant.sku):
            promised[one.variant.sku] += one.units
            in_line = one.order_line.units
    if not promised:
        raise OrderError(_("This order has no such line, or nothing of it is counted."))
    if piece.sku:
        return {piece.sku: piece.units}
    return {sku: units // in_line * piece.units for sku, units in promised.items()}


def _allocation(near: list[Allocation], piece: Piece, sku: str, place: str) -> Allocation:
    for one in near:
        at = (one.order_line.position, one.variant.sku, one.warehouse.code)
        if at == (piece.position, sku, place):
            return one
    message = _("{sku}: nothing of it was promised from warehouse {place}.")
    raise OrderError(format_lazy(message, sku=sku, place=place or "–"))
