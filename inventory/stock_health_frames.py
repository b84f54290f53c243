"""What stock health reads: sales, evenings, arrivals and what is on its way. A query each."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import F, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from inventory.models import PurchaseOrderLine
from inventory.models.purchase_orders import INCOMING
from shop.models import (
    SOLD_UNITS,
    MovementKind,
    OrderLine,
    StockLevel,
    StockMovement,
    sold_net_minor,
)

if TYPE_CHECKING:
    import numpy as np

ARRIVALS = (MovementKind.RECEIVE, MovementKind.ADJUST, MovementKind.COUNT, MovementKind.RETURN)
OLDEST_DAYS = 3 * 365


def sales_of(first: date, until: date) -> dict[int, tuple[int, int]]:
    """variant → units, revenue in minor units of the shop's currency, net of discount and tax."""
    rows = (
        OrderLine.objects.sold()
        .filter(
            order__currency=settings.SHOP_CURRENCY,
            **_between("order__placed_at", first, until),
        )
        .order_by()
        .values_list("variant")
        .annotate(units_=Sum(SOLD_UNITS), revenue=Sum(sold_net_minor()))
    )
    return {variant: (units, revenue) for variant, units, revenue in rows}


def stock_of() -> dict[int, tuple[int, int]]:
    """variant → on hand, available over all warehouses; of SKUs whose stock is kept."""
    rows = (
        StockLevel.objects.filter(variant__tracks_stock=True)
        .order_by()
        .values_list("variant")
        .annotate(
            hand=Sum("on_hand"),
            free=Sum(F("on_hand") - F("allocated") - F("reserved") - F("ring_fenced")),
        )
    )
    return {variant: (hand, free) for variant, hand, free in rows}


def evenings(
    on_hand: dict[int, int], first: date, until: date
) -> tuple[dict[int, int], np.ndarray, np.ndarray]:
    """variant → row, opening (n,) and change of on hand (n, D): counted back from today's counter."""
    import numpy as np

    days = (until - first).days + 1
    row_of = {variant: row for row, variant in enumerate(sorted(on_hand))}
    change = np.zeros((len(row_of), days))
    later = np.zeros(len(row_of))
    rows = (
        StockMovement.objects.filter(occurred_at__gte=_midnight(first))
        .exclude(on_hand_delta=0)
        .annotate(day=TruncDate("occurred_at"))
        .order_by()
        .values_list("variant", "day")
        .annotate(delta=Sum("on_hand_delta"))
    )
    for variant, day, delta in rows.iterator():
        row = row_of.get(variant)
        if row is None:
            continue
        if day > until:
            later[row] += delta
        else:
            change[row, (day - first).days] += delta
    now = np.array([on_hand[variant] for variant in sorted(on_hand)], dtype=float)
    return row_of, now - later - change.sum(axis=1), change


def arrivals_of(until: date) -> dict[int, list[tuple[int, int]]]:
    """variant → (days ago, units), the newest first; moving between warehouses is no arrival."""
    rows = (
        StockMovement.objects.filter(
            kind__in=ARRIVALS,
            on_hand_delta__gt=0,
            **_between("occurred_at", until - timedelta(days=OLDEST_DAYS), until),
        )
        .annotate(day=TruncDate("occurred_at"))
        .order_by()
        .values_list("variant", "day")
        .annotate(units=Sum("on_hand_delta"))
    )
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for variant, day, units in sorted(rows.iterator(), key=lambda row: row[1], reverse=True):
        found[variant].append(((until - day).days, units))
    return found


def incoming_of(today: date, days: int) -> dict[int, np.ndarray]:
    """variant → (days,) units expected by each day from `today` on; without a date, never."""
    import numpy as np

    lines = PurchaseOrderLine.objects.filter(
        order__state__in=INCOMING, units__gt=F("received_units"), order__expected_on__isnull=False
    )
    found: dict[int, np.ndarray] = {}
    for variant, units, received, on in lines.values_list(
        "variant", "units", "received_units", "order__expected_on"
    ):
        place = max((on - today).days, 0) if on is not None else days
        if place < days:
            found.setdefault(variant, np.zeros(days))[place:] += units - received
    return found


def _between(field: str, first: date, until: date) -> dict[str, datetime]:
    return {
        f"{field}__gte": _midnight(first),
        f"{field}__lt": _midnight(until + timedelta(days=1)),
    }


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
