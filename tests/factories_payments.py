"""Reports of a payment provider, as an adapter would hand them over."""

from __future__ import annotations

from itertools import count

from shop.models import Order
from shop.services.payment_records import PaymentReport
from tests.factories import NOW

_events = count(1)


def report(order: Order, kind: str, amount_minor: int, **fields) -> PaymentReport:
    return PaymentReport(
        provider=fields.pop("provider", "generic"),
        event_id=fields.pop("event_id", f"evt-{next(_events)}"),
        kind=kind,
        reference=fields.pop("reference", f"pay-{order.number}"),
        order_number=fields.pop("order_number", order.number),
        amount_minor=amount_minor,
        currency=fields.pop("currency", order.currency),
        occurred_at=NOW,
        **fields,
    )
