"""Reads what customers did as of any time: orders, lines, events, tickets.

Known at `as_of` means: placed, received, opened or paid back before it. An order cancelled later
still counts then, and so do the units of a rest given up later. Two things have no past here and are read as they are today: what a unit costs,
and which category a product lies in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from inventory.services.costs import unit_costs_minor
from shop.models import (
    Customer,
    Event,
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    Return,
)
from support.models import Ticket

if TYPE_CHECKING:
    import numpy as np

    from marketing.ml.behaviour import Facts

CHUNK = 2_000
TICKET_DAYS = 180


def known_orders(as_of: datetime) -> QuerySet[Order]:
    """Orders of customers that were placed before `as_of` and not cancelled by then."""
    later = OrderTransition.objects.filter(
        order=OuterRef("pk"), to_state=OrderState.CANCELLED, at__gte=as_of
    )
    return Order.objects.filter(
        Q(~Q(state=OrderState.CANCELLED)) | Q(Exists(later)),
        currency=settings.SHOP_CURRENCY,
        customer__isnull=False,
        placed_at__lt=as_of,
    )


def buyers(as_of: datetime, *, most: int) -> list[int]:
    """Keys of at most about `most` customers with an order before `as_of`, ascending: each n-th
    by key where there are more, so that the sample stays the same from night to night."""
    found = Customer.objects.filter(
        Exists(known_orders(as_of).filter(customer=OuterRef("pk"))), is_pseudonym=False
    ).order_by("pk")
    step = -(-found.count() // most) or 1
    if step > 1:
        found = found.alias(turn=F("pk") % step).filter(turn=0)
    return list(found.values_list("pk", flat=True))


def chunks_of_buyers(as_of: datetime, size: int = CHUNK) -> Iterator[list[int]]:
    """Every customer with an order before `as_of`, by key, some at a time."""
    last = 0
    has_order = Exists(known_orders(as_of).filter(customer=OuterRef("pk")))
    while True:
        found = Customer.objects.filter(has_order, pk__gt=last, is_pseudonym=False).order_by("pk")
        chunk = list(found.values_list("pk", flat=True)[:size])
        if not chunk:
            return
        last = chunk[-1]
        yield chunk


def facts_of(customers: Sequence[int], as_of: datetime, *, with_events: bool = True) -> Facts:
    """customers: keys, ascending. Read in chunks of CHUNK, eight queries each.

    with_events: False leaves events and tickets at 0, for models that read orders alone.
    """
    import numpy as np

    from marketing.ml.behaviour import EVENT_WINDOWS, Facts, Lines, Orders

    rows = {pk: row for row, pk in enumerate(customers)}
    orders: list[tuple] = []
    lines: list[tuple] = []
    events = np.zeros((len(customers), len(EVENT_WINDOWS)))
    last = np.full(len(customers), np.nan)
    tickets = np.zeros(len(customers))
    for start in range(0, len(customers), CHUNK):
        ids = list(customers[start : start + CHUNK])
        read_orders, read_lines = _bought(ids, rows, as_of)
        orders += read_orders
        lines += read_lines
        if with_events:
            _read_events(ids, rows, as_of, events, last)
            _read_tickets(ids, rows, as_of, tickets)
    return Facts(
        np.array(customers, dtype=np.int64),
        Orders(*_columns(orders, 10)),
        Lines(*_columns(lines, 5)),
        events,
        last,
        tickets,
        as_of.timestamp(),
    )


def _columns(rows: list[tuple], width: int) -> list[np.ndarray]:
    """The first column is a row number, the rest float64; keys and days are whole there."""
    import numpy as np

    table = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    return [table[:, 0].astype(np.int64), *(table[:, place] for place in range(1, width))]


def _bought(
    ids: list[int], rows: dict[int, int], as_of: datetime
) -> tuple[list[tuple], list[tuple]]:
    found = known_orders(as_of).filter(customer__in=ids).order_by("pk")
    placed = list(
        found.values_list(
            "pk", "customer_id", "placed_at", "total_minor", "tax_minor", "channel_id"
        )
    )
    refunds = _refunds(found, as_of)
    found_lines: Any = OrderLine.objects.sold_as_of(as_of).filter(order__in=found.order_by())
    items = [
        Item(*one)
        for one in found_lines.order_by("pk").values_list(
            "order_id", "order__customer_id", "variant_id", "variant__product__category_id",
            "units", "units_then", "unit_price_minor", "discount_minor", "given_up_then",
        )
    ]  # fmt: skip
    costs = _order_costs(items)
    given_up: dict[int, int] = defaultdict(int)
    for one in items:
        given_up[one.order] += one.given_up_minor
    read = [
        _order_row(one, rows, (refunds.get(one[0], 0), given_up[one[0]]), costs.get(one[0], 0.0))
        for one in placed
    ]
    lines = [
        (
            rows[one.customer], -1 if one.category is None else one.category, one.units,
            one.unit_price_minor, one.discount_minor * one.units / one.ordered_units,
        )
        for one in items
        if one.units
    ]  # fmt: skip
    return read, lines


class Item(NamedTuple):
    """A line as it stood: units, without those of a rest cancelled by then, of ordered_units; the
    discount is of all that were ordered; given_up_minor went back with the rest, with its tax."""

    order: int
    customer: int
    sku: int
    category: int | None
    ordered_units: int
    units: int
    unit_price_minor: int
    discount_minor: int
    given_up_minor: int


def _order_row(one: tuple, rows: dict[int, int], back: tuple[int, int], cost: float) -> tuple:
    """back: refunds of returns, and what went back with a cancelled rest; both with their tax."""
    _pk, customer, placed_at, total, tax, channel = one
    local = timezone.localtime(placed_at)
    untaxed = (total - tax) / total if total else 0.0
    paid = (total - back[1]) * untaxed
    refunded = min(back[0] * untaxed, paid)
    return (
        rows[customer], placed_at.timestamp(), local.date().toordinal() - EPOCH, local.hour,
        local.weekday(), paid - refunded, paid - refunded - cost, paid, refunded,
        -1 if channel is None else channel,
    )  # fmt: skip


EPOCH = datetime(1970, 1, 1).date().toordinal()  # noqa: DTZ001


def _refunds(orders: QuerySet[Order], as_of: datetime) -> dict[int, int]:
    found = Return.objects.filter(
        order__in=orders.order_by(), returned_at__lt=as_of, currency=settings.SHOP_CURRENCY
    )
    return dict(found.order_by().values_list("order_id").annotate(total=Sum("refund_minor")))


def _order_costs(items: list[Item]) -> dict[int, float]:
    """Order → cost of its units today; NaN with a SKU whose cost nobody entered."""
    known = unit_costs_minor({one.sku for one in items if one.units})
    costs: dict[int, float] = {}
    for one in items:
        cost = one.units * known.get(one.sku, float("nan")) if one.units else 0.0
        costs[one.order] = costs.get(one.order, 0.0) + cost
    return costs


def _read_events(
    ids: list[int], rows: dict[int, int], as_of: datetime, counts: Any, last: Any
) -> None:
    """What was done signed in and under consent to analytics; a guest's clicks before the sign-in
    are not counted here."""
    from marketing.ml.behaviour import EVENT_WINDOWS

    widest = max(days for _kind, days in EVENT_WINDOWS)
    windows = {
        f"n{place}": Count("pk", filter=Q(kind=kind, received_at__gte=as_of - timedelta(days=days)))
        for place, (kind, days) in enumerate(EVENT_WINDOWS)
    }
    found = Event.objects.allowed().filter(
        customer__in=ids, received_at__lt=as_of, received_at__gte=as_of - timedelta(days=widest)
    )
    grouped: Any = found.order_by().values("customer_id")
    for row in grouped.annotate(last=Max("received_at"), **windows):
        place = rows[row["customer_id"]]
        counts[place] = [row[name] for name in windows]
        last[place] = row["last"].timestamp()


def _read_tickets(ids: list[int], rows: dict[int, int], as_of: datetime, counts: Any) -> None:
    found = Ticket.objects.filter(
        customer__in=ids, opened_at__lt=as_of, opened_at__gte=as_of - timedelta(days=TICKET_DAYS)
    )
    for customer, count in found.order_by().values_list("customer_id").annotate(n=Count("pk")):
        counts[rows[customer]] = count
