"""Reads for cohorts: what each customer's orders brought, net of what was given up or came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, QuerySet, Sum
from django.utils import timezone

from inventory.services.costs import unit_costs_minor
from marketing.definitions.rules import customers_of
from marketing.frames.behaviour import EPOCH
from shop.models import (
    SOLD_UNITS,
    Customer,
    Order,
    OrderLine,
    OrderState,
    Return,
    Variant,
    sold_net_minor,
)

if TYPE_CHECKING:
    import numpy as np

MOST_CUSTOMERS = 200_000  # that are read; of more, each n-th by key
STALE = timedelta(days=30)
ROWS = 20_000


@dataclass(frozen=True)
class CohortOrders:
    """Orders of which something was sold. Row i of the parallel arrays is one order, by key.

    customers: int64 (n,), keys, ascending; customer_idx: row in it; day: int64 local days since
    1970; revenue_minor: float64, what the units that stand brought without tax, less refunds, at
    least 0; margin_minor: less their cost today, NaN where one is unknown; channel: key, -1 none.
    line_order, line_variant: one entry per sold line, the row of its order and the key of its SKU.
    step: each step-th customer was read.
    """

    customers: np.ndarray
    customer_idx: np.ndarray
    day: np.ndarray
    revenue_minor: np.ndarray
    margin_minor: np.ndarray
    channel: np.ndarray
    line_order: np.ndarray
    line_variant: np.ndarray
    step: int


@dataclass(frozen=True)
class Who:
    """Whose cohorts. category: code, of the first order; channel: code, of the first order;
    country: of the customer; segment: code, as its rule finds people now. Empty: everybody."""

    category: str = ""
    channel: str = ""
    country: str = ""
    segment: str = ""


def known_until(at: datetime) -> datetime:
    """`at`; of a history that stopped a month or more before, the end of its last day."""
    last = Order.objects.filter(placed_at__lt=at).aggregate(last=Max("placed_at"))["last"]
    if last is None or at - last < STALE:
        return at
    day: date = timezone.localtime(last).date() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time()))


def is_small_shop(most: int) -> bool:
    """Whether there are at most so many orders; reads no more than that."""
    return Order.objects.order_by()[: most + 1].count() <= most


def cohort_orders(as_of: datetime, customers: Sequence[int] | None = None) -> CohortOrders:
    """Orders before `as_of` of at most MOST_CUSTOMERS customers, or of those `customers` (some
    thousand at most). Six queries, eight with a sample."""
    import numpy as np

    orders = _standing(as_of)
    step = 1
    if customers is not None:
        orders = orders.filter(customer__in=list(customers))
    else:
        buyers = Customer.objects.filter(Exists(_standing(as_of).filter(customer=OuterRef("pk"))))
        step = -(-buyers.count() // MOST_CUSTOMERS) or 1
        if step > 1:
            orders = orders.alias(turn=F("customer_id") % step).filter(turn=0)
    rows = _table(
        orders.order_by("pk").values_list(
            "pk", "customer_id", "placed_at", "channel_id", "total_minor", "tax_minor"
        ),
        lambda r: (r[0], r[1], _day(r[2]), -1 if r[3] is None else r[3], r[4], r[5]),
        6,
    )
    lines = _table(
        OrderLine.objects.sold()
        .filter(order__in=orders.order_by())
        .order_by("order_id", "position")
        .values_list("order_id", "variant_id", SOLD_UNITS, sold_net_minor()),
        tuple,
        4,
    )
    rows = rows[np.isin(rows[:, 0], lines[:, 0])]
    line_order = np.searchsorted(rows[:, 0], lines[:, 0])
    revenue = np.bincount(line_order, lines[:, 3], len(rows)).astype(float)
    revenue -= _refunds(orders, rows, as_of)
    np.maximum(revenue, 0, out=revenue)
    cost = np.bincount(line_order, lines[:, 2] * _unit_costs(lines[:, 1]), len(rows))
    keys, customer_idx = np.unique(rows[:, 1], return_inverse=True)
    return CohortOrders(
        keys, customer_idx.astype(np.int64), rows[:, 2], revenue, revenue - cost, rows[:, 3],
        line_order, lines[:, 1], step,
    )  # fmt: skip


def _standing(as_of: datetime) -> QuerySet[Order]:
    return Order.objects.filter(
        currency=settings.SHOP_CURRENCY, customer__isnull=False, placed_at__lt=as_of
    ).exclude(state=OrderState.CANCELLED)


def _day(at: datetime) -> int:
    return timezone.localtime(at).date().toordinal() - EPOCH


def _table(rows: Any, shape: Any, width: int) -> np.ndarray:
    """int64 (n, width), read in parts so that no list of all rows stands in memory."""
    import numpy as np

    parts, part = [np.zeros((0, width), np.int64)], []
    for row in rows.iterator(chunk_size=ROWS):
        part.append(shape(row))
        if len(part) == ROWS:
            parts.append(np.array(part, np.int64))
            part = []
    if part:
        parts.append(np.array(part, np.int64))
    return np.concatenate(parts)


def _refunds(orders: QuerySet[Order], rows: np.ndarray, as_of: datetime) -> np.ndarray:
    """Of each order, what was refunded by then, without its tax. Cancelled rests are not in it:
    the lines leave them out, and their refund is no return."""
    import numpy as np

    found = Return.objects.filter(
        order__in=orders.order_by(), returned_at__lt=as_of, currency=settings.SHOP_CURRENCY
    )
    back = found.order_by().values_list("order_id").annotate(total=Sum("refund_minor"))
    refunded = np.zeros(len(rows))
    for order, minor in back.iterator(chunk_size=ROWS):
        place = np.searchsorted(rows[:, 0], order)
        if place < len(rows) and rows[place, 0] == order:
            refunded[place] = minor
    total, tax = rows[:, 4], rows[:, 5]
    return np.where(total > 0, refunded * (total - tax) / np.maximum(total, 1), 0.0)


def _unit_costs(variants: np.ndarray) -> np.ndarray:
    """Of each line, NaN where nobody entered one."""
    import numpy as np

    keys, place = np.unique(variants, return_inverse=True)
    known = unit_costs_minor(keys.tolist())
    return np.array([known.get(key, np.nan) for key in keys.tolist()], float)[place]


def chosen(orders: CohortOrders, who: Who) -> np.ndarray:
    """Which of the customers, bool (n,). At most three queries."""
    import numpy as np

    keep = np.ones(orders.customers.size, bool)
    if who.country or who.segment:
        keep &= np.isin(orders.customers, _keys(who, orders.step))
    if who.channel or who.category:
        first = _first_orders(orders)
        if who.channel:
            keep &= orders.channel[first] == _channel(who.channel)
        if who.category:
            keep &= np.isin(first, orders.line_order[_in_category(orders, who.category)])
    return keep


def _keys(who: Who, step: int) -> np.ndarray:
    import numpy as np

    from marketing.models import Segment

    found = Customer.objects.all()
    if who.segment:
        segment = Segment.objects.filter(code=who.segment).first()
        found = customers_of(segment.rule) if segment else Customer.objects.none()
    if who.country:
        found = found.filter(country=who.country)
    if step > 1:
        found = found.alias(turn=F("pk") % step).filter(turn=0)
    keys = found.order_by().values_list("pk", flat=True)
    return np.fromiter(keys.iterator(chunk_size=ROWS), np.int64)


def _first_orders(orders: CohortOrders) -> np.ndarray:
    """Row of each customer's first order: by day, then by key."""
    import numpy as np

    order = np.lexsort((np.arange(orders.day.size), orders.day, orders.customer_idx))
    starts = np.searchsorted(orders.customer_idx[order], np.arange(orders.customers.size))
    return order[starts]


def _channel(code: str) -> int:
    from shop.models import Channel

    found = Channel.objects.filter(code=code).values_list("pk", flat=True).first()
    return -2 if found is None else found


def _in_category(orders: CohortOrders, code: str) -> np.ndarray:
    import numpy as np

    inside = Variant.objects.filter(product__category__code=code).order_by()
    return np.isin(orders.line_variant, list(inside.values_list("pk", flat=True)))
