"""Orders and returns, a row per line."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from shop.models import Order, OrderLine, Return, ReturnLine, TaxRate
from shop.money import from_minor

from .registry import Row, exporter

ORDER_COLUMNS = (
    "order_number", "placed_at", "customer_code", "state", "channel", "country", "currency",
    "tax_included", "line_kind", "sku", "text", "units", "cancelled_units", "unit_price",
    "line_discount", "tax_basis_points", "line_tax",
)  # fmt: skip
RETURN_COLUMNS = (
    "return_number", "returned_at", "order_number", "customer_code", "reason", "currency",
    "line_kind", "order_line", "sku", "text", "units", "unit_refund",
)  # fmt: skip


def orders() -> QuerySet[Order]:
    lines = OrderLine.objects.select_related("variant").order_by("position")
    return Order.objects.select_related("customer", "channel").prefetch_related(
        Prefetch("lines", lines)
    )


def orders_left_out() -> list[str]:
    live = Order.objects.filter(is_history=False).count()
    if not live:
        return []
    return [
        f"what {live} orders moved: allocations, parcels, payments and the steps from state to "
        "state stay here; read elsewhere they are history"
    ]


@exporter("orders", orders, ORDER_COLUMNS, left_out=orders_left_out)
def order_rows(page: list[Order]) -> Iterable[Row]:
    for order in page:
        head = _order_head(order)
        for line in order.lines.all():
            yield head | _order_line(line, order.currency)


def _order_head(order: Order) -> Row:
    return {
        "order_number": order.number,
        "placed_at": order.placed_at,
        "customer_code": order.customer.code if order.customer else None,
        "state": order.state,
        "channel": order.channel.code if order.channel else None,
        "country": order.country,
        "currency": order.currency,
        "tax_included": order.prices_include_tax,
    }


def _order_line(line: OrderLine, currency: str) -> Row:
    return {
        "line_kind": line.kind,
        "sku": line.variant.sku if line.variant else None,
        "text": line.text,
        "units": line.units,
        "cancelled_units": line.cancelled_units,
        "unit_price": from_minor(line.unit_price_minor, currency),
        "line_discount": from_minor(line.discount_minor, currency),
        "tax_basis_points": line.tax_basis_points,
        "line_tax": from_minor(line.tax_minor, currency),
    }


def returns() -> QuerySet[Return]:
    lines = ReturnLine.objects.select_related("variant", "order_line").order_by("position")
    return Return.objects.select_related("customer", "order").prefetch_related(
        Prefetch("lines", lines)
    )


@exporter("returns", returns, RETURN_COLUMNS)
def return_rows(page: list[Return]) -> Iterable[Row]:
    for back in page:
        head = {
            "return_number": back.number,
            "returned_at": back.returned_at,
            "order_number": back.order.number if back.order else None,
            "customer_code": back.customer.code if back.customer else None,
            "reason": back.reason,
            "currency": back.currency,
        }
        for line in back.lines.all():
            yield head | _return_line(line, back.currency)


def _return_line(line: ReturnLine, currency: str) -> Row:
    return {
        "line_kind": line.kind,
        "order_line": line.order_line.position if line.order_line else None,
        "sku": line.variant.sku if line.variant else None,
        "text": line.text,
        "units": line.units,
        "unit_refund": from_minor(line.unit_refund_minor, currency),
    }


TAX_COLUMNS = ("country", "tax_class", "basis_points", "valid_from")


@exporter("tax_rates", TaxRate, TAX_COLUMNS)
def tax_rows(page: list[TaxRate]) -> Iterable[Row]:
    return ({name: getattr(row, name) for name in TAX_COLUMNS} for row in page)
