"""Orders: placed from the ledgers, moved along TRANSITIONS and nowhere else."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import (
    Channel,
    Customer,
    Event,
    EventKind,
    LineKind,
    MovementKind,
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    Price,
    Purpose,
    Variant,
)
from shop.models.orders import TRANSITIONS
from shop.services.movements import Change, in_lock_order, post, until_it_fits
from shop.services.prices import prices_at
from shop.services.reservations import mark_ordered
from shop.services.warehouses import plan_pieces


class OrderError(Exception):
    """Why the order cannot be placed or moved; its text is meant for the merchant."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class OrderStateError(OrderError):
    """The order is not where this step begins."""


class OrderKeyReusedError(OrderError):
    """The key already stands for another order."""


class PriceChangedError(OrderError):
    """The customer was shown another total."""


class LineProblem(NamedTuple):
    line: int
    sku: str
    code: str
    message: Any


class OrderRefusedError(OrderError):
    """Lines that cannot be sold, each with its reason."""

    def __init__(self, problems: list[LineProblem]):
        self.problems = problems
        super().__init__(format_lazy("{}: {}", problems[0].sku, problems[0].message))


class WantedLine(NamedTuple):
    sku: str
    units: int


@dataclass(frozen=True)
class NewOrder:
    """What a customer wants. No prices: they come from the ledger."""

    lines: tuple[WantedLine, ...]
    customer: Customer | None = None
    channel: Channel | None = None
    cart: str = ""  # whose reservations are used up first
    country: str = ""
    visitor: str = ""
    session: str = ""
    expected_total_minor: int | None = None  # what the customer was shown


def place_order(wanted: NewOrder, *, key: str) -> Order:
    """Price, allocate and write the order in one transaction. The same key again: the same order.

    Raises OrderRefusedError, PriceChangedError or OutOfStockError; then nothing is changed.
    """
    if not wanted.lines or any(line.units <= 0 for line in wanted.lines):
        raise OrderError(_("An order has lines, and each line has units above zero."))
    if first := _placed_under(key, wanted):
        return first
    try:
        return until_it_fits(partial(_place_once, wanted, key))
    except IntegrityError:
        first = _placed_under(key, wanted)  # a rival with the same key was faster
        if first is None:
            raise
        return first


def pay(order: Order, *, by: Any = None, note: str = "") -> Order:
    return _move(order, OrderState.PAID, by, note)


def ship(order: Order, *, by: Any = None, note: str = "") -> Order:
    """The goods leave: what was allocated is consumed."""
    return _move(order, OrderState.SHIPPED, by, note, effect=_consume)


def deliver(order: Order, *, by: Any = None, note: str = "") -> Order:
    return _move(order, OrderState.DELIVERED, by, note)


def cancel(order: Order, *, by: Any = None, note: str = "") -> Order:
    """The order will not ship: what was allocated may be sold again."""
    return _move(order, OrderState.CANCELLED, by, note, effect=_cancel_allocations)


def _move(
    order: Order, to: str, by: Any, note: str, *, effect: Callable[[Order, Any], None] | None = None
) -> Order:
    """Compare-and-set the state, write who did it, carry out what it means. Twice equals once."""
    with transaction.atomic():
        before = _step(order, to)
        order.state = to
        if before == to:
            return order
        OrderTransition.objects.create(
            order=order, from_state=before, to_state=to, by=by, note=note[:200]
        )
        if effect and not order.is_history:
            effect(order, by)
    return order


def _step(order: Order, to: str) -> str:
    """The state before. A rival may have moved the order since it was read: then look again."""
    for _try in OrderState:
        before = Order.objects.values_list("state", flat=True).get(pk=order.pk)
        if before == to:
            return before
        if to not in TRANSITIONS[OrderState(before)]:
            break
        if Order.objects.filter(pk=order.pk, state=before).update(state=to):
            return before
    raise OrderStateError(
        format_lazy(
            _("Order {number} is {before}; it cannot become {to}."),
            number=order.number,
            before=OrderState(before).label,
            to=OrderState(to).label,
        )
    )


def _consume(order: Order, by: Any) -> None:
    _post_lines(order, by, MovementKind.CONSUME, on_hand=-1, allocated=-1)


def _cancel_allocations(order: Order, by: Any) -> None:
    _post_lines(order, by, MovementKind.CANCEL, allocated=-1)


def _post_lines(order: Order, by: Any, kind: str, *, on_hand: int = 0, allocated: int = 0) -> None:
    """`on_hand` and `allocated`: what one unit of a line does to the counters."""
    lines = order.lines.filter(kind=LineKind.ITEM)
    changes = [
        Change(
            line.variant_id,
            line.warehouse_id,
            kind,
            f"order:{order.pk}:line:{line.pk}:{kind}",
            reference=f"order:{order.number}",
            by=by,
            on_hand=on_hand * line.units,
            allocated=allocated * line.units,
        )
        for line in lines
        if line.variant_id is not None and line.warehouse_id is not None
    ]
    for change in in_lock_order(changes):
        post(change)


def _placed_under(key: str, wanted: NewOrder) -> Order | None:
    first = Order.objects.filter(idempotency_key=key).first()
    if first is None:
        return None
    before: dict[str, int] = defaultdict(int)
    for sku, units in first.lines.filter(kind=LineKind.ITEM).values_list("variant__sku", "units"):
        before[sku] += units
    if dict(before) != _units_by_sku(wanted) or first.customer != wanted.customer:
        raise OrderKeyReusedError(_("This key already stands for another order."))
    return first


def _units_by_sku(wanted: NewOrder) -> dict[str, int]:
    units: dict[str, int] = defaultdict(int)
    for line in wanted.lines:
        units[line.sku] += line.units
    return dict(units)


def _place_once(wanted: NewOrder, key: str) -> Order:
    now = timezone.now()
    variants, prices = _sellable(wanted, now)
    units = {variants[sku].pk: count for sku, count in _units_by_sku(wanted).items()}
    counted = {variant.pk for variant in variants.values() if variant.tracks_stock}
    tracked = {pk: count for pk, count in units.items() if pk in counted}
    changes, places = _take_stock(wanted.cart, tracked)
    places |= {(pk, None): count for pk, count in units.items() if pk not in tracked}
    as_wanted = dict(sorted(places.items(), key=lambda place: list(units).index(place[0][0])))
    total = sum(count * prices[pk].amount_minor for pk, count in units.items())
    if wanted.expected_total_minor not in (None, total):
        raise PriceChangedError(_("The prices have changed since the customer saw them."))
    order = Order.objects.create(
        number=_new_number(),
        customer=wanted.customer,
        channel=wanted.channel,
        currency=next(iter(prices.values())).currency,
        items_minor=total,
        total_minor=total,
        country=wanted.country,
        placed_at=now,
        idempotency_key=key,
    )
    _write_lines(order, as_wanted, {v.pk: v for v in variants.values()}, prices)
    for change in in_lock_order([made(order) for made in changes]):
        post(change)
    _write_events(order, wanted, units)
    return order


def _sellable(wanted: NewOrder, now: datetime) -> tuple[dict[str, Variant], dict[int, Price]]:
    """Variants by SKU and prices by variant. Raises OrderRefusedError naming every line at fault."""
    skus = {line.sku for line in wanted.lines}
    found = {
        variant.sku: variant
        for variant in Variant.objects.on_sale().filter(sku__in=skus).select_related("product")
    }
    pks = [variant.pk for variant in found.values()]
    held = set(Variant.objects.held(now).filter(pk__in=pks).values_list("pk", flat=True))
    prices = prices_at(pks, now, wanted.channel)
    problems = [
        LineProblem(index, line.sku, *reason)
        for index, line in enumerate(wanted.lines)
        if (reason := _why_not(found.get(line.sku), held, prices))
    ]
    if problems:
        raise OrderRefusedError(problems)
    if len({price.currency for price in prices.values()}) > 1:
        raise OrderError(_("These goods are priced in different currencies."))
    return found, prices


def _why_not(
    variant: Variant | None, held: set[int], prices: dict[int, Price]
) -> tuple[str, Any] | None:
    if variant is None:
        return "not_on_sale", _("This SKU is not on sale.")
    if variant.pk in held:
        return "held", _("The sale of this SKU is stopped for now.")
    if variant.pk not in prices:
        return "no_price", _("This SKU has no price.")
    return None


def _take_stock(
    cart: str, wanted_units: dict[int, int]
) -> tuple[list[Callable[[Order], Change]], dict[tuple[int, int | None], int]]:
    """What to post once the order has a key, and how many units come from which place.

    The cart's own reservations first, then whatever else is available.
    """
    left = dict(wanted_units)
    changes: list[Callable[[Order], Change]] = []
    places: dict[tuple[int, int | None], int] = defaultdict(int)
    for held in mark_ordered(cart, wanted_units) if cart else []:
        used = min(held.units, left[held.variant_id])
        left[held.variant_id] -= used
        place = (held.variant_id, held.warehouse_id)
        key = f"reservation:{held.pk}"
        if used:
            places[place] += used
            changes.append(partial(_allocation, *place, used, f"{key}:order", reserved=-used))
        if rest := held.units - used:
            changes.append(partial(_rest_released, *place, rest, f"{key}:close"))
    for variant, warehouse, units in plan_pieces({pk: n for pk, n in left.items() if n}):
        places[variant, warehouse] += units
        changes.append(partial(_allocation, variant, warehouse, units, ""))
    return changes, places


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
    variant_id: int, warehouse_id: int, units: int, key: str, order: Order
) -> Change:
    reference = f"order:{order.number}"
    return Change(
        variant_id, warehouse_id, MovementKind.RELEASE, key, reserved=-units, reference=reference
    )


def _write_lines(
    order: Order,
    places: dict[tuple[int, int | None], int],
    variants: dict[int, Variant],
    prices: dict[int, Price],
) -> None:
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            variant=variants[variant_id],
            warehouse_id=warehouse_id,
            text=f"{variants[variant_id].product.name} {variants[variant_id].name}".strip()[:300],
            units=units,
            unit_price_minor=prices[variant_id].amount_minor,
            total_minor=units * prices[variant_id].amount_minor,
        )
        for position, ((variant_id, warehouse_id), units) in enumerate(places.items())
    )


def _write_events(order: Order, wanted: NewOrder, units: dict[int, int]) -> None:
    """A purchase is an event too, written in the transaction that made it true."""
    customer = wanted.customer
    consent = bool(customer and customer.allows(Purpose.ANALYTICS, order.placed_at))
    Event.objects.bulk_create(
        Event(
            event_id=f"order:{order.pk}:{variant_id}",
            kind=EventKind.PURCHASE,
            occurred_at=order.placed_at,
            received_at=order.placed_at,
            session=wanted.session,
            visitor=wanted.visitor,
            customer=customer,
            variant_id=variant_id,
            order=order,
            units=count,
            consent=consent,
        )
        for variant_id, count in units.items()
    )


def _new_number() -> str:
    """Ten digits that can be read out and not guessed from the number before."""
    while True:
        number = str(1_000_000_000 + secrets.randbelow(9_000_000_000))
        if not Order.objects.filter(number=number).exists():
            return number
