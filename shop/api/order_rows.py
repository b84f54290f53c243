"""An order as staff see it: lines with their places, parcels, money, and who owes whom."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from shop.api.rows import order_row
from shop.models import Order, Payment, Refund, Return
from shop.services.stock.allocations import allocations_of
from shop.services.stock.balances import Balance, balance_of


def merchant_order_row(order: Order) -> dict[str, Any]:
    """Everything on one page; a constant number of queries."""
    places: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in allocations_of(order):
        places[one.order_line.position].append(
            {
                "sku": one.variant.sku,
                "warehouse": one.warehouse.code,
                "units": one.units,
                "shipped_units": one.shipped_units,
                "cancelled_units": one.cancelled_units,
                "returned_units": one.returned_units,
            }
        )
    row = order_row(order)
    for line in row["lines"]:
        line["allocations"] = places[line["position"]]
    return row | {
        "customer": order.customer.code if order.customer else None,
        "country": order.country,
        "is_history": order.is_history,
        "balance": balance_row(balance_of(order)),
        "payments": payment_rows(order),
        "refunds": refund_rows(order),
        "returns": list(
            Return.objects.filter(order=order).values(
                "number", "currency", "refund_minor", "reason", "returned_at"
            )
        ),
    }


def balance_row(balance: Balance) -> dict[str, int]:
    names = ("claim", "paid", "paid_back", "refunded", "refundable", "customer_owes", "shop_owes")
    return {f"{name}_minor": getattr(balance, f"{name}_minor") for name in names}


def payment_rows(order: Order) -> list[dict[str, Any]]:
    sums = ("authorised_minor", "captured_minor", "refunded_minor", "voided_minor")
    return list(
        Payment.objects.filter(order=order).values(
            "provider", "reference", "currency", *sums, "created_at"
        )
    )


def refund_rows(order: Order) -> list[dict[str, Any]]:
    rows = Refund.objects.filter(order=order).values(
        "number", "currency", "amount_minor", "tax_minor", "reason", "refunded_at"
    )
    return list(rows)
