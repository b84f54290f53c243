"""Journeys that begin with what a customer bought, got, or has not bought for long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, QuerySet

from marketing.models import RefillRhythm
from marketing.services.journeys.causes import (
    PAGE,
    Cause,
    Options,
    Page,
    Span,
    first_of,
    next_after,
)
from shop.models import Order, OrderLine, OrderState, OrderTransition

RECORDED_WITHIN = timedelta(days=90)  # whoever records deliveries has recorded one by then


def ordered(options: Options, span: Span, after: Sequence[int]) -> Page:
    """So many days after an order."""
    first, last = span.ago(timedelta(days=options["days"]))
    return _orders(_theirs().filter(placed_at__gte=first, placed_at__lte=last), after, "order")


def delivered(options: Options, span: Span, after: Sequence[int]) -> Page:
    """So many days after the goods came; where the shop records no deliveries after the last
    parcel left; where it records no parcels either, after the order."""
    first, last = span.ago(timedelta(days=options["days"]))
    arrived = _arrived(span.at)
    if arrived is None:
        orders = _theirs().filter(placed_at__gte=first, placed_at__lte=last)
    else:
        orders = _theirs().filter(
            Exists(arrived.filter(order=OuterRef("pk"), at__gte=first, at__lte=last))
        )
    return _orders(orders, after, "delivered")


def _arrived(at: datetime) -> QuerySet | None:
    """Order and the moment at which all of it was there, as far as this shop knows."""
    steps = OrderTransition.objects.filter(to_state=OrderState.DELIVERED)
    if steps.filter(at__gte=at - RECORDED_WITHIN).exists():
        return steps
    steps = OrderTransition.objects.filter(to_state=OrderState.SHIPPED)
    return steps if steps.filter(at__gte=at - RECORDED_WITHIN).exists() else None


def _theirs() -> QuerySet[Order]:
    found = Order.objects.filter(customer__isnull=False, is_history=False)
    return found.exclude(state=OrderState.CANCELLED)


def _orders(orders: QuerySet[Order], after: Sequence[int], name: str) -> Page:
    some = orders.filter(pk__gt=first_of(after)).order_by("pk")
    rows = list(some.values("pk", "number", "customer_id")[:PAGE])
    lines = OrderLine.objects.sold().filter(
        order__in=[row["pk"] for row in rows], variant__isnull=False
    )
    skus: dict[int, list[int]] = defaultdict(list)
    for order_id, variant_id in lines.order_by("pk").values_list("order_id", "variant_id"):
        skus[order_id].append(variant_id)
    causes = [
        Cause(
            row["customer_id"],
            f"{name}:{row['number']}",
            {"variants": skus[row["pk"]][:20], "order": row["number"]},
        )
        for row in rows
    ]
    return Page(causes, next_after([row["pk"] for row in rows]))


def silent(options: Options, span: Span, after: Sequence[int]) -> Page:
    """No order for so many days since the last one."""
    delay = timedelta(days=options["days"])
    orders = Order.objects.filter(customer__isnull=False).exclude(state=OrderState.CANCELLED)
    later = orders.filter(customer=OuterRef("customer"), placed_at__gt=OuterRef("placed_at"))
    last = (
        orders.filter(
            ~Exists(later), placed_at__gt=span.start - delay, placed_at__lte=span.end - delay,
            customer__gt=first_of(after),
        )
        .order_by()
        .values("customer_id")
        .annotate(last=Max("placed_at"))
    )  # fmt: skip
    rows = list(last.order_by("customer_id")[:PAGE])
    causes = [Cause(row["customer_id"], f"silent:{row['last']:%Y%m%dT%H%M%S}") for row in rows]
    return Page(causes, next_after([row["customer_id"] for row in rows]))


def refill_due(options: Options, span: Span, after: Sequence[int]) -> Page:
    """What she buys again and again is about to run out: as the night reckoned (refills.py), and
    she has not bought it since."""
    ahead = timedelta(days=options["days"])
    first, last = span.ago()
    again = OrderLine.objects.sold().filter(
        order__customer=OuterRef("customer"), variant=OuterRef("variant"),
        order__placed_at__gt=OuterRef("read_until"),
    )  # fmt: skip
    due = RefillRhythm.objects.filter(
        ~Exists(again), runs_out_at__gte=first + ahead, runs_out_at__lte=last + ahead,
        pk__gt=first_of(after),
    )  # fmt: skip
    rows = list(due.order_by("pk")[:PAGE])
    causes = [
        Cause(
            row.customer_id,
            f"refill:{row.variant_id}:{row.last_at:%Y%m%d}",
            {"variants": [row.variant_id]},
        )
        for row in rows
    ]
    return Page(causes, next_after([row.pk for row in rows]))
