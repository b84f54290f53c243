"""What a person is called by, read before anything is removed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from privacy.registry.base import Subject
from shop.models import Coupon, Customer, IdentifierKind, VisitorLink
from shop.services import erased
from support.models import Ticket

MOST_BROWSERS = 1_000  # a person with more of them is none; the rest is found by her key


def read_subject(customer: Customer) -> Subject:
    """Browsers that another customer used too are not hers alone and are not searched for."""
    mine = VisitorLink.objects.filter(customer=customer).values("visitor")
    owners = VisitorLink.objects.filter(visitor__in=mine).order_by().values("visitor")
    alone = owners.annotate(owners=Count("customer", distinct=True)).filter(owners=1)
    hers = (
        Q(customer=customer) | Q(email__iexact=customer.email)
        if customer.email
        else Q(customer=customer)
    )
    return Subject(
        customer_id=customer.pk,
        code=customer.code,
        email=customer.email,
        phone=customer.phone,
        name=customer.name,
        push_token=customer.push_token,
        visitors=sorted(alone.values_list("visitor", flat=True)[:MOST_BROWSERS]),
        coupons=sorted(Coupon.objects.filter(customer=customer).values_list("code", flat=True)),
        tickets=sorted(Ticket.objects.filter(hers).values_list("number", flat=True)),
        shared=_shared(customer),
    )


def _shared(customer: Customer) -> list[str]:
    others = Customer.objects.exclude(pk=customer.pk)
    return [
        name
        for name in ("phone", "name", "push_token")
        if getattr(customer, name) and others.filter(**{name: getattr(customer, name)}).exists()
    ]


def subject_of(working: dict[str, Any]) -> Subject:
    return Subject(**working["subject"])


def working_of(subject: Subject, since: datetime) -> dict[str, Any]:
    return {"subject": asdict(subject), "since": since.isoformat()}


def remember(subject: Subject) -> None:
    """From here on whoever brings one of these again is refused, or not written to."""
    erased.remember(IdentifierKind.CODE, [subject.code])
    erased.remember(IdentifierKind.EMAIL, [subject.email])
    erased.remember(IdentifierKind.VISITOR, subject.visitors)
    for kind, name in ((IdentifierKind.PHONE, "phone"), (IdentifierKind.PUSH, "push_token")):
        if name not in subject.shared:
            erased.remember(kind, [getattr(subject, name)])
