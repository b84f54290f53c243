"""What payment providers report: recorded once, summed up in whatever order it arrives."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shop.models import Order, OrderState, Payment, PaymentEvent
from shop.models import PaymentEventKind as Kind
from shop.services.orders.order_states import OrderError, enter, lock
from shop.services.orders.payment_records import (
    BY_HAND,
    PaymentEventReusedError,
    PaymentReport,
    UnknownPaymentError,
    put_payment_on_record,
    record_by_hand,
    write_event,
)
from shop.services.orders.refunds import refund_what_is_left
from shop.services.stock.balances import balance_of


def record_payment_event(report: PaymentReport, *, by: Any = None, note: str = "") -> PaymentEvent:
    """Record one event; the same event again changes nothing.

    The order becomes paid as soon as as much as its total was captured. What arrives for a
    cancelled order is recorded and due back. Raises UnknownPaymentError (nothing is recorded; the
    provider sends it again), PaymentMismatchError, PaymentEventReusedError.
    """
    if first := _recorded(report):
        return first
    order = _order_of(report)
    try:
        with transaction.atomic():
            lock(order)
            return _record(order, report, by, note)
    except IntegrityError:
        first = _recorded(report)  # a rival with the same event was faster
        if first is None:
            raise
        return first


def pay(order: Order, *, by: Any = None, note: str = "") -> Order:
    """Somebody saw the money arrive: what is still to be paid counts as captured by hand."""
    with transaction.atomic():
        lock(order)
        due = balance_of(order).customer_owes_minor
        if order.state == OrderState.PLACED and due:
            record_by_hand(order, Kind.CAPTURED, due, f"order:{order.pk}:paid")
        enter(order, OrderState.PAID, by=by, note=note)
    return order


def pay_back(order: Order, *, number: str, by: Any = None) -> PaymentEvent:
    """Somebody paid back by hand what the shop owes. The number is the key."""
    event_id = f"pay-back:{number}"
    with transaction.atomic():
        lock(order)
        if first := PaymentEvent.objects.filter(provider=BY_HAND, event_id=event_id).first():
            return first
        put_payment_on_record(order)
        due = balance_of(order).shop_owes_minor
        if not due:
            raise OrderError(_("The shop owes nothing for this order."))
        return record_by_hand(order, Kind.REFUNDED, due, event_id)


def settle(order: Order, event: PaymentEvent, *, by: Any = None, note: str = "") -> None:
    """After the sums have moved: covered, a placed order is paid; cancelled, all goes back."""
    balance = balance_of(order)
    if order.state == OrderState.PLACED and balance.paid_minor >= balance.total_minor:
        enter(order, OrderState.PAID, by=by, note=note)
    if order.state == OrderState.CANCELLED:
        reason = str(_("Paid after the order was cancelled."))
        refund_what_is_left(order, number=f"{order.number}-E{event.pk}", reason=reason, by=by)


def _record(order: Order, report: PaymentReport, by: Any, note: str) -> PaymentEvent:
    event = write_event(order, report)
    settle(order, event, by=by, note=note or f"{report.provider} {report.reference}")
    return event


def _order_of(report: PaymentReport) -> Order:
    if report.order_number:
        order = Order.objects.filter(number=report.order_number, is_history=False).first()
    else:
        known = Payment.objects.filter(provider=report.provider, reference=report.reference)
        payment = known.select_related("order").first()
        order = payment.order if payment else None
    if order is None:
        raise UnknownPaymentError(_("No order is known for this payment."))
    return order


def _recorded(report: PaymentReport) -> PaymentEvent | None:
    first = (
        PaymentEvent.objects.filter(provider=report.provider, event_id=report.event_id)
        .select_related("payment")
        .first()
    )
    if first is None:
        return None
    before = (first.kind, first.amount_minor, first.payment.reference, first.payment.currency)
    if before != (report.kind, report.amount_minor, report.reference, report.currency):
        raise PaymentEventReusedError(_("This event id already stands for another event."))
    return first
