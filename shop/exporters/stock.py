"""What lies where."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, QuerySet, Sum

from shop.models import StockLevel, Warehouse

from .registry import Row, exporter

WAREHOUSE_COLUMNS = ("warehouse", "name", "country", "priority")


@exporter("warehouses", Warehouse, WAREHOUSE_COLUMNS)
def warehouse_rows(page: list[Warehouse]) -> Iterable[Row]:
    for row in page:
        named = {name: getattr(row, name) for name in WAREHOUSE_COLUMNS[1:]}
        yield {"warehouse": row.code} | named


def levels() -> QuerySet[StockLevel]:
    return StockLevel.objects.select_related("variant", "warehouse")


def stock_left_out() -> list[str]:
    promised = F("allocated") + F("reserved") + F("ring_fenced")
    units = StockLevel.objects.aggregate(units=Sum(promised))["units"]
    if not units:
        return []
    return [f"that {units} of the units are promised to orders, carts and sales"]


@exporter("stock", levels, ["sku", "warehouse", "on_hand"], left_out=stock_left_out)
def stock_rows(page: list[StockLevel]) -> Iterable[Row]:
    for row in page:
        yield {
            "sku": row.variant.sku,
            "warehouse": row.warehouse.code,
            "on_hand": row.on_hand,
        }
