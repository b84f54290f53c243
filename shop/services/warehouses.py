"""How much may be promised, and which warehouse gives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import StockLevel, Variant, Warehouse
from shop.services.movements import StockError


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
    """Which warehouse gives how many of each variant: whole from one if it can, else split.

    A reading only; the conditional UPDATE decides. Raises OutOfStockError naming every shortage.
    """
    levels: dict[int, list[StockLevel]] = {variant_id: [] for variant_id in wanted_units}
    found = StockLevel.objects.filter(variant__in=wanted_units, on_hand__gt=0)
    for level in found.order_by("warehouse__priority", "pk"):
        levels[level.variant_id].append(level)
    short = {
        variant_id: sum(level.available for level in levels[variant_id])
        for variant_id, units in wanted_units.items()
        if sum(level.available for level in levels[variant_id]) < units
    }
    if short:
        raise OutOfStockError(_shortages(wanted_units, short))
    return [
        piece
        for variant_id, units in wanted_units.items()
        for piece in split(levels[variant_id], units)
    ]


def split(levels: list[StockLevel], units: int) -> list[Piece]:
    """`levels` of one variant in the order of shipping, which hold at least `units` together."""
    whole = next((level for level in levels if level.available >= units), None)
    if whole:
        return [Piece(whole.variant_id, whole.warehouse_id, units)]
    pieces = []
    for level in levels:
        part = min(level.available, units)
        if part > 0:
            pieces.append(Piece(level.variant_id, level.warehouse_id, part))
            units -= part
    return pieces


def _shortages(wanted_units: Mapping[int, int], short: Mapping[int, int]) -> list[Shortage]:
    skus = dict(Variant.objects.filter(pk__in=short).values_list("pk", "sku"))
    return [Shortage(skus[pk], wanted_units[pk], units) for pk, units in short.items()]
