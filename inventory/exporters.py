"""Suppliers and purchase orders as their importers read them; forecasts per warehouse to look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Prefetch, QuerySet, Subquery

from inventory.models import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    Receipt,
    Supplier,
    SupplierItem,
    WarehouseForecast,
)
from shop.exporters.registry import Row, exporter
from shop.money import from_minor

TERMS = (
    "name", "email", "currency", "lead_time_days", "lead_time_sd_days", "review_period_days",
    "capacity_litres", "capacity_kg",
)  # fmt: skip
COLUMNS = (
    "supplier_code", *TERMS, "order_cost", "minimum_order", "is_active", "sku", "supplier_sku",
    "moq", "pack_size", "unit_cost", "price_breaks", "unit_volume_ml", "shelf_life_days",
    "is_preferred", "is_alternative",
)  # fmt: skip


PURCHASE_COLUMNS = (
    "purchase_number", "supplier_code", "warehouse", "state", "currency", "sent_at", "expected_on",
    "sku", "units", "unit_cost", "received_units", "received_at",
)  # fmt: skip
FORECAST_COLUMNS = (
    "sku", "warehouse", "as_of", "day", "share", "mean_units", "p10_units", "p50_units",
    "p90_units", "method", "model_run",
)  # fmt: skip
LEVELS = {"p10_units": "0.1", "p50_units": "0.5", "p90_units": "0.9"}
READ = (
    "warehouse__code", "share", "mean_units", "quantile_units", "forecast__as_of",
    "forecast__method", "forecast__model_run_id", "forecast__variant__sku",
)  # fmt: skip
ADVICE = (PurchaseOrderState.SUGGESTED, PurchaseOrderState.APPROVED)


def suppliers() -> QuerySet[Supplier]:
    items = (
        SupplierItem.objects.select_related("variant")
        .prefetch_related("price_breaks")
        .order_by("pk")
    )
    return Supplier.objects.prefetch_related(Prefetch("items", items))


@exporter("suppliers", suppliers, COLUMNS)
def supplier_rows(page: list[Supplier]) -> Iterable[Row]:
    """First the supplier's own row, then one per SKU."""
    for supplier in page:
        yield {name: getattr(supplier, name) for name in TERMS} | {
            "supplier_code": supplier.code,
            "order_cost": from_minor(supplier.order_cost_minor, supplier.currency),
            "minimum_order": from_minor(supplier.minimum_order_minor, supplier.currency),
            "is_active": supplier.is_active,
        }
        for item in supplier.items.all():
            yield _item(item, supplier)


def _item(item: SupplierItem, supplier: Supplier) -> Row:
    """A lead time only where the SKU has its own: the supplier's row holds the usual one."""
    cost = item.unit_cost_minor
    return {
        "supplier_code": supplier.code,
        "sku": item.variant.sku,
        "supplier_sku": item.supplier_sku,
        "moq": item.moq,
        "pack_size": item.pack_size,
        "unit_cost": None if cost is None else from_minor(cost, supplier.currency),
        "lead_time_days": item.lead_time_days,
        "price_breaks": " ".join(
            f"{one.from_units}:{from_minor(one.unit_cost_minor, supplier.currency)}"
            for one in item.price_breaks.all()
        )
        or None,
        "unit_volume_ml": item.unit_volume_ml,
        "shelf_life_days": item.shelf_life_days,
        "is_preferred": item.is_preferred,
        "is_alternative": item.is_alternative,
    }


def sent_orders() -> QuerySet[PurchaseOrder]:
    receipts = Prefetch("receipts", Receipt.objects.order_by("received_at", "pk"))
    lines = PurchaseOrderLine.objects.select_related("variant").filter(units__gt=0).order_by("pk")
    return (
        PurchaseOrder.objects.filter(sent_at__isnull=False, supplier__isnull=False)
        .exclude(state__in=ADVICE)
        .select_related("supplier", "warehouse")
        .prefetch_related(Prefetch("lines", lines.prefetch_related(receipts)))
    )


def advice_left_out() -> list[str]:
    waiting = PurchaseOrder.objects.filter(state__in=ADVICE).count()
    return [f"{waiting} purchase orders that were not sent"] if waiting else []


@exporter("purchase_orders", sent_orders, PURCHASE_COLUMNS, left_out=advice_left_out)
def purchase_rows(page: list[PurchaseOrder]) -> Iterable[Row]:
    """A row per line, and one more for each further receipt."""
    for order in page:
        for line in order.lines.all():
            for receipt in list(line.receipts.all()) or [None]:
                yield _purchase(order, line) | _arrival(receipt)


def _purchase(order: PurchaseOrder, line: PurchaseOrderLine) -> Row:
    cost = line.unit_cost_minor
    return {
        "purchase_number": order.number,
        "supplier_code": order.supplier.code if order.supplier else None,
        "warehouse": order.warehouse.code,
        "state": order.state,
        "currency": order.currency,
        "sent_at": order.sent_at,
        "expected_on": order.expected_on,
        "sku": line.variant.sku,
        "units": line.units,
        "unit_cost": None if cost is None else from_minor(cost, order.currency),
    }


def _arrival(receipt: Receipt | None) -> Row:
    if receipt is None:
        return {}
    return {"received_units": receipt.units, "received_at": receipt.received_at}


def newest_parts() -> QuerySet[WarehouseForecast]:
    """Of the last night that has any: what the plan orders by."""
    night = WarehouseForecast.objects.order_by("-forecast__as_of").values("forecast__as_of")[:1]
    found = WarehouseForecast.objects.filter(forecast__as_of=Subquery(night))
    return found.select_related("warehouse", "forecast__variant").only(*READ)


def nights_left_out() -> list[str]:
    nights = WarehouseForecast.objects.values("forecast__as_of").distinct().count()
    if not nights:
        return ["any row: the shop's demand falls on one warehouse, or no night has forecast yet"]
    return [f"{nights - 1} earlier nights"] if nights > 1 else []


@exporter(
    "warehouse_forecasts", newest_parts, FORECAST_COLUMNS, format="table", left_out=nights_left_out
)
def forecast_rows(page: list[WarehouseForecast]) -> Iterable[Row]:
    """A row per SKU, warehouse and day; the means of a SKU's warehouses sum to the SKU's."""
    for part in page:
        forecast = part.forecast
        said = {
            "sku": forecast.variant.sku,
            "warehouse": part.warehouse.code,
            "as_of": forecast.as_of,
            "share": part.share,
            "method": forecast.method,
            "model_run": forecast.model_run_id,
        }
        for number, mean in enumerate(part.mean_units):
            yield said | {
                "day": forecast.as_of + timedelta(days=number + 1),
                "mean_units": mean,
                **{name: part.quantile_units[level][number] for name, level in LEVELS.items()},
            }
