"""Money that goes back: never more than was paid, and with it the tax that it held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from outbox.services import publish
from shop.models import Order, Refund, Return
from shop.money import format_money
from shop.services.orders.order_states import OrderError, lock
from shop.services.orders.payment_records import put_payment_on_record
from shop.services.stock.balances import balance_of


class RefundTooLargeError(OrderError):
    """More would go back than was paid and not given back yet."""


class RefundKeyReusedError(OrderError):
    """The number already stands for another refund."""


@dataclass(frozen=True)
class NewRefund:
    number: str
    amount_minor: int
    tax_minor: int | None = None  # none: in proportion to the order's
    reason: str = ""
    goods_return: Return | None = None
    by: Any = None


def refund(
    order: Order, amount_minor: int, *, number: str, reason: str = "", by: Any = None
) -> Refund:
    """Give money back without goods: goodwill, a mistake, the shipping. The number is the key.

    Raises RefundTooLargeError for more than was paid and not refunded yet.
    """
    if amount_minor <= 0:
        raise OrderError(_("A refund is above zero."))
    with transaction.atomic():
        lock(order)
        if first := Refund.objects.filter(number=number).first():
            return _same_refund(first, order, amount_minor)
        put_payment_on_record(order)
        return write_refund(order, NewRefund(number, amount_minor, reason=reason, by=by))


def write_refund(order: Order, new: NewRefund) -> Refund:
    """The row, inside the transaction that holds the order's lock."""
    balance = balance_of(order)
    if new.amount_minor > balance.refundable_minor:
        raise RefundTooLargeError(
            format_lazy(
                _("{left} can still be refunded of this order."),
                left=format_money(balance.refundable_minor, order.currency),
            )
        )
    tax_left = max(0, order.tax_minor - balance.refunded_tax_minor)
    is_last = balance.refunded_minor + new.amount_minor == order.total_minor
    made = Refund.objects.create(
        order=order,
        number=new.number,
        goods_return=new.goods_return,
        currency=order.currency,
        amount_minor=new.amount_minor,
        tax_minor=min(tax_left if is_last else _tax(order, new), tax_left, new.amount_minor),
        reason=new.reason[:200],
        refunded_by=new.by,
    )
    _announce(order, made)
    return made


def _announce(order: Order, made: Refund) -> None:
    publish(
        "refund.created",
        {
            "number": made.number,
            "order": order.number,
            "currency": made.currency,
            "amount_minor": made.amount_minor,
            "tax_minor": made.tax_minor,
            "happened_at": made.refunded_at.isoformat(),
        },
        key=f"refund:{made.pk}",
    )


def refund_what_is_left(order: Order, *, number: str, reason: str, by: Any = None) -> Refund | None:
    """A cancelled order keeps nothing: all that was paid and not refunded yet goes back."""
    left = balance_of(order).refundable_minor
    if not left:
        return None
    return write_refund(order, NewRefund(number, left, reason=reason, by=by))


def _tax(order: Order, new: NewRefund) -> int:
    if new.tax_minor is not None:
        return new.tax_minor
    if not order.total_minor:
        return 0
    return (2 * new.amount_minor * order.tax_minor + order.total_minor) // (2 * order.total_minor)


def _same_refund(first: Refund, order: Order, amount_minor: int) -> Refund:
    if (first.order_id, first.amount_minor) != (order.pk, amount_minor):
        raise RefundKeyReusedError(_("This number already stands for another refund."))
    return first
