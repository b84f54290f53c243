"""Customers with what they agreed to."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, QuerySet, Subquery

from shop.exporters.registry import Row, exporter
from shop.models import Consent, Customer, Purpose

COLUMNS = (
    "Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing",
    "Default Address Country Code", "Phone", "Accepts SMS Marketing",
)  # fmt: skip


def latest_word(purpose: str) -> Subquery:
    words = Consent.objects.filter(customer=OuterRef("pk"), purpose=purpose)
    return Subquery(words.order_by("-recorded_at", "-pk").values("granted")[:1])


def customers() -> QuerySet[Customer]:
    return Customer.objects.annotate(
        by_email=latest_word(Purpose.MARKETING_EMAIL), by_sms=latest_word(Purpose.MARKETING_SMS)
    )


def left_out() -> list[str]:
    return ["languages, since when they are customers, and consents beside e-mail and SMS"]


def first_and_last(name: str) -> tuple[str, str]:
    """Parted at the last blank; a name that would not come together again stays in one."""
    first, blank, last = name.rpartition(" ")
    return (first, last) if blank and first == first.strip() and last else (name, "")


@exporter("customers", customers, COLUMNS, format="shopify", left_out=left_out)
def customer_rows(page: list[Customer]) -> Iterable[Row]:
    for row in page:
        first, last = first_and_last(row.name)
        yield {
            "Customer ID": row.code,
            "First Name": first,
            "Last Name": last,
            "Email": row.email,
            "Accepts Email Marketing": bool(row.by_email),
            "Default Address Country Code": row.country,
            "Phone": row.phone,
            "Accepts SMS Marketing": bool(row.by_sms),
        }
