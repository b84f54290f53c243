"""Stock per SKU over all warehouses, in the columns of the product file."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet, Sum

from shop.exporters.registry import Row, exporter
from shop.models import Variant, Warehouse


def counted() -> QuerySet[Variant]:
    """What was ever counted; every other SKU says nothing."""
    levels = Variant.objects.annotate(on_hand=Sum("stock_levels__on_hand"))
    return levels.filter(on_hand__isnull=False)


def left_out() -> list[str]:
    places = Warehouse.objects.count()
    return [f"in which of {places} warehouses it lies"] if places > 1 else []


@exporter("stock", counted, ["SKU", "In stock?", "Stock"], format="woocommerce", left_out=left_out)
def stock_rows(page: list[Variant]) -> Iterable[Row]:
    for row in page:
        yield {"SKU": row.sku, "In stock?": int(row.on_hand > 0), "Stock": row.on_hand}
