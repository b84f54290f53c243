"""Goods that come back, and the money for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbox.services import publish
from shop.models import (
    Allocation,
    LineKind,
    MovementKind,
    Order,
    OrderState,
    Return,
    ReturnLine,
)
from shop.services.orders.line_progress import Progress, progress_of
from shop.services.orders.order_lines import Amount
from shop.services.orders.order_states import OrderError, OrderStateError, been, lock
from shop.services.orders.payment_records import put_payment_on_record
from shop.services.orders.refunds import NewRefund, write_refund
from shop.services.stock.allocations import allocations_of
from shop.services.stock.balances import balance_of
from shop.services.stock.movements import Change, in_lock_order, post


class ReturnTooLargeError(OrderError):
    """More would come back than was sold."""


class ReturnKeyReusedError(OrderError):
    """The number already stands for another return."""


@dataclass(frozen=True)
class Back:
    """Units of one line that come back now, and what they were paid with."""

    progress: Progress
    units: int
    worth: Amount


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

    A line may also be the shipping charge. The number is the key: the same one again returns the
    first return. Raises OrderStateError before shipment, ReturnTooLargeError for more than was
    shipped and not yet returned.
    """
    if not units_by_line or any(units <= 0 for units in units_by_line.values()):
        raise OrderError(_("A return has lines, and each line has units above zero."))
    with transaction.atomic():
        lock(order)
        if first := Return.objects.filter(number=number).first():
            return same_return(first, order, units_by_line)
        put_payment_on_record(order)
        back = _returnable(order, units_by_line)
        made = _write(order, back, number, reason)
        _refund(order, made, back, by)
        _take_back(order, made, units_by_line, restock, by)
        _announce(order, made)
    return made


def _announce(order: Order, made: Return) -> None:
    publish(
        "return.created",
        {
            "number": made.number,
            "order": order.number,
            "currency": made.currency,
            "refund_minor": made.refund_minor,
            "reason": made.reason,
            "happened_at": made.returned_at.isoformat(),
        },
        key=f"return:{made.pk}",
    )


def same_return(first: Return, order: Order, units_by_line: Mapping[int, int]) -> Return:
    lines = first.lines.exclude(order_line=None)
    before = dict(lines.values_list("order_line_id", "units"))
    if first.order_id != order.pk or before != dict(units_by_line):
        raise ReturnKeyReusedError(_("This number already stands for another return."))
    return first


def _returnable(order: Order, units_by_line: Mapping[int, int]) -> list[Back]:
    if order.state != OrderState.PART_SHIPPED and not been(order, OrderState.SHIPPED):
        raise OrderStateError(_("Only what was shipped can come back; cancel the order instead."))
    found = progress_of(order)
    if not found.keys() >= units_by_line.keys():
        raise OrderError(_("This order has no such line."))
    for pk, units in units_by_line.items():
        left = found[pk].returnable_units
        if units > left:
            message = _("{text}: {left} units can still come back.")
            raise ReturnTooLargeError(format_lazy(message, text=found[pk].line.text, left=left))
    return [
        Back(one, units_by_line[pk], one.worth(units_by_line[pk]))
        for pk, one in found.items()
        if pk in units_by_line
    ]


def _write(order: Order, back: list[Back], number: str, reason: str) -> Return:
    worth = sum(one.worth.paid_minor for one in back)
    paid = min(worth, balance_of(order).refundable_minor)
    made = Return.objects.create(
        number=number,
        order=order,
        customer_id=order.customer_id,
        currency=order.currency,
        refund_minor=paid,
        reason=reason[:200],
        returned_at=timezone.now(),
    )
    lines = [_line(made, position, one) for position, one in enumerate(back)]
    if paid < worth:
        lines.append(_refunded_before(made, len(lines), paid - worth))
    ReturnLine.objects.bulk_create(lines)
    return made


def _line(made: Return, position: int, one: Back) -> ReturnLine:
    line = one.progress.line
    return ReturnLine(
        parent=made,
        position=position,
        kind=line.kind,
        variant_id=line.variant_id,
        order_line=line,
        text=line.text,
        units=one.units,
        unit_refund_minor=one.worth.paid_minor // one.units,
        total_minor=one.worth.paid_minor,
    )


def _refunded_before(made: Return, position: int, amount_minor: int) -> ReturnLine:
    """Money that went back without goods is not paid a second time with them."""
    return ReturnLine(
        parent=made,
        position=position,
        kind=LineKind.DISCOUNT,
        text=gettext("Refunded before"),
        units=1,
        unit_refund_minor=amount_minor,
        total_minor=amount_minor,
    )


def _refund(order: Order, made: Return, back: list[Back], by: Any) -> None:
    if made.refund_minor > 0:
        tax = sum(one.worth.tax_minor for one in back)
        write_refund(
            order,
            NewRefund(
                f"return:{made.pk}", made.refund_minor, tax, made.reason, goods_return=made, by=by
            ),
        )


def _take_back(
    order: Order, made: Return, units_by_line: Mapping[int, int], restock: bool, by: Any
) -> None:
    """To the warehouse that sent it. What was never counted, or imported, has none."""
    pieces = list(_places(order, units_by_line))
    Allocation.objects.bulk_update([one for one, _units in pieces], ["returned_units"])
    if restock and not order.is_history:
        for change in in_lock_order([_restocked(made, one, units, by) for one, units in pieces]):
            post(change)


def _places(order: Order, units_by_line: Mapping[int, int]) -> Iterator[tuple[Allocation, int]]:
    """Which allocations the units go back to, the first of each line first."""
    by_item: dict[tuple[int, int], list[Allocation]] = defaultdict(list)
    for one in allocations_of(order):
        if one.order_line_id in units_by_line:
            by_item[one.order_line_id, one.variant_id].append(one)
    for (line, _item), found in by_item.items():
        each = sum(one.units for one in found) // found[0].order_line.units
        left = each * units_by_line[line]
        for one in found:
            if units := min(left, one.shipped_units - one.returned_units):
                one.returned_units += units
                left -= units
                yield one, units


def _restocked(made: Return, one: Allocation, units: int, by: Any) -> Change:
    return Change(
        one.variant_id,
        one.warehouse_id,
        MovementKind.RETURN,
        f"return:{made.pk}:allocation:{one.pk}",
        on_hand=units,
        reference=f"return:{made.number}",
        by=by,
    )
