"""A product with one nameless SKU is simple; any other is variable, with a row per variation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Prefetch, Q, QuerySet

from shop.exporters.catalogue import NOWHERE, Place, category_places, list_prices_now
from shop.exporters.registry import Row, exporter
from shop.models import Price, Product, ProductImage, StockLevel, Variant
from shop.money import from_minor

NAMELESS = "Option"  # the importer knows that no shop calls an attribute so here
PAIRS = (1, 2, 3)
COLUMNS = (
    "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Description", "Tax class",
    "In stock?", "Stock", "Weight (g)", "Regular price", "Cost of goods", "Categories", "Brands",
    "Images", "Parent", *(f"Attribute {n} {part}" for n in PAIRS for part in ("name", "value(s)")),
)  # fmt: skip


def products() -> QuerySet[Product]:
    """Those that have a SKU, with their pictures and what lies in all warehouses."""
    pictures = Prefetch("images", ProductImage.objects.exclude(url=""), "linked_images")
    levels = Prefetch("stock_levels", StockLevel.objects.order_by("pk"))
    variants = Variant.objects.order_by("pk").prefetch_related(levels)
    with_sku = Product.objects.filter(pk__in=Variant.objects.values("product"))
    return with_sku.select_related("brand").prefetch_related(
        pictures, Prefetch("variants", variants, "all_variants")
    )


def left_out() -> list[str]:
    empty = Product.objects.filter(variants=None).count()
    files = ProductImage.objects.filter(url="").count()
    in_chinese = Product.objects.filter(~Q(name_zh="") | ~Q(description_zh="")).count()
    said = {
        "products that have no SKU": empty,
        "pictures that are files: copy the media folder": files,
        "products' Chinese names and texts": in_chinese,
    }
    always = "codes of simple products, attributes of products, shelf lives and the price history"
    return [*(f"{count} {what}" for what, count in said.items() if count), always]


@exporter("products", products, COLUMNS, format="woocommerce", left_out=left_out)
def product_rows(page: list[Product]) -> Iterable[Row]:
    places = category_places()
    prices = list_prices_now([variant for product in page for variant in product.all_variants])
    for product in page:
        head = _product(product, places.get(product.category_id, NOWHERE))
        if is_simple(product):
            (variant,) = product.all_variants
            yield {"Type": "simple"} | head | _variant(variant, prices.get(variant.pk))
        else:
            yield from _variable(product, head, prices)


def is_simple(product: Product) -> bool:
    only, *more = product.all_variants
    return not more and not only.name and not only.attributes and only.is_active


def _variable(product: Product, head: Row, prices: dict[int, Price]) -> Iterator[Row]:
    said = [attributes_of(variant) for variant in product.all_variants]
    names = list(dict.fromkeys(name for pairs in said for name in pairs))[: len(PAIRS)]
    union = {
        name: ", ".join(
            _escaped(value) for value in dict.fromkeys(p[name] for p in said if name in p)
        )
        for name in names
    }
    yield {"Type": "variable", "SKU": product.code} | head | _pairs(union)
    for variant, pairs in zip(product.all_variants, said, strict=True):
        escaped = {name: _escaped(value) for name, value in pairs.items()}
        row = {"Type": "variation", "Parent": product.code, "Published": int(variant.is_active)}
        yield row | _variant(variant, prices.get(variant.pk)) | _pairs(escaped)


def attributes_of(variant: Variant) -> dict[str, str]:
    """What a variation is told by: its attributes where they make its name, else the name."""
    said = variant.attributes
    texts = all(isinstance(value, str) for value in said.values()) and len(said) <= len(PAIRS)
    if said and texts and " / ".join(said.values()) == variant.name:
        return said
    return {NAMELESS: variant.name} if variant.name else {}


def _product(product: Product, place: Place) -> Row:
    return {
        "Name": product.name,
        "Published": 1 if product.state == Product.State.ACTIVE else -1,
        "Description": product.description,
        "Tax class": product.tax_class,
        "Categories": _escaped(place.path),
        "Brands": product.brand.name if product.brand else None,
        "Images": ", ".join(image.url for image in product.linked_images) or None,
    }


def _variant(variant: Variant, price: Price | None) -> Row:
    cost = variant.cost_minor
    units = sum(level.on_hand for level in variant.stock_levels.all())
    return {
        "SKU": variant.sku,
        "GTIN, UPC, EAN, or ISBN": variant.barcode,
        "In stock?": int(units > 0 or not variant.tracks_stock),
        "Stock": units if variant.tracks_stock else None,
        "Weight (g)": variant.weight_g,
        "Regular price": from_minor(price.amount_minor, price.currency) if price else None,
        "Cost of goods": None if cost is None else from_minor(cost),
    }


def _pairs(attributes: dict[str, str]) -> Row:
    row: Row = {}
    for number, (name, value) in enumerate(attributes.items(), 1):
        row |= {f"Attribute {number} name": name, f"Attribute {number} value(s)": value}
    return row


def _escaped(text: str) -> str:
    """A comma parts two values; one that belongs to a value has a backslash before it."""
    return text.replace(",", "\\,")
