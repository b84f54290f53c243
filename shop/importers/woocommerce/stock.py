"""Stock from the product file: one quantity per SKU, for the first warehouse."""

from __future__ import annotations

import polars as pl

from shop.importers.columns import text, whole
from shop.importers.encodings import UnusableFileError
from shop.importers.platforms import as_code
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.stock import load_stock
from shop.importers.table import LINE
from shop.services.stock.warehouses import first_warehouse

COLUMNS = [
    text("ID", max_length=20, default=None),
    text("SKU", max_length=64, default=None),
    text("Stock", max_length=40, required=False, default=None),
]
CALLED = {"sku": "SKU", "on_hand": "Stock"}
COUNT = whole("Stock", low=0, high=10**9)


def start(run: ImportRun) -> None:
    if "Stock" not in run.names or not {"ID", "SKU"} & set(run.names):
        raise UnusableFileError(f"{run.source.name} lacks the column Stock, or both ID and SKU.")
    run.report.notes.append("WooCommerce knows no warehouses: counted in the shop's first one")


@importer("stock", COLUMNS, format="woocommerce", start=start)
def load_woocommerce_stock(rows: pl.DataFrame, chunk: Chunk) -> None:
    """An empty quantity, or `parent`, says nothing of a count."""
    chunk.called = CALLED
    silent = pl.col("Stock").is_null() | (pl.col("Stock").str.to_lowercase() == "parent")
    chunk.count(unchanged=rows.filter(silent).height)
    rows = rows.filter(~silent).with_columns(
        on_hand=COUNT.parse(pl.col("Stock"), chunk.run.reading),
        sku=pl.coalesce(
            as_code(pl.col("SKU")), pl.concat_str(pl.lit("woo-"), as_code(pl.col("ID")))
        ),
    )
    rows = chunk.reject(rows, pl.col("on_hand").is_null(), "Stock", COUNT.wrong)
    for wrong, why in COUNT.checks:
        rows = chunk.reject(rows, wrong(pl.col("on_hand")), "Stock", why)
    rows = chunk.reject(rows, pl.col("sku").is_null(), "SKU", "is missing, and so is the ID")
    load_stock(
        rows.select(
            LINE,
            "sku",
            "on_hand",
            warehouse=pl.lit(first_warehouse().code),
            counted_at=pl.lit(None, pl.Datetime("us", "UTC")),
        ),
        chunk,
    )
