"""Customers in the columns of the customer export."""

from __future__ import annotations

from collections.abc import Iterable

from shop.exporters.registry import Row, exporter
from shop.exporters.shopify.customers import first_and_last
from shop.exporters.shopify.orders import to_the_second
from shop.models import Customer

COLUMNS = (
    "customer_id", "first_name", "last_name", "email", "date_registered", "billing_phone",
    "billing_country",
)  # fmt: skip


def left_out() -> list[str]:
    return ["languages, fractions of a second, and every consent"]


@exporter("customers", Customer, COLUMNS, format="woocommerce", left_out=left_out)
def customer_rows(page: list[Customer]) -> Iterable[Row]:
    for row in page:
        first, last = first_and_last(row.name)
        yield {
            "customer_id": row.code,
            "first_name": first,
            "last_name": last,
            "email": row.email,
            "date_registered": to_the_second(row.created_at),
            "billing_phone": row.phone,
            "billing_country": row.country,
        }
