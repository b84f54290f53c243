"""The purchase plan as lines by money, and what a buyer decides of many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, PurchaseOrderLine, PurchaseOrderState
from inventory.services.purchase_orders import (
    PurchaseOrderError,
    approve_purchase_order,
    cancel_purchase_order,
    set_line_units,
)

MOST_SELECTED = 500
DEADLINES = {"late": -1, "today": 0, "week": 7, "month": 28}


@dataclass(frozen=True)
class PlanFilter:
    """Empty = all. deadline: late, today, week, month: last safe day until then."""

    supplier: str = ""
    warehouse: str = ""
    deadline: str = ""
    sku: str = ""


def plan_lines(wanted: PlanFilter, today: date | None = None) -> QuerySet[PurchaseOrderLine]:
    """Suggested lines, most money first; those without known money after them."""
    today = today or timezone.localdate()
    found = PurchaseOrderLine.objects.filter(order__state=PurchaseOrderState.SUGGESTED)
    if wanted.supplier == "-":
        found = found.filter(order__supplier__isnull=True)
    elif wanted.supplier:
        found = found.filter(order__supplier__code=wanted.supplier)
    if wanted.warehouse:
        found = found.filter(order__warehouse__code=wanted.warehouse)
    if wanted.deadline in DEADLINES:
        found = found.filter(order_by_on__lte=today + timedelta(days=DEADLINES[wanted.deadline]))
    if wanted.sku:
        found = found.filter(variant__sku__icontains=wanted.sku)
    return found.select_related("order__supplier", "order__warehouse", "variant__product").order_by(
        F("expected_minor").desc(nulls_last=True), "pk"
    )


@dataclass(frozen=True)
class OrderPreview:
    """What approving the selected lines of one order does: the others of it are left out."""

    order: PurchaseOrder
    lines: int
    left_out: int
    units: int
    value_minor: int | None
    expected_minor: int | None


def preview(line_ids: Iterable[int]) -> list[OrderPreview]:
    """Per order, in the order of its number; lines that are no longer suggested are ignored."""
    groups = _selected(line_ids)
    found = []
    for order, lines in groups.items():
        chosen = [line for line in lines if line.units]
        totals, money = (
            [getattr(line, n) for line in chosen] for n in ("total_minor", "expected_minor")
        )
        found.append(
            OrderPreview(
                order=order,
                lines=len(lines),
                left_out=order.lines.filter(units__gt=0).count() - len(chosen),
                units=sum(line.units for line in chosen),
                value_minor=None if None in totals else sum(totals),
                expected_minor=None if None in money else sum(money),
            )
        )
    return sorted(found, key=lambda one: one.order.number)


def approve_lines(line_ids: Iterable[int], *, by: Any) -> list[PurchaseOrder]:
    """Approve every order of the selected lines; its other lines order 0 and return with the next plan.

    All or none: one order that cannot be approved stops them all. Raises PurchaseOrderError,
    DecisionClosedError.
    """
    approved = []
    with transaction.atomic():
        for order, lines in _selected(line_ids).items():
            chosen = {line.pk for line in lines}
            for line in order.lines.exclude(pk__in=chosen).filter(units__gt=0):
                set_line_units(line, 0, by=by)
            approved.append(approve_purchase_order(order, by=by))
    return approved


def take_back(order_ids: Iterable[int], *, by: Any) -> int:
    """Cancel orders that were approved and not sent: nobody has heard of them."""
    ids = list(order_ids)[:MOST_SELECTED]
    found = PurchaseOrder.objects.filter(pk__in=ids, state=PurchaseOrderState.APPROVED)
    with transaction.atomic():
        orders = list(found.select_for_update().order_by("pk"))
        for order in orders:
            cancel_purchase_order(order, by=by, note=_("taken back"))
    return len(orders)


def plan_rows(lines: QuerySet[PurchaseOrderLine]) -> Iterator[list[Any]]:
    """The file: a heading, then a row per line; amounts in minor units with their currency."""
    yield [
        "order", "supplier", "warehouse", "sku", "units", "suggested_units", "unit_cost_minor",
        "currency", "expected_minor", "expected_low_minor", "expected_high_minor",
        "next_unit_minor", "without_minor", "order_by_on", "inventory_position",
        "reorder_point", "order_up_to_level",
    ]  # fmt: skip
    for line in lines.iterator(chunk_size=2000):
        order = line.order
        yield [
            order.number,
            order.supplier.code if order.supplier else "",
            order.warehouse.code,
            line.variant.sku,
            line.units,
            line.suggested_units,
            line.unit_cost_minor,
            order.currency,
            line.expected_minor,
            line.expected_low_minor,
            line.expected_high_minor,
            line.next_unit_minor,
            line.without_minor,
            line.order_by_on,
            line.inventory_position,
            line.reorder_point,
            line.order_up_to_level,
        ]


def _selected(line_ids: Iterable[int]) -> dict[PurchaseOrder, list[PurchaseOrderLine]]:
    ids = list(dict.fromkeys(line_ids))
    if len(ids) > MOST_SELECTED:
        raise PurchaseOrderError(_("At most %(most)s lines at once.") % {"most": MOST_SELECTED})
    groups: dict[PurchaseOrder, list[PurchaseOrderLine]] = defaultdict(list)
    lines = PurchaseOrderLine.objects.filter(
        pk__in=ids, order__state=PurchaseOrderState.SUGGESTED
    ).select_related("order__supplier", "order__warehouse", "order__decision")
    for line in lines.order_by("order_id", "pk"):
        groups[line.order].append(line)
    return groups
