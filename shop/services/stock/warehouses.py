"""How much may be promised, and which warehouse gives it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import StockLevel, Variant, Warehouse
from shop.services.stock.kits import Components, components_of, items_of
from shop.services.stock.movements import StockError

Shelves = dict[int, dict[int, int]]  # warehouse → item → units that may still be promised


class Shortage(NamedTuple):
    sku: str
    wanted_units: int
    available_units: int


class OutOfStockError(StockError):
    """All warehouses together have too few units."""

    def __init__(self, shortages: list[Shortage]):
        self.shortages = shortages
        first = shortages[0]
        super().__init__(
            format_lazy(
                _("{sku}: {wanted} wanted, {available} available."),
                sku=first.sku,
                wanted=first.wanted_units,
                available=max(0, first.available_units),
            )
        )


class Piece(NamedTuple):
    """Units of one SKU from one warehouse."""

    variant_id: int
    warehouse_id: int
    units: int


def first_warehouse() -> Warehouse:
    """Where goods go when nothing says otherwise: the first in shipping order, made if none is."""
    first = Warehouse.objects.order_by("priority", "code").first()
    if first is not None:
        return first
    return Warehouse.objects.get_or_create(code="MAIN", defaults={"name": "Main"})[0]


def available(variant_ids: Iterable[int]) -> dict[int, int]:
    """Units that may be promised now, per variant, over all warehouses. One query."""
    rows = Variant.objects.filter(pk__in=list(variant_ids)).annotate_available()
    # The plug-in cannot see an annotation that a queryset method adds.
    return dict(rows.order_by().values_list("pk", "available_units"))  # type: ignore[misc]


def plan_pieces(wanted_units: Mapping[int, int]) -> list[Piece]:
    """Which warehouse gives how many of each counted item: of a kit, of its components.

    A reading only; the conditional UPDATE decides. Raises OutOfStockError naming every shortage.
    """
    components = components_of(wanted_units)
    needs = items_of(wanted_units, components)
    found = StockLevel.objects.filter(variant__in=needs, on_hand__gt=0)
    levels = list(found.order_by("warehouse__priority", "warehouse__code"))
    free: dict[int, int] = dict.fromkeys(needs, 0)
    for level in levels:
        free[level.variant_id] += level.available
    if any(free[item] < units for item, units in needs.items()):
        raise OutOfStockError(_shortages(wanted_units, components, free))
    lines = [items_of({pk: units}, components) for pk, units in wanted_units.items()]
    return _merged(piece for pieces in source(lines, levels) for piece in pieces)


class Stocked(Protocol):
    """What one warehouse can still give of one variant."""

    @property
    def variant_id(self) -> int: ...

    @property
    def warehouse_id(self) -> int: ...

    @property
    def available(self) -> int: ...


def source(lines: Sequence[Mapping[int, int]], levels: Iterable[Stocked]) -> list[list[Piece]]:
    """The sourcing rule. A line is units per item; `levels` stand in the order of shipping.

    1. One warehouse that can give everything gives everything: one parcel.
    2. Else a line comes whole from the first warehouse that can give all of it.
    3. Else each of its items comes whole from one warehouse where one can give it, or is split.

    The levels hold enough for all lines together.
    """
    shelves: Shelves = {}
    for level in levels:
        shelves.setdefault(level.warehouse_id, {})[level.variant_id] = level.available
    together: dict[int, int] = defaultdict(int)
    for line in lines:
        for item, units in line.items():
            together[item] += units
    if (place := _place_of_all(together, shelves)) is not None:
        shelves = {place: shelves[place]}
    return [_line(line, shelves) for line in lines]


def _place_of_all(items: Mapping[int, int], shelves: Shelves) -> int | None:
    """The first warehouse that can give all of these items."""
    for place, free in shelves.items():
        if all(free.get(item, 0) >= units for item, units in items.items()):
            return place
    return None


def _line(line: Mapping[int, int], shelves: Shelves) -> list[Piece]:
    place = _place_of_all(line, shelves)
    if place is not None:
        return [_from_shelf(item, place, units, shelves) for item, units in line.items()]
    return [piece for item, units in line.items() for piece in _item(item, units, shelves)]


def _item(item: int, units: int, shelves: Shelves) -> list[Piece]:
    place = _place_of_all({item: units}, shelves)
    if place is not None:
        return [_from_shelf(item, place, units, shelves)]
    pieces = []
    for place, free in shelves.items():
        part = min(free.get(item, 0), units)
        if part > 0:
            pieces.append(_from_shelf(item, place, part, shelves))
            units -= part
    return pieces


def _from_shelf(item: int, place: int, units: int, shelves: Shelves) -> Piece:
    shelves[place][item] -= units
    return Piece(item, place, units)


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    """One piece for each place: two lines may take the same item from the same shelf."""
    units: dict[tuple[int, int], int] = defaultdict(int)
    for piece in pieces:
        units[piece.variant_id, piece.warehouse_id] += piece.units
    return [Piece(*place, count) for place, count in units.items()]


def _shortages(
    wanted_units: Mapping[int, int], components: Components, free: dict[int, int]
) -> list[Shortage]:
    """Who gets too little when the lines are served in their order, and how many he could have."""
    skus = dict(Variant.objects.filter(pk__in=wanted_units).values_list("pk", "sku"))
    short = []
    for variant_id, units in wanted_units.items():
        items = components[variant_id]
        could = min((free[item] // in_one for item, in_one in items.items()), default=units)
        if could < units:
            short.append(Shortage(skus[variant_id], units, could))
        for item, in_one in items.items():
            free[item] -= min(could, units) * in_one
    return short
