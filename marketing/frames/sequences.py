"""Reads what customers did, thing by thing, as of any time: orders and events in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from marketing.frames.behaviour import CHUNK, known_orders
from shop.models import Event, OrderLine

if TYPE_CHECKING:
    from marketing.ml.behaviour_sequences import Sequences


def sequences_of(customers: Sequence[int], as_of: datetime) -> Sequences:
    """customers: keys, ascending, row i everywhere. Read in chunks of CHUNK, three queries each.

    The newest LENGTH rows within HISTORY_DAYS. An order counts once, with the category most of its
    units lie in; a guest's events before the sign-in are not counted, nor what was watched without
    consent to analytics, nor purchase events: the order is there.
    """
    import numpy as np

    from marketing.ml.behaviour_sequences import sequences

    rows: list[tuple[int, float, int, int]] = []
    place = {pk: row for row, pk in enumerate(customers)}
    for start in range(0, len(customers), CHUNK):
        ids = list(customers[start : start + CHUNK])
        rows += _orders(ids, place, as_of)
        rows += _events(ids, place, as_of)
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 4)
    return sequences(table, len(customers), as_of.timestamp())


def _orders(
    ids: list[int], place: dict[int, int], as_of: datetime
) -> list[tuple[int, float, int, int]]:
    from marketing.ml.behaviour_sequences import HISTORY_DAYS, KINDS

    since = as_of - timedelta(days=HISTORY_DAYS)
    found = known_orders(as_of).filter(customer__in=ids, placed_at__gte=since).order_by("pk")
    lines: Any = OrderLine.objects.sold_as_of(as_of).filter(order__in=found.order_by())
    units: dict[int, dict[int, int]] = {}
    for order, category, count in lines.filter(units_then__gt=0).values_list(
        "order_id", "variant__product__category_id", "units_then"
    ):
        if category is not None:
            own = units.setdefault(order, {})
            own[category] = own.get(category, 0) + count
    return [
        (place[customer], placed_at.timestamp(), KINDS.index("order"), _most(units.get(pk, {})))
        for pk, customer, placed_at in found.values_list("pk", "customer_id", "placed_at")
    ]


def _most(units: dict[int, int]) -> int:
    """The category with most units, the older key first among equals; −1 without one."""
    return min(units, key=lambda key: (-units[key], key), default=-1)


def _events(
    ids: list[int], place: dict[int, int], as_of: datetime
) -> list[tuple[int, float, int, int]]:
    from marketing.ml.behaviour_sequences import HISTORY_DAYS, KINDS, LENGTH

    newest = Window(
        RowNumber(),
        partition_by=F("customer_id"),
        order_by=[F("received_at").desc(), F("id").desc()],
    )
    found = (
        Event.objects.allowed()
        .filter(
            customer__in=ids,
            kind__in=KINDS[1:],
            received_at__lt=as_of,
            received_at__gte=as_of - timedelta(days=HISTORY_DAYS),
        )
        .order_by()
        .annotate(turn=newest)
        .filter(turn__lte=LENGTH)
        .values_list("customer_id", "received_at", "kind", "variant__product__category_id")
    )
    return [
        (place[customer], at.timestamp(), KINDS.index(kind), -1 if category is None else category)
        for customer, at, kind, category in found
    ]
