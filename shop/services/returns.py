"""Goods that come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import (
    LineKind,
    MovementKind,
    Order,
    OrderLine,
    OrderState,
    Return,
    ReturnLine,
)
from shop.services.movements import Change, in_lock_order, post
from shop.services.orders import OrderError, OrderStateError


class ReturnTooLargeError(OrderError):
    """More would come back than was sold."""


class ReturnKeyReusedError(OrderError):
    """The number already stands for another return."""


def return_lines(
    order: Order,
    units_by_line: Mapping[int, int],
    *,
    number: str,
    reason: str = "",
    restock: bool = True,
    by: Any = None,
) -> Return:
    """Take back units of order lines (by key), refund what was paid for them, restock if sound.

    The number is the key: the same one again returns the first return. Raises OrderStateError
    before shipment, ReturnTooLargeError for more than was sold and not yet returned.
    """
    if not units_by_line or any(units <= 0 for units in units_by_line.values()):
        raise OrderError(_("A return has lines, and each line has units above zero."))
    with transaction.atomic():
        # Takes the row's lock: of two returns at once, the second counts the first.
        Order.objects.filter(pk=order.pk).update(state=F("state"))
        if first := Return.objects.filter(number=number).first():
            return _same_return(first, order, units_by_line)
        order.refresh_from_db(fields=["state"])
        lines = _returnable(order, units_by_line)
        made = _write(order, lines, units_by_line, number, reason)
        if restock:
            _restock(made, lines, units_by_line, by)
    return made


def _same_return(first: Return, order: Order, units_by_line: Mapping[int, int]) -> Return:
    before = dict(first.lines.values_list("order_line_id", "units"))
    if first.order_id != order.pk or before != dict(units_by_line):
        raise ReturnKeyReusedError(_("This number already stands for another return."))
    return first


def _returnable(order: Order, units_by_line: Mapping[int, int]) -> list[OrderLine]:
    if order.state not in (OrderState.SHIPPED, OrderState.DELIVERED):
        raise OrderStateError(_("Only what was shipped can come back; cancel the order instead."))
    lines = list(order.lines.filter(pk__in=units_by_line, kind=LineKind.ITEM))
    if len(lines) != len(units_by_line):
        raise OrderError(_("This order has no such line."))
    back = dict(
        ReturnLine.objects.filter(order_line__in=lines)
        .order_by()
        .values_list("order_line_id")
        .annotate(units=Sum("units"))
    )
    for line in lines:
        left = line.units - back.get(line.pk, 0)
        if units_by_line[line.pk] > left:
            raise ReturnTooLargeError(
                format_lazy(
                    _("{text}: {left} units can still come back."), text=line.text, left=left
                )
            )
    return lines


def _write(
    order: Order,
    lines: list[OrderLine],
    units_by_line: Mapping[int, int],
    number: str,
    reason: str,
) -> Return:
    refunds = _unit_refunds(order, lines)
    made = Return.objects.create(
        number=number,
        order=order,
        customer_id=order.customer_id,
        currency=order.currency,
        refund_minor=sum(units_by_line[line.pk] * refunds[line.pk] for line in lines),
        reason=reason[:200],
        returned_at=timezone.now(),
    )
    ReturnLine.objects.bulk_create(
        ReturnLine(
            parent=made,
            position=position,
            variant_id=line.variant_id,
            order_line=line,
            text=line.text,
            units=units_by_line[line.pk],
            unit_refund_minor=refunds[line.pk],
            total_minor=units_by_line[line.pk] * refunds[line.pk],
        )
        for position, line in enumerate(lines)
    )
    return made


def _unit_refunds(order: Order, lines: list[OrderLine]) -> dict[int, int]:
    """What was paid for a unit of each line: its price less its share of the order's discounts.

    Rounded down, so that all returns together never refund more than the goods were paid with.
    """
    sums = dict(order.lines.order_by().values_list("kind").annotate(minor=Sum("total_minor")))
    items = sums.get(LineKind.ITEM, 0)
    paid = max(items + min(sums.get(LineKind.DISCOUNT, 0), 0), 0)
    if paid >= items:
        return {line.pk: line.unit_price_minor for line in lines}
    return {line.pk: line.unit_price_minor * paid // items for line in lines}


def _restock(
    made: Return, lines: list[OrderLine], units_by_line: Mapping[int, int], by: Any
) -> None:
    """To the warehouse that sent it. What was never counted, or imported, has none."""
    changes = [
        Change(
            line.variant_id,
            line.warehouse_id,
            MovementKind.RETURN,
            f"return:{made.pk}:line:{line.pk}",
            on_hand=units_by_line[line.pk],
            reference=f"return:{made.number}",
            by=by,
        )
        for line in lines
        if line.variant_id is not None and line.warehouse_id is not None
    ]
    for change in in_lock_order(changes):
        post(change)
