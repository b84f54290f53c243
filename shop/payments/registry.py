"""Which providers' formats are understood, and with which secrets they sign here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.conf import settings

from shop.payments import generic, stripe
from shop.payments.signatures import Signature
from shop.services.orders.payment_records import PaymentReport


class Adapter(NamedTuple):
    signature_of: Callable[[Mapping[str, str]], Signature]
    read: Callable[[bytes], PaymentReport | None]  # None: an event that means no money


ADAPTERS = {
    "generic": Adapter(generic.signature_of, generic.read),
    "stripe": Adapter(stripe.signature_of, stripe.read),
}


def secrets_by_provider() -> dict[str, list[str]]:
    """`code=secret` of the setting; a code that stands twice has two secrets while one changes."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in settings.PAYMENT_WEBHOOK_SECRETS:
        code, _equals, secret = entry.partition("=")
        if secret.strip():
            found[code.strip()].append(secret.strip())
    return dict(found)
