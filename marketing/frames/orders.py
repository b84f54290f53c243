"""Reads for calculations: orders and refunds as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from marketing.models import AudienceMember, Campaign
from shop.models import (
    SOLD_UNITS,
    Order,
    OrderLine,
    OrderState,
    Return,
    given_up_minor,
)

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class OrderHistory:
    """Parallel arrays, ordered by order id.

    customer_ids int64; placed_at float64 seconds since 1970; amount_minor int64 in the shop's
    currency. refunds: (customer ids, minor units). No NaN.
    """

    customer_ids: np.ndarray
    placed_at: np.ndarray
    amount_minor: np.ndarray
    refunds: tuple[np.ndarray, np.ndarray]


def order_history(as_of: datetime, customers: Sequence[int] | None = None) -> OrderHistory:
    """Orders with a customer placed before `as_of`, and refunds paid before it. customers: of these
    alone, some hundred at most.

    Cancelled orders and other currencies than the shop's are left out, and so are pseudonyms: nobody
    is told anything by what an erased person bought.
    """
    import numpy as np

    hers = Q(customer__is_pseudonym=False)
    if customers is not None:
        hers &= Q(customer__in=customers)
    rows = (
        _counted_orders()
        .filter(hers, placed_at__lt=as_of)
        .order_by("pk")
        .values_list("customer_id", "placed_at", "total_minor")
    )
    found = [(c, at.timestamp(), minor) for c, at, minor in rows.iterator(chunk_size=5000)]
    refunds = (
        Return.objects.filter(hers, returned_at__lt=as_of, currency=settings.SHOP_CURRENCY)
        .order_by("pk")
        .values_list("customer_id", "refund_minor")
    )
    refunded = [*refunds.iterator(chunk_size=5000), *_given_up(as_of, hers)]
    customers, times, amounts = zip(*found, strict=True) if found else ((), (), ())
    ids, minors = zip(*refunded, strict=True) if refunded else ((), ())
    return OrderHistory(
        np.array(customers, dtype=np.int64),
        np.array(times, dtype=np.float64),
        np.array(amounts, dtype=np.int64),
        (np.array(ids, dtype=np.int64), np.array(minors, dtype=np.int64)),
    )


def _given_up(as_of: datetime, hers: Q) -> Iterator[tuple[int, int]]:
    """(customer, minor units) of cancelled rests: what was paid for them goes back."""
    lines = OrderLine.objects.filter(
        cancelled_units__gt=0,
        order__in=_counted_orders().filter(hers, placed_at__lt=as_of),
    )
    back = lines.annotate(minor=given_up_minor())
    return back.order_by("pk").values_list("order__customer_id", "minor").iterator(5000)


def _counted_orders() -> QuerySet[Order]:
    return Order.objects.filter(currency=settings.SHOP_CURRENCY).exclude(state=OrderState.CANCELLED)


def units_per_member(
    campaign: Campaign, variant_id: int, first: date, last: date
) -> tuple[list[int], list[int]]:
    """Units of one SKU that each member of the frozen audience ordered on local days first … last.

    (written to, held out), zeros included; orders that were cancelled count for nothing.
    """
    members = AudienceMember.objects.filter(audience=campaign.audience, is_left_out=False)
    start, end = (
        timezone.make_aware(datetime.combine(day, time())) for day in (first, last + timedelta(1))
    )
    bought = dict(
        OrderLine.objects.sold()
        .filter(
            variant_id=variant_id,
            order__customer__in=members.values("customer"),
            order__placed_at__gte=start,
            order__placed_at__lt=end,
        )
        .order_by()
        .values_list("order__customer")
        .annotate(total=Sum(SOLD_UNITS))
    )
    arms: dict[bool, list[int]] = {False: [], True: []}
    for customer_id, is_holdout in members.values_list("customer_id", "is_holdout"):
        arms[is_holdout].append(bought.get(customer_id, 0))
    return arms[False], arms[True]
