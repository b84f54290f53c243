"""stock: what was counted, per SKU and warehouse. Posts COUNT movements to the ledger."""

from __future__ import annotations

import polars as pl

from shop.models import StockLevel, Variant, Warehouse

from .columns import code, moment, whole
from .counts import PLACE, post_counts
from .registry import importer
from .run import Chunk
from .table import LINE
from .write import rows_of, update, upsert

COLUMNS = [
    code("sku", required=True),
    code("warehouse", max_length=32, required=True, about="Its code; created where unknown."),
    whole("on_hand", low=0, high=10**9, required=True, about="Units counted."),
    moment("counted_at", about="Makes a later count of the same number its own ledger row."),
]


@importer("stock", COLUMNS)
def load_stock(rows: pl.DataFrame, chunk: Chunk) -> None:
    """A count that the ledger already shows changes nothing; the SKU is stock-keeping from now."""
    rows = rows.with_columns(place=pl.concat_str("sku", "warehouse", separator="/"))
    first = chunk.first_time(rows["place"])
    rows = chunk.reject(
        rows.with_columns(_first=first), ~pl.col("_first"), "sku", "is counted twice in a warehouse"
    )
    variants = rows_of(Variant, "sku", rows["sku"], ["tracks_stock"])
    rows = rows.join(
        variants.rename({"id": "variant_id"}), on="sku", how="left", maintain_order="left"
    )
    rows = chunk.reject(rows, pl.col("variant_id").is_null(), "sku", "is no SKU of the shop")
    rows = rows.join(_places(rows["warehouse"]), on="warehouse", how="left", maintain_order="left")
    rows = rows.join(_on_hand_now(rows), on=PLACE, how="left", maintain_order="left")
    news = rows.filter(pl.col("on_hand").ne_missing(pl.col("now")) | ~pl.col("tracks_stock"))
    refused = len(chunk.refused)
    posted = post_counts(_counts(news, chunk), chunk)
    refused = sum(frame.height for frame in chunk.refused[refused:])
    _track(news)
    chunk.count(new=posted, unchanged=rows.height - posted - refused)
    chunk.wrote("counts", posted)


def _counts(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """The same count of the same time is the same movement; without a time, of this run."""
    at = pl.col("counted_at").fill_null(chunk.run.started_at)
    exact = pl.when(at.dt.microsecond() == 0).then(at.dt.strftime("%Y-%m-%dT%H:%M:%S+00:00"))
    exact = exact.otherwise(at.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00"))
    key = pl.concat_str(pl.lit("count"), "warehouse", "sku", exact, "on_hand", separator=":")
    return rows.select(LINE, *PLACE, counted="on_hand", key=key)


def _on_hand_now(rows: pl.DataFrame) -> pl.DataFrame:
    levels = rows_of(StockLevel, "variant", rows["variant_id"], ["warehouse", "on_hand"])
    return levels.select(*PLACE, now=pl.col("on_hand"))


def _places(codes: pl.Series) -> pl.DataFrame:
    """Warehouses by code; one that is new is opened."""
    named = pl.DataFrame({"code": codes.unique().sort()})
    done = upsert(Warehouse, named.with_columns(name="code"), "code", only_new=["name"])
    return done.rows.select(warehouse="code", warehouse_id="id")


def _track(rows: pl.DataFrame) -> None:
    untracked = rows.filter(~pl.col("tracks_stock"))["variant_id"].unique()
    levels = rows_of(StockLevel, "variant", untracked)["variant_id"].unique()
    update(Variant, levels.to_frame("id").with_columns(tracks_stock=True))
