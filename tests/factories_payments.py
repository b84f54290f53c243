"""Reports of a payment provider, as an adapter would hand them over."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from itertools import count

from shop.models import Order
from shop.services.orders.payment_records import PaymentReport
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


def signed(provider: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    """The headers that this provider would send."""
    mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    if provider == "stripe":
        return {"Stripe-Signature": f"t={at},v1={'0' * 64},v1={mark},v0={mark}"}
    return {"Backroom-Timestamp": str(at), "Backroom-Signature": f"v1={mark}"}


def send(client, provider: str, said: dict, *, secret: str = "", at: int = 0, **odd):
    """POST it signed; `at`: seconds from now, `tamper`, `headers`: how a forger would."""
    body = json.dumps(said).encode()
    secret = secret or {"stripe": "whsec_new"}.get(provider, "hush")
    headers = odd.get("headers", signed(provider, body, secret, int(time.time()) + at))
    if odd.get("tamper"):
        body += b" "
    address = f"/api/storefront/v1/payments/{provider}/"
    return client.generic("POST", address, body, "application/json", headers=headers)
