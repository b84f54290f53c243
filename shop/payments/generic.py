"""Our own format, for providers without an adapter and for tests. Documented in docs/api.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.dateparse import parse_datetime

from shop.models import PaymentEventKind
from shop.payments.reading import document, sha256, text, whole
from shop.payments.signatures import MessageError, Signature
from shop.services.orders.payment_records import PaymentReport


def signature_of(headers: Mapping[str, str]) -> Signature:
    """`Backroom-Timestamp: 1767225600` and `Backroom-Signature: v1=<hex>`, several by commas."""
    given = headers.get("Backroom-Signature", "").split(",")
    candidates = [one.strip().removeprefix("v1=") for one in given if one.strip()[:3] == "v1="]
    return Signature(headers.get("Backroom-Timestamp", ""), tuple(candidates))


def read(body: bytes) -> PaymentReport:
    """Raises MessageError for a field that cannot be used."""
    said = document(body)
    kind = text(said, "type")
    if kind not in PaymentEventKind.values:
        raise MessageError(f"type is none of {', '.join(PaymentEventKind.values)}")
    return PaymentReport(
        provider="generic",
        event_id=text(said, "id"),
        kind=kind,
        reference=text(said, "payment"),
        order_number=text(said, "order", empty=True),
        amount_minor=whole(said, "amount_minor"),
        currency=text(said, "currency"),
        occurred_at=_time(text(said, "occurred_at")),
        body_sha256=sha256(body),
    )


def _time(said: str) -> datetime:
    try:
        found = parse_datetime(said)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise MessageError("occurred_at is not a time with its zone (ISO 8601)")
    return found
