"""The figures of tier programmes as of a moment, each with what it rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, Exists, F, Max, OuterRef, QuerySet, Sum

from marketing.frames.behaviour import known_orders
from marketing.models import CustomerPrediction, TierFigure, TierMembership, TierProgramme
from shop.models import Customer, Order, OrderLine, Return
from shop.services.events.event_rows import among

PREDICTION_IS_OLD = timedelta(days=3)
HISTORY_IS_OLD = timedelta(days=30)
NAMED_ORDERS = 20  # of a trace


@dataclass(frozen=True)
class Measured:
    """value: orders or minor units; None: nobody knows. trace: as it is kept in the ledger."""

    value: int | None
    trace: dict[str, Any]


def measured(
    programme: TierProgramme, customer_ids: Sequence[int], at: datetime
) -> dict[int, Measured]:
    """Customer → figure as of `at`. Three queries, however many customers.

    Orders and spend: those placed in the window that stood then, less what came back of them by then;
    an order of which nothing is left counts as none. Without an order it is 0. A forecast that is
    older than three days, or later than `at`, is unknown.
    """
    if programme.figure == TierFigure.VALUE_LOW:
        return _foreseen(customer_ids, at)
    since = at - timedelta(days=programme.window_days)
    orders: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    rows = known_orders(at).filter(customer__in=among(customer_ids), placed_at__gte=since)
    for pk, who, number, total in rows.order_by("placed_at", "pk").values_list(
        "pk", "customer_id", "number", "total_minor"
    ):
        orders[who].append((pk, number, total))
    back = _given_back(rows, at)
    loose = _loose_refunds(customer_ids, since, at)
    window = {"from": since.isoformat(), "until": at.isoformat()}
    is_orders = programme.figure == TierFigure.ORDERS
    return {
        pk: _of_orders(orders.get(pk, []), back, loose.get(pk, 0), window, is_orders)
        for pk in customer_ids
    }


def _of_orders(
    orders: list[tuple[int, str, int]],
    back: dict[int, int],
    loose: int,
    window: dict[str, str],
    is_orders: bool,
) -> Measured:
    kept = [(pk, number) for pk, number, total in orders if total - back.get(pk, 0) > 0]
    total = sum(total for _pk, _number, total in orders)
    returned = sum(back.get(pk, 0) for pk, _number, _total in orders) + loose
    trace = {
        **window,
        "orders": len(orders),
        "kept_orders": len(kept),
        "total_minor": total,
        "given_back_minor": returned,
        "numbers": [number for _pk, number in kept[-NAMED_ORDERS:]],
    }
    return Measured(len(kept) if is_orders else max(0, total - returned), trace)


def _given_back(orders: QuerySet, at: datetime) -> dict[int, int]:
    """Order → refunds and cancelled rests by then, minor units."""
    found: dict[int, int] = defaultdict(int)
    returns = Return.objects.filter(
        order__in=orders.values("pk"), returned_at__lt=at, currency=settings.SHOP_CURRENCY
    )
    for pk, amount in _sums(returns, "order_id", F("refund_minor")):
        found[pk] += amount
    lines: Any = OrderLine.objects.sold_as_of(at)
    rests = lines.filter(order__in=orders.values("pk"), given_up_then__gt=0)
    for pk, amount in _sums(rests, "order_id", F("given_up_then")):
        found[pk] += amount
    return found


def _loose_refunds(customer_ids: Sequence[int], since: datetime, at: datetime) -> dict[int, int]:
    """Returns of no known order count on the day on which they came."""
    rows = Return.objects.filter(
        order=None, customer__in=among(customer_ids), returned_at__gte=since, returned_at__lt=at,
        currency=settings.SHOP_CURRENCY,
    )  # fmt: skip
    return dict(_sums(rows, "customer_id", F("refund_minor")))


def _sums(rows: QuerySet, key: str, what: Any) -> Any:
    summed = Sum(what, output_field=BigIntegerField())
    return rows.order_by().values_list(key).annotate(summed=summed)


def _foreseen(customer_ids: Sequence[int], at: datetime) -> dict[int, Measured]:
    rows = CustomerPrediction.objects.filter(
        customer__in=among(customer_ids), as_of__lte=at, as_of__gt=at - PREDICTION_IS_OLD,
        spend_365_low_minor__isnull=False,
    )  # fmt: skip
    known = {
        who: Measured(low, {"run": run, "as_of": as_of.isoformat(), "low_minor": low})
        for who, low, run, as_of in rows.values_list(
            "customer_id", "spend_365_low_minor", "value_run_id", "as_of"
        )
    }
    return {pk: known.get(pk, Measured(None, {})) for pk in customer_ids}


def data_ends(now: datetime) -> datetime:
    """Now; of a history that stopped a month or more ago, the moment behind its last order, as the
    night has it: otherwise nobody would have ordered within the window."""
    last = Order.objects.aggregate(last=Max("placed_at"))["last"]
    return now if last is None or now - last < HISTORY_IS_OLD else last + timedelta(seconds=1)


def candidates(programme: TierProgramme, at: datetime) -> QuerySet[Customer]:
    """Who can have a figure above 0, or is in a tier."""
    mine = programme.pk or 0  # terms that are only looked at are no row
    member = TierMembership.objects.filter(programme=mine, customer=OuterRef("pk"))
    orders = known_orders(at).filter(customer=OuterRef("pk"))
    if programme.figure != TierFigure.VALUE_LOW:
        orders = orders.filter(placed_at__gte=at - timedelta(days=programme.window_days))
    people = Customer.objects.filter(is_pseudonym=False)
    return people.filter(Exists(orders) | Exists(member))
