"""Who the customers are and what they agreed to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import AttributeKind, Consent, Customer, CustomerAttribute, IdentifierKind
from shop.services.erased import is_erased

ERASED = _("This customer was erased; who buys again gets a new code.")


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

    Raises CustomerError when the e-mail address belongs to another customer, or the code belonged
    to one who was erased.
    """
    if is_erased(IdentifierKind.CODE, person.code):
        raise CustomerError(ERASED)
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


NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True)
class Said:
    """What a customer said of herself under a name; an empty value takes it back."""

    name: str
    value: str
    purpose: str
    source: str
    kind: str = AttributeKind.TEXT.value


def record_attribute(
    customer: Customer, said: Said, *, at: datetime | None = None
) -> CustomerAttribute:
    """Add a word; the word that stands already is not repeated. Raises CustomerError for a value
    that is not of its kind."""
    _refuse_other_kind(said)
    at = at or timezone.now()
    given = customer.attributes.filter(name=said.name, recorded_at__lte=at)
    latest = given.order_by("-recorded_at", "-id").first()
    same = ("value", "kind", "purpose", "source")
    if latest is not None and all(getattr(latest, key) == getattr(said, key) for key in same):
        return latest
    is_number = said.value and said.kind == AttributeKind.NUMBER
    return CustomerAttribute.objects.create(
        customer=customer, name=said.name, kind=said.kind, value=said.value, source=said.source,
        number=float(said.value) if is_number else None, purpose=said.purpose, recorded_at=at,
    )  # fmt: skip


def _refuse_other_kind(said: Said) -> None:
    if not said.value:
        return
    if said.kind == AttributeKind.NUMBER and not NUMBER.fullmatch(said.value):
        raise CustomerError(_("Write a number like 42 or 3.5."))
    if said.kind == AttributeKind.YES_NO and said.value not in ("yes", "no"):
        raise CustomerError(_("Write yes or no."))
