"""Everybody's purchases as whole columns: three tables read one after the other and joined here.

The database joins the lines to their orders and SKUs in twice the time that it takes to hand them over
(docs/performance.md). What is bought by few is asked with a join (`frames.sold_lines`); a test holds
the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import QuerySet

from recommendations.columns import Wanted, columns_of
from shop.models import Order, OrderLine, OrderState, Variant

ORDERS = Wanted({"customer": "customer_id"}, {"at": "placed_at"}, {})
LINES = Wanted({"order": "order_id", "variant": "variant_id"}, {}, {})


@dataclass(frozen=True)
class Purchases:
    """One row per sold line, by ascending key of the line.

    customer, product: int64 database keys. at: int64 microseconds since 1970 UTC, of the order.
    """

    customer: np.ndarray
    product: np.ndarray
    at: np.ndarray


def all_purchases(as_of: datetime) -> Purchases:
    """Of customers' orders placed before `as_of` that stand, the lines that were not cancelled.

    Orders first: a line of an order that comes in meanwhile finds none, and counts the next time.
    """
    standing = Order.objects.exclude(state=OrderState.CANCELLED).filter(
        customer__isnull=False, placed_at__lt=as_of
    )
    orders = columns_of(standing, ORDERS)
    skus = columns_of(Variant.objects.all(), Wanted({"product": "product_id"}, {}, {}))
    lines = columns_of(OrderLine.objects.sold_units().filter(variant__isnull=False), LINES)
    place = _places(orders["pk"], lines["order"])
    kept = np.flatnonzero(place >= 0)
    place, sku = place[kept], _places(skus["pk"], lines["variant"][kept])
    known = sku >= 0  # a SKU that is made meanwhile is not among those that were read
    place, sku = place[known], sku[known]
    return Purchases(orders["customer"][place], skus["product"][sku], orders["at"][place])


def joined_purchases(lines: QuerySet[OrderLine]) -> Purchases:
    """A few people's: the database joins what it finds by their keys."""
    ints = {"customer": "order__customer_id", "product": "variant__product_id"}
    read = columns_of(lines, Wanted(ints, {"at": "order__placed_at"}, {}))
    return Purchases(read["customer"], read["product"], read["at"])


def _places(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """int64: where each wanted key stands among the ascending keys, −1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)
