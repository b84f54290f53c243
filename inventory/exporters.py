"""Suppliers as their importer reads them: first the supplier's own row, then one per SKU."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from inventory.models import Supplier, SupplierItem
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


def suppliers() -> QuerySet[Supplier]:
    items = (
        SupplierItem.objects.select_related("variant")
        .prefetch_related("price_breaks")
        .order_by("pk")
    )
    return Supplier.objects.prefetch_related(Prefetch("items", items))


@exporter("suppliers", suppliers, COLUMNS)
def supplier_rows(page: list[Supplier]) -> Iterable[Row]:
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
