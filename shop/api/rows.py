"""Plain dicts for the API, a page at a time: a constant number of queries whatever the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef
from django.utils import timezone

from shop.models import Order, Price, ProductImage, Reservation, Variant
from shop.models.catalogue import in_reader_language
from shop.money import from_minor
from shop.services.prices import prices_at
from shop.services.prior_prices import reduction_of

PRODUCT_COLUMNS = (
    "pk",
    "code",
    "name",
    "name_zh",
    "brand__name",
    "category__name",
    "category__name_zh",
)
VARIANT_COLUMNS = ("pk", "product_id", "sku", "name", "attributes", "tracks_stock")


def product_rows(products: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Products (rows of PRODUCT_COLUMNS) with images, variants, prices, availability: 3 queries."""
    pks = [product["pk"] for product in products]
    images = image_addresses(pks)
    variants = _variants_of(pks)
    return [
        {
            "code": product["code"],
            "name": in_reader_language(product["name"], product["name_zh"]),
            "brand": product["brand__name"],
            "category": _category(product),
            "images": images[product["pk"]],
            "variants": variants[product["pk"]],
        }
        for product in products
    ]


def _category(row: dict[str, Any]) -> str | None:
    if row["category__name"] is None:
        return None
    return in_reader_language(row["category__name"], row["category__name_zh"])


def _variants_of(product_pks: list[int]) -> dict[int, list[dict[str, Any]]]:
    now = timezone.now()
    rows = list(
        Variant.objects.on_sale()
        .filter(product__in=product_pks)
        .annotate_available()
        .annotate(is_held=Exists(Variant.objects.held(now).filter(pk=OuterRef("pk"))))
        .order_by("sku")
        .values(*VARIANT_COLUMNS, "available_units", "is_held")
    )
    prices = prices_at([row["pk"] for row in rows], now)
    grouped: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["product_id"]].append(variant_row(row, prices.get(row["pk"])))
    return grouped


def variant_row(row: dict[str, Any], price: Price | None) -> dict[str, Any]:
    counted = row["tracks_stock"]
    units = max(0, row["available_units"]) if counted else None
    sellable = not row["is_held"] and price is not None and (not counted or bool(units))
    return {
        "sku": row["sku"],
        "name": row["name"],
        "attributes": row["attributes"],
        "price": price_row(price) if price else None,
        "available": sellable,
        "available_units": units,
    }


def price_row(price: Price) -> dict[str, Any]:
    return {
        "amount_minor": price.amount_minor,
        "currency": price.currency,
        "amount": str(from_minor(price.amount_minor, price.currency)),
        "kind": price.kind,
        "valid_until": price.valid_until,
    }


def reduction_row(variant: Variant) -> dict[str, int | None]:
    """What may be struck through beside the price, and the percentage that may be said."""
    found = reduction_of(variant)
    return {
        "prior_amount_minor": found.prior_amount_minor if found else None,
        "reduction_percent": found.percent if found else None,
    }


def image_addresses(product_pks: Iterable[int]) -> dict[int, list[str]]:
    grouped: dict[int, list[str]] = defaultdict(list)
    rows = ProductImage.objects.filter(product__in=list(product_pks))
    for product, file, url in rows.order_by("position", "id").values_list(
        "product_id", "file", "url"
    ):
        grouped[product].append(default_storage.url(file) if file else url)
    return grouped


LINE_COLUMNS = (
    "position",
    "kind",
    "text",
    "units",
    "unit_price_minor",
    "total_minor",
    "discount_minor",
    "tax_minor",
    "tax_basis_points",
)


def order_row(order: Order) -> dict[str, Any]:
    """An order without personal data: whoever knows its number may see what it is and where."""
    lines = order.lines.order_by("position").values("variant__sku", *LINE_COLUMNS)
    parcels = order.shipments.order_by("shipped_at", "pk")
    return {
        "number": order.number,
        "state": order.state,
        "currency": order.currency,
        "items_minor": order.items_minor,
        "total_minor": order.total_minor,
        "prices_include_tax": order.prices_include_tax,
        "tax_minor": order.tax_minor,
        "placed_at": order.placed_at,
        "pay_by": order.pay_by,
        "lines": [
            {"position": line["position"], "sku": line.pop("variant__sku")} | line for line in lines
        ],
        "shipments": list(parcels.values("number", "carrier", "tracking_code", "shipped_at")),
    }


def cart_row(cart: str, reservations: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"cart": cart, "reservations": list(reservations)}


def reservation_row(held: Reservation, sku: str, kit: str | None = None) -> dict[str, Any]:
    return {
        "sku": sku,
        "kit": kit,
        "units": held.units,
        "state": held.state,
        "expires_at": held.expires_at,
    }
