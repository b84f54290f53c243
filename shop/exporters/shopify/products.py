"""Products over several rows: the product on the first, a variant and a picture on each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from django.db.models import Prefetch, Q, QuerySet

from shop.exporters.catalogue import NOWHERE, Place, category_places, list_prices_now
from shop.exporters.registry import Row, exporter
from shop.models import Price, Product, ProductImage, Variant
from shop.money import from_minor

OPTIONS = (1, 2, 3)
ONLY_ONE = ("Title", "Default Title")
COLUMNS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Published",
    *(f"Option{n} {part}" for n in OPTIONS for part in ("Name", "Value")),
    "Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Price",
    "Variant Barcode", "Image Src", "Image Position", "Gift Card", "Cost per item", "Status",
)  # fmt: skip


def products() -> QuerySet[Product]:
    """Those that have a SKU: Shopify knows no others."""
    pictures = Prefetch("images", ProductImage.objects.exclude(url=""), "linked_images")
    variants = Prefetch("variants", Variant.objects.order_by("pk"), "all_variants")
    with_sku = Product.objects.filter(pk__in=Variant.objects.values("product"))
    return with_sku.select_related("brand").prefetch_related(pictures, variants)


def left_out() -> list[str]:
    empty = Product.objects.filter(variants=None).count()
    files = ProductImage.objects.filter(url="").count()
    in_chinese = Product.objects.filter(~Q(name_zh="") | ~Q(description_zh="")).count()
    inactive = Variant.objects.filter(is_active=False).count()
    said = {
        "products that have no SKU": empty,
        "pictures that are files: copy the media folder": files,
        "products' Chinese names and texts": in_chinese,
        "SKUs that are not for sale, as such": inactive,
    }
    always = "tax classes, attributes, shelf lives, creation times and the price history"
    return [*(f"{count} {what}" for what, count in said.items() if count), always]


@exporter("products", products, COLUMNS, format="shopify", left_out=left_out)
def product_rows(page: list[Product]) -> Iterable[Row]:
    places = category_places()
    prices = list_prices_now([variant for product in page for variant in product.all_variants])
    for product in page:
        place = places.get(product.category_id, NOWHERE)
        rows = zip_longest(product.all_variants, enumerate(product.linked_images, 1))
        for number, (variant, picture) in enumerate(rows):
            row: Row = {"Handle": product.code}
            if not number:
                row |= _product(product, place)
            if variant is not None:
                row |= _variant(variant, prices.get(variant.pk))
            if picture is not None:
                row |= {"Image Src": picture[1].url, "Image Position": picture[0]}
            yield row


def _product(product: Product, place: Place) -> Row:
    return {
        "Title": product.name,
        "Body (HTML)": product.description,
        "Vendor": product.brand.name if product.brand else None,
        "Type": place.path,
        "Published": _true(product.state == Product.State.ACTIVE),
        "Gift Card": _true(product.attributes.get("gift_card") is True),
        "Status": product.state,
    }


def _variant(variant: Variant, price: Price | None) -> Row:
    cost = variant.cost_minor
    return _options(variant) | {
        "Variant SKU": variant.sku,
        "Variant Grams": variant.weight_g,
        "Variant Inventory Tracker": "shopify" if variant.tracks_stock else None,
        "Variant Price": from_minor(price.amount_minor, price.currency) if price else None,
        "Variant Barcode": variant.barcode,
        "Cost per item": None if cost is None else from_minor(cost),
    }


def _options(variant: Variant) -> Row:
    """The attributes, where they are what the variant is called; else its name as one option."""
    said = variant.attributes
    named = all(isinstance(value, str) for value in said.values()) and len(said) <= len(OPTIONS)
    if said and named and " / ".join(said.values()) == variant.name:
        pairs = list(said.items())
    else:
        pairs = [(ONLY_ONE[0], variant.name or ONLY_ONE[1])]
    row: Row = {}
    for number, (name, value) in enumerate(pairs, 1):
        row |= {f"Option{number} Name": name, f"Option{number} Value": value}
    return row


def _true(value: bool) -> str:
    return "TRUE" if value else "FALSE"
