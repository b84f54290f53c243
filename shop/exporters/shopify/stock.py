"""Inventory per location with all quantities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import QuerySet

from shop.exporters.registry import Row, exporter
from shop.models import StockLevel, Warehouse

COLUMNS = (
    "Handle", "Title", "SKU", "HS Code", "COO", "Location", "Incoming", "Unavailable", "Committed",
    "Available", "On hand",
)  # fmt: skip


def levels() -> QuerySet[StockLevel]:
    return StockLevel.objects.select_related("variant__product", "warehouse")


def location_names() -> dict[int, str]:
    """Names, unless two warehouses share one: then their codes."""
    places = list(Warehouse.objects.all())
    names = Counter(place.name for place in places)
    return {place.pk: place.name if names[place.name] == 1 else place.code for place in places}


@exporter("stock", levels, COLUMNS, format="shopify")
def stock_rows(page: list[StockLevel]) -> Iterable[Row]:
    """Committed: promised to orders. Unavailable: in carts and set aside for sales."""
    names = location_names()
    for row in page:
        yield {
            "Handle": row.variant.product.code,
            "Title": row.variant.product.name,
            "SKU": row.variant.sku,
            "Location": names[row.warehouse_id],
            "Unavailable": row.reserved + row.ring_fenced,
            "Committed": row.allocated,
            "Available": row.available,
            "On hand": row.on_hand,
        }
