"""Products and what they are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from shop.models import (
    Attribute,
    Brand,
    Category,
    Channel,
    KitComponent,
    Price,
    PriceKind,
    Product,
    ProductImage,
    Variant,
)
from shop.money import from_minor

from .registry import Row, exporter

PRODUCT_COLUMNS = (
    "sku", "product_code", "name", "name_zh", "variant_name", "description", "description_zh",
    "brand", "brand_code", "category", "category_zh", "category_code", "state", "tax_class",
    "is_active", "tracks_stock", "list_price", "price_from", "price_source", "cost", "barcode",
    "weight_g", "min_shelf_life_days", "image_urls", "attributes_json", "variant_attributes_json",
    "created_at", "product_created_at",
)  # fmt: skip
ATTRIBUTE = "attribute:"


@exporter("channels", Channel, ["channel", "name"])
def channel_rows(page: list[Channel]) -> Iterable[Row]:
    return ({"channel": row.code, "name": row.name} for row in page)


@exporter("brands", Brand, ["brand_code", "name"])
def brand_rows(page: list[Brand]) -> Iterable[Row]:
    return ({"brand_code": row.code, "name": row.name} for row in page)


def categories() -> QuerySet[Category]:
    return Category.objects.select_related("parent")


@exporter("categories", categories, ["category_code", "name", "name_zh", "parent"])
def category_rows(page: list[Category]) -> Iterable[Row]:
    for row in page:
        parent = row.parent.code if row.parent else None
        names = {"name": row.name, "name_zh": row.name_zh}
        yield {"category_code": row.code, "parent": parent} | names


@exporter("attributes", Attribute, ["attribute", "name", "name_zh", "kind", "unit", "choices"])
def attribute_rows(page: list[Attribute]) -> Iterable[Row]:
    names = ("name", "name_zh", "kind", "unit")
    for row in page:
        said = {name: getattr(row, name) for name in names}
        yield said | {"attribute": row.code, "choices": row.choices or None}


def variants() -> QuerySet[Variant]:
    pictures = Prefetch("product__images", ProductImage.objects.exclude(url=""), "linked_images")
    return Variant.objects.select_related("product__brand").prefetch_related(pictures)


def product_columns() -> list[str]:
    """The fixed columns and one for every attribute that a product has as text."""
    codes: set[str] = set()
    for attributes in Product.objects.exclude(attributes={}).values_list("attributes", flat=True):
        codes.update(code for code, value in attributes.items() if fits_a_column(code, value))
    return [*PRODUCT_COLUMNS, *(f"{ATTRIBUTE}{code}" for code in sorted(codes))]


def fits_a_column(code: str, value: Any) -> bool:
    """Text that reads back as it is; the rest of the attributes goes into a column of JSON."""
    plain = isinstance(value, str) and bool(value) and value == value.strip()
    return plain and bool(code) and code == code.strip()


def products_left_out() -> list[str]:
    empty = Product.objects.filter(variants=None).count()
    files = ProductImage.objects.filter(url="").count()
    return [
        *([f"{empty} products that have no SKU"] if empty else []),
        *([f"{files} pictures that are files: copy the media folder"] if files else []),
    ]


@exporter("products", variants, product_columns, left_out=products_left_out)
def product_rows(page: list[Variant]) -> Iterable[Row]:
    places, prices = category_places(), list_prices_now(page)
    for variant in page:
        price = prices.get(variant.pk)
        yield {
            **_of_product(variant.product, places),
            **_of_variant(variant),
            "list_price": from_minor(price.amount_minor, price.currency) if price else None,
            "price_from": price.valid_from if price else None,
            "price_source": price.source if price else None,
        }


def _of_product(product: Product, places: dict[int | None, Place]) -> Row:
    place = places.get(product.category_id, NOWHERE)
    kept = {c: v for c, v in product.attributes.items() if not fits_a_column(c, v)}
    columns = {f"{ATTRIBUTE}{c}": v for c, v in product.attributes.items() if c not in kept}
    names = ("name", "name_zh", "description", "description_zh", "state", "tax_class")
    return (
        columns
        | {name: getattr(product, name) for name in names}
        | {
            "product_code": product.code,
            "brand": product.brand.name if product.brand else None,
            "brand_code": product.brand.code if product.brand else None,
            "category": place.path,
            "category_zh": place.path_zh,
            "category_code": place.code,
            "image_urls": " ".join(image.url for image in product.linked_images) or None,
            "attributes_json": kept or None,
            "product_created_at": product.created_at,
        }
    )


def _of_variant(variant: Variant) -> Row:
    names = (
        "sku", "is_active", "tracks_stock", "barcode", "weight_g", "min_shelf_life_days",
        "created_at",
    )  # fmt: skip
    return {name: getattr(variant, name) for name in names} | {
        "variant_name": variant.name,
        "cost": None if variant.cost_minor is None else from_minor(variant.cost_minor),
        "variant_attributes_json": variant.attributes or None,
    }


class Place(NamedTuple):
    """A category as a file names it."""

    code: str
    path: str
    path_zh: str


NOWHERE = Place("", "", "")


def category_places() -> dict[int | None, Place]:
    """One query: the tree is small beside what hangs on it."""
    rows = {row.pk: row for row in Category.objects.all()}
    return {pk: _place(row, rows) for pk, row in rows.items()}


def _place(category: Category, rows: dict[int, Category]) -> Place:
    """The Chinese path is there only where every step has a Chinese name."""
    steps: list[Category] = []
    above: Category | None = category
    while above is not None and above not in steps:
        steps.insert(0, above)
        above = rows.get(above.parent_id or 0)
    in_chinese = [step.name_zh for step in steps]
    path_zh = " > ".join(in_chinese) if all(in_chinese) else ""
    return Place(category.code, " > ".join(step.name for step in steps), path_zh)


def list_prices_now(page: list[Variant]) -> dict[int, Price]:
    """The list price that holds now, unless it has an end: then only the history can tell it."""
    now = timezone.now()
    rows = Price.objects.filter(
        variant__in=page, kind=PriceKind.LIST, channel=None, valid_from__lte=now
    )
    latest = {row.variant_id: row for row in rows.order_by("valid_from", "pk")}
    return {pk: row for pk, row in latest.items() if row.valid_until is None}


PRICE_COLUMNS = (
    "sku", "kind", "channel", "amount", "currency", "valid_from", "valid_until", "source",
)  # fmt: skip


def priced_variants() -> QuerySet[Variant]:
    in_order = Price.objects.ever_asked().select_related("channel").order_by("valid_from", "pk")
    return Variant.objects.prefetch_related(Prefetch("prices", in_order))


@exporter("prices", priced_variants, PRICE_COLUMNS)
def price_rows(page: list[Variant]) -> Iterable[Row]:
    """A SKU's history stands together, oldest first."""
    for variant in page:
        for price in variant.prices.all():
            names = ("kind", "currency", "valid_from", "valid_until", "source")
            yield {name: getattr(price, name) for name in names} | {
                "sku": variant.sku,
                "channel": price.channel.code if price.channel else None,
                "amount": from_minor(price.amount_minor, price.currency),
            }


def kits() -> QuerySet[KitComponent]:
    return KitComponent.objects.select_related("kit", "component")


@exporter("kits", kits, ["kit", "component", "units"])
def kit_rows(page: list[KitComponent]) -> Iterable[Row]:
    for row in page:
        yield {"kit": row.kit.sku, "component": row.component.sku, "units": row.units}
