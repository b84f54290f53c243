"""Orders, one row per item, the order's own columns on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shop.exporters.foreign_orders import (
    Sums,
    discount_text,
    goods_of,
    left_out,
    orders,
    sums_of,
)
from shop.exporters.registry import Row, exporter
from shop.exporters.shopify.orders import to_the_second
from shop.models import Order, OrderLine, OrderState
from shop.money import from_minor

COLUMNS = (
    "order_number", "date", "status", "shipping_total", "fee_total", "tax_total", "discount_total",
    "order_total", "refunded_total", "order_currency", "customer_id", "billing_email",
    "shipping_country", "coupon_items", "item_name", "item_sku", "item_quantity", "item_subtotal",
    "item_total",
)  # fmt: skip
STATES = {
    OrderState.PLACED: "pending",
    OrderState.PAID: "processing",
    OrderState.PART_SHIPPED: "processing",
    OrderState.SHIPPED: "completed",
    OrderState.DELIVERED: "completed",
    OrderState.CANCELLED: "cancelled",
}


@exporter("orders", orders, COLUMNS, format="woocommerce", left_out=left_out)
def order_rows(page: list[Order]) -> Iterable[Row]:
    for order in page:
        sums = sums_of(order)
        head, money = _head(order, sums), order.currency
        shares = Shares(sums)
        for line in goods_of(order):
            yield head | (_line(line, shares, money) if line else {})


@dataclass
class Shares:
    """The order's discount over its lines in proportion, whole minor units that add up to it."""

    sums: Sums
    items_so_far: int = 0
    given: int = 0

    def next(self, items: int) -> int:
        self.items_so_far += items
        all_items = self.sums.items or 1
        due = self.sums.discount * self.items_so_far // all_items
        share, self.given = due - self.given, due
        return share


def _head(order: Order, sums: Sums) -> Row:
    """Where prices hold the tax it is within the items: WooCommerce's are without, so it says 0."""
    money = order.currency
    taxes = 0 if order.prices_include_tax else order.tax_minor
    return {
        "order_number": order.number,
        "date": to_the_second(order.placed_at),
        "status": STATES[OrderState(order.state)],
        "shipping_total": from_minor(sums.shipping, money),
        "fee_total": from_minor(sums.other, money),
        "tax_total": from_minor(taxes, money),
        "discount_total": from_minor(-sums.discount, money),
        "order_total": from_minor(order.total_minor, money),
        "refunded_total": from_minor(order.refunded_minor, money),
        "order_currency": money,
        "customer_id": order.customer.code if order.customer else 0,
        "billing_email": order.customer.email if order.customer else None,
        "shipping_country": order.country,
        "coupon_items": discount_text(order),
    }


def _line(line: OrderLine, shares: Shares, currency: str) -> Row:
    reduced = line.total_minor + shares.next(line.total_minor)
    return {
        "item_name": line.text,
        "item_sku": line.variant.sku if line.variant else None,
        "item_quantity": line.units,
        "item_subtotal": from_minor(line.total_minor, currency),
        "item_total": from_minor(reduced, currency),
    }
