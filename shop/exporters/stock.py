"""What lies where."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, QuerySet, Sum

from shop.models import Batch, SellingHold, StockLevel, Warehouse

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


def batches() -> QuerySet[Batch]:
    return Batch.objects.select_related("variant", "warehouse")


BATCH_COLUMNS = ("sku", "warehouse", "batch", "expires_on", "units", "received_at")


@exporter("batches", batches, BATCH_COLUMNS)
def batch_rows(page: list[Batch]) -> Iterable[Row]:
    for row in page:
        yield {
            "sku": row.variant.sku,
            "warehouse": row.warehouse.code,
            "batch": row.code,
            "expires_on": row.expires_on,
            "units": row.on_hand,
            "received_at": row.received_at,
        }


def holds() -> QuerySet[SellingHold]:
    return SellingHold.objects.select_related("variant")


@exporter("selling_holds", holds, ["sku", "reason", "began_at", "ended_at"])
def hold_rows(page: list[SellingHold]) -> Iterable[Row]:
    for row in page:
        named = {name: getattr(row, name) for name in ("reason", "began_at", "ended_at")}
        yield {"sku": row.variant.sku} | named
