"""One product over several rows: the first holds the product, each a variant, a picture or both."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from shop.importers.columns import choice, money, number, text, whole, yes_no
from shop.importers.images import ADDRESS
from shop.importers.platforms import Unmapped, as_code, sku_from
from shop.importers.products import load_products, nothing_said
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.table import LINE
from shop.importers.write import canonical_json, ids_of, insert, rows_of
from shop.models import Product, ProductImage

OPTIONS = (1, 2, 3)
ONLY_ONE = "Default Title"
COLUMNS = [
    text("Handle", max_length=255, required=True, default=None, aliases=("URL handle",)),
    text("Title", max_length=300, default=None),
    text("Body (HTML)", max_length=20_000, default=None, aliases=("Description",)),
    text("Vendor", max_length=200, default=None),
    text("Product Category", max_length=400, default=None),
    text("Type", max_length=400, default=None),
    yes_no("Published", aliases=("Published on online store",)),
    choice("Status", Product.State.values),
    yes_no("Gift Card"),
    *(text(f"Option{n} Name", max_length=60, default=None) for n in OPTIONS),
    *(text(f"Option{n} Value", max_length=200, default=None) for n in OPTIONS),
    text("Variant SKU", max_length=64, default=None, aliases=("SKU",)),
    text("Variant Barcode", max_length=64, default=None, aliases=("Barcode",)),
    number("Variant Grams", low=0, high=2**31 - 1, aliases=("Weight value (grams)",)),
    text("Variant Inventory Tracker", default=None, aliases=("Inventory tracker",)),
    money("Variant Price", aliases=("Price",)),
    money("Cost per item"),
    text("Image Src", max_length=200, default=None, aliases=("Product image URL",)),
    whole("Image Position", low=1, high=32_767),
]
# Said once per product, on its first row; empty below means "as above".
OF_PRODUCT = [
    "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Published", "Status", "Gift Card",
    *(f"Option{n} Name" for n in OPTIONS),
]  # fmt: skip
CALLED = {
    "sku": "Variant SKU",
    "product_code": "Handle",
    "name": "Title",
    "list_price": "Variant Price",
    "image_urls": "Image Src",
}


class State:
    """The product under way: its rows may run over into the next chunk."""

    def __init__(self, run: ImportRun):
        self.unmapped = Unmapped(run)
        self.last: dict[str, Any] = {}
        self.tracker = "Variant Inventory Tracker" in run.names


def finish(run: ImportRun) -> None:
    run.state.unmapped.tell(run)


@importer("products", COLUMNS, format="shopify", start=State, finish=finish)
def load_shopify_products(rows: pl.DataFrame, chunk: Chunk) -> None:
    state: State = chunk.run.state
    chunk.called = CALLED
    state.unmapped.see(chunk)
    rows = _as_above(rows, chunk)
    address = pl.col("Image Src").str.contains(ADDRESS)
    rows = chunk.reject(rows, ~address, "Image Src", "is no http address of at most 200 characters")
    rows = _reject_nameless(rows, chunk)
    is_variant = pl.any_horizontal(
        pl.col(name).is_not_null() for name in ("Variant SKU", "Option1 Value", "Variant Price")
    )
    load_products(_as_ours(rows.filter(is_variant), state), chunk)
    _load_pictures(rows.filter(~is_variant), chunk)


def _as_above(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Fills down what only a product's first row says, also from a row that is itself refused."""
    state: State = chunk.run.state
    every = chunk.checked.typed.select(LINE, "Handle", *OF_PRODUCT)
    run_on = pl.col("Handle") == pl.lit(state.last.get("Handle"), pl.String)
    same = pl.col("Handle").rle_id()
    filled = every.with_columns(
        pl.col(name).forward_fill().over(same).alias(name) for name in OF_PRODUCT
    )
    leading = run_on.fill_null(False) & (same == 0)
    filled = filled.with_columns(
        pl.when(leading).then(pl.coalesce(name, pl.lit(state.last.get(name), every[name].dtype)))
        .otherwise(pl.col(name)).alias(name)
        for name in OF_PRODUCT
    )  # fmt: skip
    if filled.height:
        last = filled.row(-1, named=True)
        chunk.after.append(lambda: state.last.update(last))
    return rows.drop(OF_PRODUCT).join(
        filled.drop("Handle"), on=LINE, how="left", maintain_order="left"
    )


def _reject_nameless(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """A product that is new needs a title; for one that is there a row without it is a change."""
    rows = rows.with_columns(product_code=as_code(pl.col("Handle")))
    known = ids_of(Product, "code", rows["product_code"], named="_id")["code"].implode()
    nameless = pl.col("Title").is_null() & ~pl.col("product_code").is_in(known)
    return chunk.reject(rows, nameless, "Title", "is missing on the first row of a new product")


def _as_ours(rows: pl.DataFrame, state: State) -> pl.DataFrame:
    """The columns that the importer of products wants."""
    gift = pl.col("Gift Card").fill_null(False)
    values = [pl.col(f"Option{n} Value") for n in OPTIONS]
    options = pl.concat_str(values, separator=" / ", ignore_nulls=True)
    rows = rows.with_columns(variant_name=pl.when(options != ONLY_ONE).then(options))
    tracked = pl.col("Variant Inventory Tracker").is_not_null() & ~gift
    live = pl.col("Published").fill_null(True)
    state_of = pl.when(~live & (pl.col("Status").fill_null("active") == "active")).then(
        pl.lit("draft")
    )
    return rows.select(
        LINE,
        "variant_name",
        "product_code",
        sku=_skus(rows),
        name=pl.col("Title"),
        description=pl.col("Body (HTML)"),
        brand=pl.col("Vendor"),
        category=pl.coalesce("Product Category", "Type"),
        state=state_of.otherwise(pl.col("Status")),
        tracks_stock=tracked if state.tracker else pl.lit(None, pl.Boolean),
        list_price=pl.col("Variant Price"),
        cost=pl.col("Cost per item"),
        barcode=pl.col("Variant Barcode"),
        weight_g=pl.col("Variant Grams").round().cast(pl.Int64),
        image_urls=pl.col("Image Src"),
        attributes_json=pl.when(gift).then(pl.lit('{"gift_card": true}')),
        variant_attributes_json=_option_json(rows),
        **nothing_said(),
    )


def _skus(rows: pl.DataFrame) -> pl.Series:
    """The file's SKU, or one made of handle and options: the same in every run."""
    given = rows.select(as_code(pl.col("Variant SKU"))).to_series()
    pairs = rows.select("product_code", "variant_name").iter_rows()
    made = pl.Series([sku_from(*pair) for pair in pairs], dtype=pl.String)
    return given.zip_with(given.is_not_null(), made).alias("sku")


def _option_json(rows: pl.DataFrame) -> pl.Series:
    names = [f"Option{n} {part}" for n in OPTIONS for part in ("Name", "Value")]
    return pl.Series(
        "variant_attributes_json",
        [_options(row) for row in rows.select(names).iter_rows()],
        pl.String,
    )


def _options(row: tuple[str | None, ...]) -> str | None:
    """`Title: Default Title` is how a product without options is written."""
    said = {k: v for k, v in zip(row[::2], row[1::2], strict=True) if k and v and k != "Title"}
    return canonical_json(json.dumps(said)) if said else None


def _load_pictures(rows: pl.DataFrame, chunk: Chunk) -> None:
    """Rows that hold a picture and no variant."""
    empty = pl.col("Image Src").is_null()
    rows = chunk.reject(rows, empty, "Handle", "has neither a variant nor a picture in this row")
    ids = ids_of(Product, "code", rows["product_code"], named="product_id")
    rows = rows.join(
        ids.rename({"code": "product_code"}), on="product_code", how="left", maintain_order="left"
    )
    lost = pl.col("product_id").is_null()
    rows = chunk.reject(rows, lost, "Handle", "is a product of which no variant was accepted")
    rows = rows.with_columns(url=pl.col("Image Src"))
    there = rows_of(ProductImage, "product", rows["product_id"], ["url"])
    fresh = rows.join(there, on=["product_id", "url"], how="anti", maintain_order="left")
    fresh = fresh.unique(["product_id", "url"], keep="first", maintain_order=True)
    place = (pl.col("Image Position") - 1).fill_null(0)
    written = insert(ProductImage, fresh.select("product_id", "url", position=place))
    chunk.count(new=written, unchanged=rows.height - written)
    chunk.wrote("images", written)
