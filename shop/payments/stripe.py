"""Stripe's webhooks: events about payment intents and refunds.

The order's number is read from the payment intent's `metadata.order`, which the shop's site sets
when it makes the intent; a refund names only its payment intent.
Source: docs.stripe.com/webhooks (verify webhook signatures manually), docs.stripe.com/api/events/types,
docs.stripe.com/currencies (zero-decimal currencies and special cases).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shop.models import PaymentEventKind as Kind
from shop.payments.reading import document, inside, sha256, text, whole
from shop.payments.signatures import MessageError, Signature
from shop.services.orders.payment_records import PaymentReport

# type → what it means, and the field of the object that holds the amount. A refund is counted by
# its own events: the `amount_refunded` of a charge is a sum, and sums must not be added up.
EVENTS = {
    "payment_intent.amount_capturable_updated": (Kind.AUTHORISED, "amount_capturable"),
    "payment_intent.succeeded": (Kind.CAPTURED, "amount_received"),
    "payment_intent.canceled": (Kind.VOIDED, "amount"),
    "payment_intent.payment_failed": (Kind.FAILED, "amount"),
    "refund.created": (Kind.REFUNDED, "amount"),
    "refund.failed": (Kind.REFUND_FAILED, "amount"),
}
# Currencies without minor units whose amounts Stripe nevertheless writes in hundredths.
IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
LATEST = 4_102_444_800  # the year 2100, in seconds


def signature_of(headers: Mapping[str, str]) -> Signature:
    """`Stripe-Signature: t=1767225600,v1=<hex>,v1=<hex>,v0=…`; only scheme v1 is live."""
    pairs = [one.strip().partition("=") for one in headers.get("Stripe-Signature", "").split(",")]
    times = [value for name, _equals, value in pairs if name == "t"]
    candidates = [value for name, _equals, value in pairs if name == "v1"]
    return Signature(times[0] if times else "", tuple(candidates))


def read(body: bytes) -> PaymentReport | None:
    """None for events that move no money of an order. Raises MessageError."""
    event = document(body)
    kind, amount = EVENTS.get(text(event, "type"), ("", ""))
    if not kind:
        return None
    about = inside(inside(event, "data"), "object")
    is_refund = kind in (Kind.REFUNDED, Kind.REFUND_FAILED)
    currency = text(about, "currency").upper()
    return PaymentReport(
        provider="stripe",
        event_id=text(event, "id"),
        kind=kind,
        reference=text(about, "payment_intent" if is_refund else "id"),
        order_number=_order(about),
        amount_minor=_minor(whole(about, amount), currency),
        currency=currency,
        occurred_at=datetime.fromtimestamp(whole(event, "created", most=LATEST), UTC),
        body_sha256=sha256(body),
    )


def _order(about: dict[str, Any]) -> str:
    metadata = about.get("metadata")
    return text(metadata, "order", empty=True) if isinstance(metadata, dict) else ""


def _minor(amount: int, currency: str) -> int:
    if currency not in IN_HUNDREDTHS:
        return amount
    if amount % 100:
        raise MessageError(f"{currency} has no hundredths")
    return amount // 100
