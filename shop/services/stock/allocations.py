"""What an order's lines were promised: which SKU (of a kit: which component) from which place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from shop.models import Allocation, MovementKind, Order, OrderLine
from shop.services.stock.kits import Components
from shop.services.stock.movements import Change, in_lock_order, post
from shop.services.stock.reservations import mark_ordered, open_fences
from shop.services.stock.warehouses import plan_pieces


class Taken(NamedTuple):
    """Units that the order takes, before it has a key: the changes to post and the places."""

    changes: list[Callable[[Order], Change]]
    places: dict[int, dict[int, int]]  # variant → warehouse → units


def take(cart: str, wanted_units: Mapping[int, int]) -> Taken:
    """The cart's own reservations first, then whatever else is available, by inventory item.

    Raises OutOfStockError naming every shortage.
    """
    left = dict(wanted_units)
    changes: list[Callable[[Order], Change]] = []
    places: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    ordered = mark_ordered(cart, left) if cart else []
    back, _now = open_fences(ordered)
    for held in ordered:
        used = min(held.units, left[held.variant_id])
        left[held.variant_id] -= used
        place = (held.variant_id, held.warehouse_id)
        key = f"reservation:{held.pk}"
        if used:
            places[held.variant_id][held.warehouse_id] += used
            changes.append(partial(_allocation, *place, used, f"{key}:order", reserved=-used))
        if rest := held.units - used:
            fence = held.ring_fence_id if held.ring_fence_id in back else None
            changes.append(partial(_rest_released, *place, rest, f"{key}:close", fence=fence))
    for variant, warehouse, units in plan_pieces({pk: n for pk, n in left.items() if n}):
        places[variant][warehouse] += units
        changes.append(partial(_allocation, variant, warehouse, units, ""))
    return Taken(changes, places)


def give_to_lines(order: Order, lines: Iterable[OrderLine], parts: Components, taken: Taken):
    """Post what was taken and write down which line got it: earlier lines from nearer places."""
    rows = []
    for line in lines:
        for variant, each in parts.get(line.variant_id or 0, {}).items():
            rows += _from_places(line, variant, each * line.units, taken.places[variant])
    Allocation.objects.bulk_create(rows)
    for change in in_lock_order([made(order) for made in taken.changes]):
        post(change)


def _from_places(
    line: OrderLine, variant: int, units: int, places: dict[int, int]
) -> list[Allocation]:
    found = []
    for warehouse, there in places.items():
        if used := min(units, there):
            places[warehouse] -= used
            units -= used
            found.append(
                Allocation(order_line=line, variant_id=variant, warehouse_id=warehouse, units=used)
            )
    return found


def allocations_of(order: Order) -> list[Allocation]:
    rows = Allocation.objects.filter(order_line__order=order)
    return list(rows.select_related("order_line", "variant", "warehouse").order_by("pk"))


def give_back_open(order: Order, by: Any) -> None:
    """What will not be shipped may be promised again. Twice equals once: nothing is open then."""
    still_open = [one for one in allocations_of(order) if one.open_units]
    changes = [
        _change(one, order, MovementKind.CANCEL, f"allocation:{one.pk}:cancel", by)
        for one in still_open
    ]
    for one in still_open:
        one.cancelled_units += one.open_units
    Allocation.objects.bulk_update(still_open, ["cancelled_units"])
    _note_on_lines(order)
    for change in in_lock_order(changes):
        post(change)


def _note_on_lines(order: Order) -> None:
    """A line says itself how many of its units were given up: every sum over lines asks for it.

    Of a kit the parts are promised, shipped and given up together, so that its units are in the
    same proportion as theirs.
    """
    promised: dict[OrderLine, list[int]] = defaultdict(lambda: [0, 0])
    for one in allocations_of(order):
        promised[one.order_line][0] += one.cancelled_units
        promised[one.order_line][1] += one.units
    for line, (cancelled, units) in promised.items():
        line.cancelled_units = line.units * cancelled // units
    OrderLine.objects.bulk_update(promised, ["cancelled_units"])


def _change(one: Allocation, order: Order, kind: str, key: str, by: Any) -> Change:
    return Change(
        one.variant_id,
        one.warehouse_id,
        kind,
        key,
        allocated=-one.open_units,
        reference=f"order:{order.number}",
        by=by,
    )


def _allocation(
    variant_id: int, warehouse_id: int, units: int, key: str, order: Order, *, reserved: int = 0
) -> Change:
    return Change(
        variant_id,
        warehouse_id,
        MovementKind.ALLOCATE,
        key or f"order:{order.pk}:{variant_id}:{warehouse_id}:allocate",
        allocated=units,
        reserved=reserved,
        reference=f"order:{order.number}",
    )


def _rest_released(
    variant_id: int, warehouse_id: int, units: int, key: str, order: Order, *, fence: int | None
) -> Change:
    """To the quota they came from while it is open, else to everybody."""
    return Change(
        variant_id,
        warehouse_id,
        MovementKind.RELEASE,
        key,
        reserved=-units,
        ring_fenced=units if fence else 0,
        ring_fence_id=fence,
        reference=f"order:{order.number}",
    )
