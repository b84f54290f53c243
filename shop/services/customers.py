"""Who the customers are and what they agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import Consent, Customer


class CustomerError(Exception):
    """Why a customer cannot be written like that."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class Person:
    """A customer as a storefront describes one."""

    code: str
    email: str = ""
    name: str = ""
    phone: str = ""
    country: str = ""
    language: str = ""


def ensure_customer(person: Person) -> Customer:
    """The customer with this code, made when new. One that exists is not overwritten from outside.

    Raises CustomerError when the e-mail address belongs to another customer.
    """
    fields = {name: getattr(person, name) for name in person.__dataclass_fields__ if name != "code"}
    try:
        with transaction.atomic():
            customer, _created = Customer.objects.get_or_create(code=person.code, defaults=fields)
    except IntegrityError as error:
        raise CustomerError(_("This e-mail address belongs to another customer.")) from error
    return customer


def record_consent(
    customer: Customer, purpose: str, *, granted: bool, source: str, at: datetime | None = None
) -> Consent:
    """Add a word to the ledger of consent. The word that stands already is not repeated."""
    at = at or timezone.now()
    given = customer.consents.filter(purpose=purpose, recorded_at__lte=at)
    latest = given.order_by("-recorded_at", "-id").first()
    if latest is not None and latest.granted == granted:
        return latest
    return Consent.objects.create(
        customer=customer, purpose=purpose, granted=granted, source=source[:80], recorded_at=at
    )
