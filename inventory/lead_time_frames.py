"""Deliveries as the calculation of lead times reads them. ORM in, numpy out; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Max, Min, Sum
from django.utils import timezone

from inventory.models import (
    LeadTimeEstimate,
    PurchaseOrderLine,
    PurchaseOrderState,
    Receipt,
    Supplier,
    SupplierItem,
)

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.lead_times import Deliveries

KEEP_DAYS = 730  # of sent orders: two years hold every season twice
AWAITED = (PurchaseOrderState.SENT, PurchaseOrderState.PARTLY_RECEIVED)


@dataclass(frozen=True)
class SeenDeliveries:
    """orders, lines: one row per order, and per order and SKU. suppliers: k ids, promised (k,).

    pairs: (supplier number, variant id) of the lines' groups; group (n,) the line's pair.
    ordered, received (n,): units of lines that are closed; closed (n,) bool.
    """

    suppliers: list[int]
    promised: np.ndarray
    orders: Deliveries
    lines: Deliveries
    pairs: list[tuple[int, int]]
    group: np.ndarray
    ordered: np.ndarray
    received: np.ndarray
    closed: np.ndarray


def seen_deliveries(as_of: datetime) -> SeenDeliveries | None:
    """Orders sent in the last two years and what had arrived of them before `as_of`; None = none did.

    A line's days end with its first receipt; an order's with the first receipt of any line.
    """
    import numpy as np

    rows = _sent_lines(as_of)
    received = _first_receipts(as_of)
    if not received:
        return None
    today = timezone.localtime(as_of).date()
    suppliers = list(Supplier.objects.order_by("code").values_list("pk", "lead_time_days"))
    place = {pk: number for number, (pk, _days) in enumerate(suppliers)}
    own = dict(_own_promises())
    lines: list[Any] = []
    orders: dict[Any, Any] = {}
    pairs: dict[Any, Any] = {}
    for line, order, supplier, variant, units, state, sent in rows:
        first, got = received.get(line, (None, 0))
        if first is None and state not in AWAITED:
            continue
        end = timezone.localtime(first).date() if first else today
        days = (end - timezone.localtime(sent).date()).days
        promise = own.get((supplier, variant)) or suppliers[place[supplier]][1]
        pair = pairs.setdefault((place[supplier], variant), len(pairs))
        closed = state not in AWAITED
        row = (place[supplier], days, promise, first is None)
        lines.append((*row, pair, units, got, closed))
        known = orders.get(order)
        if known is None or (known[3], known[1]) > (row[3], row[1]):
            orders[order] = row
    table = np.array(lines, dtype=float)
    return SeenDeliveries(
        suppliers=[pk for pk, _days in suppliers],
        promised=np.array([days for _pk, days in suppliers], dtype=float),
        orders=_deliveries(np.array(list(orders.values()), dtype=float)),
        lines=_deliveries(table),
        pairs=list(pairs),
        group=table[:, 4].astype(int),
        ordered=table[:, 5],
        received=table[:, 6],
        closed=table[:, 7].astype(bool),
    )


def newest_lead_times() -> dict[tuple[int, int | None], LeadTimeEstimate]:
    """(supplier, variant) → estimate of the newest day; variant None = the supplier as a whole."""
    day = LeadTimeEstimate.objects.aggregate(day=Max("as_of"))["day"]
    found = LeadTimeEstimate.objects.filter(as_of=day) if day else []
    return {(row.supplier_id, row.variant_id): row for row in found}


def _deliveries(table: np.ndarray) -> Deliveries:
    import numpy as np

    from inventory.ml.lead_times import Deliveries

    return Deliveries(
        supplier=table[:, 0].astype(int),
        days=table[:, 1],
        promised_days=np.maximum(table[:, 2], 1),
        is_open=table[:, 3].astype(bool),
    )


def _sent_lines(as_of: datetime) -> list[tuple]:
    lines = PurchaseOrderLine.objects.filter(
        order__supplier__isnull=False,
        order__sent_at__lt=as_of,
        order__sent_at__gte=as_of - timedelta(days=KEEP_DAYS),
        units__gt=0,
    ).order_by("order__sent_at", "pk")
    return list(
        lines.values_list(
            "pk", "order", "order__supplier", "variant", "units", "order__state", "order__sent_at"
        )
    )


def _first_receipts(as_of: datetime) -> dict[int, tuple[datetime, int]]:
    found = (
        Receipt.objects.filter(received_at__lt=as_of, line__order__sent_at__isnull=False)
        .order_by()
        .values_list("line")
        .annotate(first=Min("received_at"), got=Sum("units"))
    )
    return {line: (first, got) for line, first, got in found.iterator()}


def _own_promises() -> list[tuple[tuple[int, int], int]]:
    items = SupplierItem.objects.filter(lead_time_days__isnull=False)
    rows = items.exclude(lead_time_days=F("supplier__lead_time_days"))
    return [
        ((supplier, variant), days)
        for supplier, variant, days in rows.values_list("supplier", "variant", "lead_time_days")
        if days is not None
    ]
