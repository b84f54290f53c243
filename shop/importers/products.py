"""products: one row per SKU, its product's own columns repeated on each."""

from __future__ import annotations

import polars as pl

from shop.models import Brand, Product, Variant

from .attributes import write_attributes
from .categories import category_ids
from .columns import choice, code, moment, money, text, whole, yes_no
from .images import write_images
from .list_prices import write_list_prices
from .registry import importer
from .run import Chunk
from .slugs import code_of
from .write import Upserted, ids_of, upsert

COLUMNS = [
    code("sku", required=True),
    code("product_code", about="Groups the variants of one product; the SKU where empty."),
    text("name", max_length=300, required=True, default=None),
    text("name_zh", max_length=300, default=None),
    text("variant_name", max_length=200, default=None, aliases=("option",), about="Size, colour …"),
    text("description", max_length=20_000, default=None),
    text("description_zh", max_length=20_000, default=None),
    text("brand", max_length=200, default=None, about="Its name; created where unknown."),
    text("category", max_length=400, default=None, about="A path: Home > Kitchen > Tea."),
    text("category_zh", max_length=400, default=None, about="The same path in Chinese."),
    choice("state", Product.State.values),
    yes_no("is_active", about="Whether this SKU is for sale."),
    yes_no("tracks_stock", about="No: sold without a stock check."),
    money("list_price", aliases=("price",), about="Adds a row to the price history if it differs."),
    moment("price_from", about="From when it holds; now where empty."),
    money("cost"),
    text("barcode", max_length=64, default=None),
    whole("weight_g", low=0),
    text(
        "image_urls", max_length=2_000, default=None, about="Addresses, separated by blanks or |."
    ),
    moment("created_at", about="Since when in the shop; now where empty."),
]
OF_PRODUCT = ["name", "name_zh", "description", "description_zh", "state", "created_at"]


@importer("products", COLUMNS)
def load_products(rows: pl.DataFrame, chunk: Chunk) -> None:
    """Products first, then SKUs, then what hangs on them. A row is new if its SKU is."""
    rows = chunk.reject_repeated(rows, "sku").with_columns(
        pl.coalesce("product_code", "sku").alias("product_code")
    )
    products = _write_products(rows, chunk)
    ids = ids_of(Product, "code", rows["product_code"], named="product_id")
    rows = rows.join(ids.rename({"code": "product_code"}), on="product_code", maintain_order="left")
    variants = _write_variants(rows)
    skus = variants.rows.select("sku", variant_id="id")
    rows = rows.join(skus, on="sku", maintain_order="left")
    rows, priced = write_list_prices(rows, chunk)
    touched = priced | write_images(rows, chunk)
    _count(rows, variants, products.written, touched, chunk)


def _write_products(rows: pl.DataFrame, chunk: Chunk) -> Upserted:
    """The first row of a product in the file speaks for it."""
    heads = rows.filter(chunk.first_time(rows["product_code"]))
    heads = heads.with_columns(
        brand_id=_brand_ids(heads["brand"]),
        category_id=category_ids(heads["category"], heads["category_zh"]),
        attributes=write_attributes(heads, chunk),
    )
    columns = [*OF_PRODUCT, "brand_id", "category_id", "attributes"]
    done = upsert(
        Product,
        heads.select(pl.col("product_code").alias("code"), *columns),
        "code",
        only_new=["created_at"],
    )
    chunk.wrote("products", done.new + done.changed)
    return done


def _write_variants(rows: pl.DataFrame) -> Upserted:
    columns = ["product_id", "is_active", "tracks_stock", "barcode", "weight_g", "created_at"]
    return upsert(
        Variant,
        rows.select("sku", *columns, name=pl.col("variant_name"), cost_minor=pl.col("cost")),
        "sku",
        only_new=["created_at"],
    )


def _brand_ids(names: pl.Series) -> pl.Series:
    known = names.drop_nulls().unique().sort()
    table = pl.DataFrame({"name": known, "code": known.map_elements(code_of, pl.String)})
    done = upsert(Brand, table.unique("code", keep="first"), "code", only_new=["name"])
    found = table.join(done.rows.select("code", "id"), on="code")
    return names.replace_strict(found["name"], found["id"], default=None, return_dtype=pl.Int64)


def _count(
    rows: pl.DataFrame, variants: Upserted, products: set[int], touched: set[int], chunk: Chunk
) -> None:
    there = rows.filter(~pl.col("variant_id").is_in(variants.fresh))
    changed = there.filter(
        pl.col("variant_id").is_in(variants.written | touched)
        | pl.col("product_id").is_in(products)
    ).height
    chunk.count(new=rows.height - there.height, changed=changed, unchanged=there.height - changed)
    chunk.wrote("SKUs", variants.new + variants.changed)
