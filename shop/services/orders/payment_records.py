"""The rows of payments: one event recorded, and the sums of its payment moved with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import Order, Payment, PaymentEvent, PaymentEventKind
from shop.services.orders.order_states import OrderError
from shop.services.stock.balances import paid_unrecorded

# Our own words beside those of the providers: what a person recorded, what an exchange settled.
BY_HAND = "by-hand"
EXCHANGE = "exchange"
OWN = frozenset({BY_HAND, EXCHANGE})

Kind = PaymentEventKind
# event → the sum that it moves, and in which direction. A failed attempt moves nothing.
MOVES: dict[str, tuple[str, int]] = {
    Kind.AUTHORISED: ("authorised_minor", 1),
    Kind.CAPTURED: ("captured_minor", 1),
    Kind.REFUNDED: ("refunded_minor", 1),
    Kind.REFUND_FAILED: ("refunded_minor", -1),
    Kind.VOIDED: ("voided_minor", 1),
}


class UnknownPaymentError(OrderError):
    """Neither the order nor the payment that the report names is known here."""


class PaymentMismatchError(OrderError):
    """The report does not fit the order or the payment that it names; nothing was recorded."""


class PaymentEventReusedError(OrderError):
    """The event's id already stands for another event."""


@dataclass(frozen=True)
class PaymentReport:
    """One event as an adapter read it. No card data: the body itself is not kept, only its hash."""

    provider: str
    event_id: str
    kind: str
    reference: str  # the provider's id of the payment
    order_number: str  # empty where the provider does not repeat it: then the payment is known
    amount_minor: int
    currency: str
    occurred_at: datetime
    body_sha256: str = ""


def put_payment_on_record(order: Order) -> None:
    """A paid order without a payment gets one, before anything is counted against it."""
    recorded = Payment.objects.filter(order=order, captured_minor__gt=0).exists()
    if not recorded and (paid := paid_unrecorded(order)):
        record_by_hand(order, Kind.CAPTURED, paid, f"order:{order.pk}:paid")


def record_own(
    order: Order, kind: str, amount_minor: int, *, provider: str, name: str
) -> PaymentEvent:
    """An amount of our own books: paid by hand, or by what an exchange gave back."""
    return write_event(
        order,
        PaymentReport(
            provider=provider,
            event_id=name,
            kind=kind,
            reference=f"order:{order.pk}",
            order_number=order.number,
            amount_minor=amount_minor,
            currency=order.currency,
            occurred_at=timezone.now(),
        ),
    )


def record_by_hand(order: Order, kind: str, amount_minor: int, event_id: str) -> PaymentEvent:
    return record_own(order, kind, amount_minor, provider=BY_HAND, name=event_id)


def write_event(order: Order, report: PaymentReport) -> PaymentEvent:
    payment = _payment_of(order, report)
    event = PaymentEvent.objects.create(
        payment=payment,
        provider=report.provider,
        event_id=report.event_id,
        kind=report.kind,
        amount_minor=report.amount_minor,
        occurred_at=report.occurred_at,
        body_sha256=report.body_sha256,
    )
    if report.kind in MOVES:
        name, sign = MOVES[report.kind]
        Payment.objects.filter(pk=payment.pk).update(**{name: F(name) + sign * report.amount_minor})
    return event


def _payment_of(order: Order, report: PaymentReport) -> Payment:
    payment, _made = Payment.objects.get_or_create(
        provider=report.provider,
        reference=report.reference,
        defaults={"order": order, "currency": order.currency},
    )
    if payment.order_id != order.pk:
        raise PaymentMismatchError(_("This payment belongs to another order."))
    if report.currency != payment.currency:
        raise PaymentMismatchError(
            format_lazy(
                _("The order is in {ours}, the payment in {theirs}."),
                ours=payment.currency,
                theirs=report.currency,
            )
        )
    return payment
