"""products: one row per SKU, its product's own columns repeated on each."""

from __future__ import annotations

import polars as pl

from shop.models import Brand, Category, Product, Variant

from .attributes import is_object, write_attributes
from .categories import category_ids
from .columns import choice, code, moment, money, text, whole, yes_no
from .images import reject_wrong_addresses, write_images
from .list_prices import reject_rewrites, write_list_prices
from .registry import importer
from .run import Chunk
from .slugs import code_of
from .tell import facts_of, tell_products
from .write import Upserted, canonical_json, ids_of, upsert

COLUMNS = [
    code("sku", required=True),
    code("product_code", about="Groups the variants of one product; the SKU where empty."),
    text("name", max_length=300, required=True, default=None),
    text("name_zh", max_length=300, default=None),
    text("variant_name", max_length=200, default=None, aliases=("option",), about="Size, colour …"),
    text("description", max_length=20_000, default=None),
    text("description_zh", max_length=20_000, default=None),
    text("brand", max_length=200, default=None, about="Its name; created where unknown."),
    code("brand_code", about="Its code, where the name alone does not say which."),
    text("category", max_length=400, default=None, about="A path: Home > Kitchen > Tea."),
    text("category_zh", max_length=400, default=None, about="The same path in Chinese."),
    code("category_code", about="Its code; it wins over the path where the shop knows it."),
    choice("state", Product.State.values),
    text("tax_class", max_length=20, default=None),
    yes_no("is_active", about="Whether this SKU is for sale."),
    yes_no("tracks_stock", about="No: sold without a stock check."),
    money("list_price", aliases=("price",), about="Adds a row to the price history if it differs."),
    moment("price_from", about="From when it holds; now where empty."),
    text("price_source", max_length=80, default="import", about="Who or what set it."),
    money("cost"),
    text("barcode", max_length=64, default=None),
    whole("weight_g", low=0),
    whole("min_shelf_life_days", low=0, high=32_767, about="Not sold so close to its expiry."),
    text(
        "image_urls", max_length=20_000, default=None, about="Addresses, separated by blanks or |."
    ),
    text("attributes_json", max_length=20_000, default=None, about="More attributes: JSON."),
    text("variant_attributes_json", max_length=20_000, default=None, about="Of this SKU: JSON."),
    moment("created_at", about="Since when in the shop; now where empty."),
    moment("product_created_at", about="Of the product; as created_at where empty."),
]
OF_PRODUCT = ["name", "name_zh", "description", "description_zh", "state", "tax_class"]
JSON_COLUMNS = ("attributes_json", "variant_attributes_json")


@importer("products", COLUMNS)
def load_products(
    rows: pl.DataFrame, chunk: Chunk, *, written: frozenset[int] = frozenset()
) -> None:
    """Products first, then SKUs, then what hangs on them. A row is new if its SKU is.

    written: ids of products that a format wrote beforehand; their rows count as changed.
    """
    rows = chunk.reject_repeated(rows, "sku").with_columns(
        pl.coalesce("product_code", "sku").alias("product_code")
    )
    for column in JSON_COLUMNS:
        objects = pl.col(column).map_elements(is_object, return_dtype=pl.Boolean)
        rows = chunk.reject(rows, ~objects.fill_null(True), column, "is no JSON object")
    rows = reject_rewrites(reject_wrong_addresses(rows, chunk), chunk)
    products = write_products(rows, chunk)
    ids = ids_of(Product, "code", rows["product_code"], named="product_id")
    rows = rows.join(ids.rename({"code": "product_code"}), on="product_code", maintain_order="left")
    variants = _write_variants(rows)
    skus = variants.rows.select("sku", variant_id="id")
    rows = rows.join(skus, on="sku", maintain_order="left")
    touched = write_list_prices(rows, chunk) | write_images(rows, chunk)
    _count(rows, variants, products.written | written, touched, chunk)
    _tell(rows, variants, products.written | written, chunk)


def write_products(rows: pl.DataFrame, chunk: Chunk) -> Upserted:
    """The first row of a product in the file speaks for it."""
    heads = rows.filter(chunk.first_time(rows["product_code"]))
    heads = heads.with_columns(
        brand_id=_brand_ids(heads),
        category_id=_category_ids(heads),
        created_at=pl.coalesce("product_created_at", "created_at"),
        attributes=write_attributes(heads, chunk),
    )
    columns = [*OF_PRODUCT, "created_at", "brand_id", "category_id", "attributes"]
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
    columns += ["min_shelf_life_days"]
    attributes = pl.col("variant_attributes_json").map_elements(canonical_json, pl.String)
    return upsert(
        Variant,
        rows.select(
            "sku",
            *columns,
            name=pl.col("variant_name"),
            cost_minor=pl.col("cost"),
            attributes=attributes,
        ),
        "sku",
        only_new=["created_at"],
    )


def _brand_ids(rows: pl.DataFrame) -> pl.Series:
    """By code, else by the code that the name gives."""
    known = rows.select("brand", code="brand_code").with_columns(
        code=pl.coalesce("code", pl.col("brand").map_elements(code_of, pl.String)),
        name=pl.coalesce("brand", "code"),
    )
    given = known.filter(pl.col("code").is_not_null()).unique("code", keep="first")
    table = given.sort("code").select("name", "code")
    done = upsert(Brand, table, "code", only_new=["name"])
    ids = done.rows.select("code", brand_id="id")
    return known.join(ids, on="code", how="left", maintain_order="left")["brand_id"]


def _category_ids(rows: pl.DataFrame) -> pl.Series:
    """A code that the shop knows, else the last step of the path."""
    known = ids_of(Category, "code", rows["category_code"], named="_known")
    by_code = rows.select("category_code").join(
        known.rename({"code": "category_code"}), on="category_code", how="left",
        maintain_order="left",
    )["_known"]  # fmt: skip
    path = pl.select(pl.when(by_code.is_null()).then(rows["category"])).to_series()
    by_path = category_ids(path, rows["category_zh"])
    return by_code.zip_with(by_code.is_not_null(), by_path)


def _tell(rows: pl.DataFrame, variants: Upserted, products: set[int], chunk: Chunk) -> None:
    """Prices have told of themselves; nobody can show a SKU yet that this chunk has made."""
    of_skus = set(rows.filter(pl.col("variant_id").is_in(variants.written))["product_id"])
    tell_products(products, of_skus - products, chunk.run)
    if not chunk.run.options.dry_run:
        changed = pl.col("product_id").is_in(products | of_skus)
        facts_of(rows.filter(changed & ~pl.col("variant_id").is_in(variants.fresh))["variant_id"])


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


def nothing_said() -> dict[str, pl.Expr]:
    """Columns that files of other shop systems do not have; null leaves what is there."""
    texts = (
        "name_zh", "description_zh", "brand_code", "category_zh", "category_code", "tax_class",
    )  # fmt: skip
    times = ("price_from", "created_at", "product_created_at")
    return {
        **{name: pl.lit(None, pl.String) for name in texts},
        **{name: pl.lit(None, pl.Datetime("us", "UTC")) for name in times},
        "is_active": pl.lit(None, pl.Boolean),
        "min_shelf_life_days": pl.lit(None, pl.Int64),
        "price_source": pl.lit("import"),
    }
