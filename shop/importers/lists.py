"""The short lists that others point at: channels, brands, categories, attributes, warehouses."""

from __future__ import annotations

import json

import polars as pl

from shop.models import Attribute, Brand, Category, Channel, Warehouse

from .columns import choice, code, text, whole
from .registry import importer
from .run import Chunk
from .write import canonical_json, ids_of, update, upsert

CHANNELS = [
    code("channel", max_length=32, required=True, about="Its code."),
    text("name", max_length=100, default=None),
]
BRANDS = [
    code("brand_code", required=True),
    text("name", max_length=200, default=None),
]
CATEGORIES = [
    code("category_code", required=True),
    text("name", max_length=200, default=None),
    text("name_zh", max_length=200, default=None),
    code("parent", about="The code of the category above; it may stand anywhere in the file."),
]
ATTRIBUTES = [
    code("attribute", required=True, about="Its code, as in the columns `attribute:CODE`."),
    text("name", max_length=100, default=None),
    text("name_zh", max_length=100, default=None),
    choice("kind", Attribute.Kind.values),
    text("unit", max_length=20, default=None),
    text("choices", max_length=10_000, default=None, about="A JSON list."),
]
WAREHOUSES = [
    code("warehouse", max_length=32, required=True, about="Its code."),
    text("name", max_length=100, default=None),
    text("country", max_length=2, default=None, about="ISO 3166, two letters."),
    whole("priority", low=0, high=32_767, about="Lowest ships first."),
]


@importer("channels", CHANNELS)
def load_channels(rows: pl.DataFrame, chunk: Chunk) -> None:
    _load(Channel, rows, "channel", chunk)


@importer("brands", BRANDS)
def load_brands(rows: pl.DataFrame, chunk: Chunk) -> None:
    _load(Brand, rows, "brand_code", chunk)


@importer("attributes", ATTRIBUTES)
def load_attributes(rows: pl.DataFrame, chunk: Chunk) -> None:
    lists = pl.col("choices").map_elements(_is_list, return_dtype=pl.Boolean)
    rows = chunk.reject(rows, ~lists.fill_null(True), "choices", "is no JSON list")
    rows = rows.with_columns(pl.col("choices").map_elements(canonical_json, return_dtype=pl.String))
    _load(Attribute, rows, "attribute", chunk)


@importer("warehouses", WAREHOUSES)
def load_warehouses(rows: pl.DataFrame, chunk: Chunk) -> None:
    _load(Warehouse, rows, "warehouse", chunk)


@importer("categories", CATEGORIES)
def load_categories(rows: pl.DataFrame, chunk: Chunk) -> None:
    """Parents are set when all categories of the chunk are there: the order does not matter."""
    known = ids_of(Category, "code", rows["parent"], named="_there")["code"]
    codes = pl.concat([known, rows["category_code"]]).implode()
    lost = pl.col("parent").is_not_null() & ~pl.col("parent").is_in(codes)
    rows = chunk.reject(rows, lost, "parent", "is no category of the shop or of this file so far")
    own = pl.col("parent") == pl.col("category_code")
    rows = chunk.reject(rows, own, "parent", "is the category itself")
    _load(Category, rows.drop("parent"), "category_code", chunk)
    pairs = rows.filter(pl.col("parent").is_not_null()).select("category_code", "parent")
    ids = ids_of(Category, "code", pl.concat([pairs["category_code"], pairs["parent"]]), named="id")
    above = ids.select(parent="code", parent_id="id")
    update(
        Category,
        pairs.join(ids, left_on="category_code", right_on="code")
        .join(above, on="parent")
        .select("id", "parent_id"),
    )


def _load(model, rows: pl.DataFrame, key: str, chunk: Chunk) -> None:
    """One row, one entry; a new one without a name is called by its code."""
    rows = chunk.reject_repeated(rows, key)
    known = ids_of(model, "code", rows[key], named="id")["code"].implode()
    is_new = ~pl.col(key).is_in(known)
    rows = rows.with_columns(
        pl.when(is_new).then(pl.coalesce("name", key)).otherwise(pl.col("name")).alias("name")
    )
    done = upsert(model, rows.select(pl.exclude("line", key), code=pl.col(key)), "code")
    chunk.count(new=done.new, changed=done.changed, unchanged=done.unchanged)
    chunk.wrote(str(model._meta.verbose_name_plural), done.new + done.changed)


def _is_list(value: str) -> bool:
    try:
        return isinstance(json.loads(value), list)
    except ValueError:
        return False
