"""Customers, every word they gave, what they say and what they did."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Min, QuerySet

from shop.models import Consent, Customer, CustomerAttribute, Event, Review, VisitorLink

from .registry import Row, exporter

CUSTOMER_COLUMNS = (
    "customer_code", "email", "phone", "name", "country", "language", "time_zone", "birthday",
    "push_token", "created_at",
)  # fmt: skip


@exporter("customers", Customer, CUSTOMER_COLUMNS)
def customer_rows(page: list[Customer]) -> Iterable[Row]:
    """What they agreed to is a kind of its own: each word with its time and source."""
    for row in page:
        named = {name: getattr(row, name) for name in CUSTOMER_COLUMNS[1:]}
        yield {"customer_code": row.code} | named


def consents() -> QuerySet[Consent]:
    return Consent.objects.select_related("customer")


CONSENT_COLUMNS = ("customer_code", "purpose", "granted", "recorded_at", "source")


@exporter("consents", consents, CONSENT_COLUMNS)
def consent_rows(page: list[Consent]) -> Iterable[Row]:
    for row in page:
        named = {name: getattr(row, name) for name in CONSENT_COLUMNS[1:]}
        yield {"customer_code": row.customer.code} | named


def customer_attributes() -> QuerySet[CustomerAttribute]:
    return CustomerAttribute.objects.select_related("customer")


ATTRIBUTE_COLUMNS = ("customer_code", "name", "kind", "value", "purpose", "recorded_at", "source")


@exporter("customer_attributes", customer_attributes, ATTRIBUTE_COLUMNS)
def attribute_rows(page: list[CustomerAttribute]) -> Iterable[Row]:
    for row in page:
        named = {name: getattr(row, name) for name in ATTRIBUTE_COLUMNS[1:]}
        yield {"customer_code": row.customer.code} | named


def reviews() -> QuerySet[Review]:
    first_sku = Min("product__variants__sku")
    related = Review.objects.select_related("customer", "order_line__order")
    return related.annotate(sku=first_sku)


REVIEW_COLUMNS = (
    "review_id", "sku", "customer_code", "rating", "title", "body", "language", "written_at",
    "order_number", "order_line", "state", "is_incentivised",
)  # fmt: skip


def reviews_left_out() -> list[str]:
    lost = Review.objects.filter(product__variants=None).count()
    return [f"{lost} reviews of products that have no SKU"] if lost else []


@exporter("reviews", reviews, REVIEW_COLUMNS, left_out=reviews_left_out)
def review_rows(page: list[Review]) -> Iterable[Row]:
    for row in page:
        if row.sku is not None:
            named = {name: getattr(row, name) for name in REVIEW_COLUMNS[3:8] + REVIEW_COLUMNS[10:]}
            line = row.order_line
            yield named | {
                "review_id": row.key,
                "sku": row.sku,
                "customer_code": row.customer.code if row.customer else None,
                "order_number": line.order.number if line else None,
                "order_line": line.position if line else None,
            }


def events() -> QuerySet[Event]:
    return Event.objects.select_related("customer", "variant", "order").only(
        *EVENT_COPIED, "customer__code", "variant__sku", "order__number"
    )


EVENT_COPIED = (
    "event_id", "kind", "occurred_at", "received_at", "clock_ahead_seconds", "session", "visitor",
    "units", "query",
    "consent",
)  # fmt: skip
EVENT_COLUMNS = (*EVENT_COPIED, "customer_code", "sku", "order_number", "properties")


@exporter("events", events, EVENT_COLUMNS)
def event_rows(page: list[Event]) -> Iterable[Row]:
    for row in page:
        yield {name: getattr(row, name) for name in EVENT_COPIED} | {
            "customer_code": row.customer.code if row.customer else None,
            "sku": row.variant.sku if row.variant else None,
            "order_number": row.order.number if row.order else None,
            "properties": row.properties or None,
        }


def links() -> QuerySet[VisitorLink]:
    return VisitorLink.objects.select_related("customer")


@exporter("visitor_links", links, ["visitor", "customer_code", "linked_at"])
def link_rows(page: list[VisitorLink]) -> Iterable[Row]:
    for row in page:
        named = {"visitor": row.visitor, "linked_at": row.linked_at}
        yield named | {"customer_code": row.customer.code}
