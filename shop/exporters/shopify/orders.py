"""Orders, one row per line of goods; what the order costs stands on its first row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from shop.exporters.foreign_orders import discount_text, goods_of, left_out, orders, sums_of
from shop.exporters.registry import Row, exporter
from shop.models import Order, OrderLine, OrderState
from shop.money import from_minor

COLUMNS = (
    "Name", "Email", "Financial Status", "Fulfillment Status", "Currency", "Subtotal", "Shipping",
    "Taxes", "Total", "Discount Code", "Discount Amount", "Created at", "Lineitem quantity",
    "Lineitem name", "Lineitem price", "Lineitem sku", "Shipping Country", "Refunded Amount",
    "Source",
)  # fmt: skip
# Shopify's words for what is paid and what left; a shipped order that arrived has none of its own.
STATES = {
    OrderState.PLACED: ("pending", "unfulfilled"),
    OrderState.PAID: ("paid", "unfulfilled"),
    OrderState.PART_SHIPPED: ("paid", "partial"),
    OrderState.SHIPPED: ("paid", "fulfilled"),
    OrderState.DELIVERED: ("paid", "fulfilled"),
    OrderState.CANCELLED: ("voided", "unfulfilled"),
}


@exporter("orders", orders, COLUMNS, format="shopify", left_out=left_out)
def order_rows(page: list[Order]) -> Iterable[Row]:
    for order in page:
        for number, line in enumerate(goods_of(order)):
            row: Row = {"Name": order.number, "Email": _email(order)}
            if not number:
                row |= _head(order)
            yield row | (_line(line, order.currency) if line else {})


def _email(order: Order) -> str | None:
    return order.customer.email if order.customer else None


def _head(order: Order) -> Row:
    sums, money = sums_of(order), order.currency
    paid, sent = STATES[OrderState(order.state)]
    return {
        "Financial Status": paid,
        "Fulfillment Status": sent,
        "Currency": money,
        "Subtotal": from_minor(sums.subtotal, money),
        "Shipping": from_minor(sums.shipping, money),
        "Taxes": from_minor(order.tax_minor, money),
        "Total": from_minor(order.total_minor, money),
        "Discount Code": discount_text(order),
        "Discount Amount": from_minor(-sums.discount, money),
        "Created at": to_the_second(order.placed_at),
        "Shipping Country": order.country,
        "Refunded Amount": from_minor(order.refunded_minor, money),
        "Source": order.channel.code if order.channel else None,
    }


def _line(line: OrderLine, currency: str) -> Row:
    return {
        "Lineitem quantity": line.units,
        "Lineitem name": line.text,
        "Lineitem price": from_minor(line.unit_price_minor, currency),
        "Lineitem sku": line.variant.sku if line.variant else None,
    }


def to_the_second(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S +0000")
