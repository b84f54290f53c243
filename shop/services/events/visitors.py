"""Who sits at a browser: linked by the shop's server, or by an identity that it signed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.utils import timezone

from shop.models import Customer, VisitorLink

SALT = "shop.identity"
IDENTITY_LASTS = timedelta(days=2)  # longer than an evening, shorter than a stolen page is worth


class IdentityError(ValueError):
    """The identity was not signed here."""


def link_visitor(visitor: str, customer: Customer, *, at: datetime | None = None) -> VisitorLink:
    """This browser is that customer's from now on. Twice equals once."""
    with transaction.atomic():
        newest = VisitorLink.objects.filter(visitor=visitor).order_by("-linked_at", "-id").first()
        if newest is not None and newest.customer_id == customer.pk:
            return newest
        link, _created = VisitorLink.objects.get_or_create(
            visitor=visitor, customer=customer, linked_at=at or timezone.now()
        )
    return link


def identity_of(customer: Customer) -> str:
    """What a signed-in browser shows to be believed: only the shop's server can have got it."""
    return signing.dumps(customer.code, salt=SALT)


def code_behind(identity: str) -> str:
    """The customer's code; "" for a page left open too long: its visitor is a guest again.

    Raises IdentityError for what was not signed here.
    """
    try:
        return str(signing.loads(identity, salt=SALT, max_age=IDENTITY_LASTS))
    except signing.SignatureExpired:
        return ""
    except signing.BadSignature as error:
        raise IdentityError(identity[:20]) from error
