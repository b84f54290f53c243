"""Inventory per location: the file with all quantities, of which `On hand` counts."""

from __future__ import annotations

import polars as pl

from shop.importers.columns import text, whole
from shop.importers.encodings import UnusableFileError
from shop.importers.platforms import Unmapped, as_code, hashed_code, with_variant_ids
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.slugs import code_of
from shop.importers.stock import load_stock
from shop.importers.table import LINE
from shop.importers.write import rows_of
from shop.models import Variant, Warehouse

NOT_STOCKED = "not stocked"
COLUMNS = [
    text("Location", max_length=100, required=True, default=None),
    text("SKU", max_length=64, default=None),
    text("Title", max_length=300, default=None),
    *(text(f"Option{n} Value", max_length=200, default=None) for n in (1, 2, 3)),
    text("On hand", max_length=40, default=None, aliases=("On hand (current)",)),
    text("On hand (new)", max_length=40, default=None),
]
CALLED = {"sku": "SKU", "warehouse": "Location", "on_hand": "On hand"}
COUNT = whole("on_hand", low=0, high=10**9)


def start(run: ImportRun) -> Unmapped:
    if not {"On hand", "On hand (new)"} & set(run.names):
        raise UnusableFileError(
            f"{run.source.name} has no column On hand: export the inventory with all quantity types."
        )
    return Unmapped(run)


@importer("stock", COLUMNS, format="shopify", start=start, finish=lambda run: run.state.tell(run))
def load_shopify_stock(rows: pl.DataFrame, chunk: Chunk) -> None:
    chunk.called = CALLED
    chunk.run.state.see(chunk)
    rows = rows.with_columns(_count=pl.coalesce("On hand (new)", "On hand"))
    absent = pl.col("_count").is_null() | (pl.col("_count").str.to_lowercase() == NOT_STOCKED)
    chunk.count(unchanged=rows.filter(absent).height)  # says nothing of a count
    rows = rows.filter(~absent).with_columns(
        on_hand=COUNT.parse(pl.col("_count"), chunk.run.reading)
    )
    rows = chunk.reject(rows, pl.col("on_hand").is_null(), "On hand", "is no whole number")
    for wrong, why in COUNT.checks:
        rows = chunk.reject(rows, wrong(pl.col("on_hand")), "On hand", why)
    rows = chunk.reject(
        _with_skus(rows), pl.col("sku").is_null(), "SKU", "names no SKU of the shop"
    )
    load_stock(_with_warehouses(rows), chunk)


def _with_skus(rows: pl.DataFrame) -> pl.DataFrame:
    values = [pl.col(f"Option{n} Value") for n in (1, 2, 3)]
    options = pl.concat_str(values, separator=" / ", ignore_nulls=True)
    named = pl.when(options.is_in(["", "Default Title"])).then("Title")
    called = named.otherwise(pl.concat_str("Title", pl.lit(" - "), options))
    rows = rows.with_columns(_sku=as_code(pl.col("SKU")), _called=called)
    rows = with_variant_ids(rows, "_sku", "_called")
    skus = rows_of(Variant, "id", rows["variant_id"], ["sku"]).select(variant_id="id", sku="sku")
    return rows.join(skus, on="variant_id", how="left", maintain_order="left").select(
        LINE, "sku", "on_hand", "Location"
    )


def _with_warehouses(rows: pl.DataFrame) -> pl.DataFrame:
    """A location is the one warehouse of that name, or of that code; else a new one."""
    codes = {name: _warehouse(name) for name in rows["Location"].unique()}
    return rows.with_columns(
        warehouse=pl.col("Location").replace_strict(codes, return_dtype=pl.String),
        counted_at=pl.lit(None, pl.Datetime("us", "UTC")),
    ).drop("Location")


def _warehouse(name: str) -> str:
    called = list(Warehouse.objects.filter(name=name)[:2])
    if len(called) == 1:
        return called[0].code
    there = Warehouse.objects.filter(code=name).first()
    if there is not None:
        return there.code
    code = code_of(name)
    code = code if len(code) <= 32 else hashed_code(code[:15].rstrip("-"), name)
    return Warehouse.objects.get_or_create(code=code, defaults={"name": name})[0].code
