"""What a supplier promised and what he did, from purchase orders and receipts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Min, Q, Sum
from django.utils import timezone

from inventory.models import (
    LeadTimeEstimate,
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    Supplier,
)
from inventory.models.purchase_orders import INCOMING

if TYPE_CHECKING:
    from inventory.ml.scorecard import Interval, Scores  # numpy: not at start-up

MOST_ORDERS = 500
MOST_OPEN = 50
TREND_DAYS = 365
CLOSED = (PurchaseOrderState.RECEIVED, PurchaseOrderState.CANCELLED)


@dataclass(frozen=True)
class OpenOrder:
    number: str
    pk: int
    state: str
    sent_on: date | None
    expected_on: date | None
    outstanding_units: int
    value_minor: int | None
    is_late: bool


@dataclass(frozen=True)
class Scorecard:
    """deliveries_missing: how many more are needed before delays and fill rate are said; else 0."""

    supplier: Supplier
    promised_days: int
    learned: LeadTimeEstimate | None
    lead_days: list[int]
    scores: Scores
    deliveries_missing: int
    trend: Interval | None
    open_orders: list[OpenOrder]
    open_count: int


def scorecard_of(supplier: Supplier, today: date | None = None) -> Scorecard:
    """The last 500 sent orders; ten queries at most."""
    from inventory.ml.scorecard import LEAST_DELIVERIES, score  # numpy: not at start-up

    today = today or timezone.localdate()
    deliveries = _deliveries(supplier)
    leads = [(arrived - sent).days for sent, arrived, _promised in deliveries]
    promised = [days for _sent, _arrived, days in deliveries]
    open_orders = _open_orders(supplier)
    return Scorecard(
        supplier=supplier,
        promised_days=supplier.lead_time_days,
        learned=LeadTimeEstimate.objects.filter(supplier=supplier, variant__isnull=True)
        .order_by("-as_of")
        .first(),
        lead_days=leads,
        scores=score(leads, promised, _fill(supplier)),
        deliveries_missing=max(LEAST_DELIVERIES - len(leads), 0),
        trend=_trend(supplier, today),
        open_orders=[_open_row(order, today) for order in open_orders[:MOST_OPEN]],
        open_count=open_orders.count(),
    )


def _sent(supplier: Supplier) -> Any:
    return PurchaseOrder.objects.filter(supplier=supplier, sent_at__isnull=False)


def _deliveries(supplier: Supplier) -> list[tuple[date, date, int]]:
    """(sent, first arrival, promised days) of each order that arrived at least in part."""
    rows = (
        _sent(supplier)
        .annotate(arrived=Min("lines__receipts__received_at"))
        .filter(arrived__isnull=False)
        .order_by("-sent_at")
        .values_list("sent_at", "arrived", "expected_on")[:MOST_ORDERS]
    )
    found = []
    for sent_at, arrived, expected_on in rows:
        sent, day = timezone.localtime(sent_at).date(), timezone.localtime(arrived).date()
        promised = (expected_on - sent).days if expected_on else supplier.lead_time_days
        found.append((sent, day, promised))
    return found


def _fill(supplier: Supplier) -> list[float]:
    """Received over ordered of each order that is closed."""
    rows = (
        _sent(supplier)
        .filter(state__in=CLOSED)
        .annotate(ordered=Sum("lines__units"), got=Sum("lines__received_units"))
        .filter(ordered__gt=0)
        .order_by("-sent_at")
        .values_list("ordered", "got")[:MOST_ORDERS]
    )
    return [got / ordered for ordered, got in rows]


def _trend(supplier: Supplier, today: date) -> Interval | None:
    """Price of the year's basket against each SKU's first price in it; low and high over SKUs."""
    from inventory.ml.scorecard import Interval, price_trend

    lines = (
        PurchaseOrderLine.objects.filter(
            order__supplier=supplier,
            order__sent_at__date__gte=today - timedelta(days=TREND_DAYS),
            unit_cost_minor__gt=0,
        )
        .order_by("order__sent_at", "pk")
        .values_list("variant", "unit_cost_minor", "units")
    )
    seen: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for variant, cost, count in lines.iterator():
        if cost is not None:
            seen[variant].append((cost, count))
    pairs = [
        (ones[0][0], ones[-1][0], sum(units for _cost, units in ones))
        for ones in seen.values()
        if len(ones) > 1
    ]
    if not pairs:
        return None
    firsts, lasts, units = zip(*pairs, strict=True)
    changes = sorted(last / first - 1 for first, last, _units in pairs)
    low, high = (changes[round(share * (len(changes) - 1))] for share in (0.1, 0.9))
    return Interval(price_trend(firsts, lasts, units), low, high, len(pairs))


def _open_orders(supplier: Supplier) -> Any:
    left = F("lines__units") - F("lines__received_units")
    return (
        PurchaseOrder.objects.filter(supplier=supplier, state__in=INCOMING)
        .annotate(
            left=Sum(left),
            value=Sum(left * F("lines__unit_cost_minor")),
            unknown=Sum(left, filter=Q(lines__unit_cost_minor__isnull=True)),
        )
        .order_by("expected_on", "pk")
    )


def _open_row(order: Any, today: date) -> OpenOrder:
    sent = timezone.localtime(order.sent_at).date() if order.sent_at else None
    late = order.expected_on is not None and order.expected_on < today
    return OpenOrder(
        number=order.number,
        pk=order.pk,
        state=order.get_state_display(),
        sent_on=sent,
        expected_on=order.expected_on,
        outstanding_units=order.left or 0,
        value_minor=None if order.unknown else order.value,
        is_late=late,
    )
