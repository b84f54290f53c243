"""selling_holds: whose sale was stopped, why, and since and until when."""

from __future__ import annotations

import polars as pl

from shop.models import SellingHold, Variant

from .columns import code, moment, text
from .registry import importer
from .run import Chunk
from .write import ids_of, insert, rows_of, update

COLUMNS = [
    code("sku", required=True),
    text("reason", max_length=200, required=True),
    moment("began_at", required=True),
    moment("ended_at", about="Empty: it still holds."),
]


@importer("selling_holds", COLUMNS)
def load_selling_holds(rows: pl.DataFrame, chunk: Chunk) -> None:
    """One of a SKU and a beginning is the same hold; all that may change of it is that it ended."""
    rows = _sane(rows, chunk)
    there = rows_of(SellingHold, "variant", rows["variant_id"], ["began_at", "reason", "ended_at"])
    rows = rows.join(
        there, on=["variant_id", "began_at"], how="left", suffix="_there", maintain_order="left"
    )
    known = pl.col("id").is_not_null()
    other = known & (pl.col("reason") != pl.col("reason_there"))
    rows = chunk.reject(rows, other, "reason", "is another one in the shop")
    ended = known & pl.col("ended_at_there").is_not_null()
    other = ended & pl.col("ended_at").ne_missing(pl.col("ended_at_there"))
    rows = chunk.reject(rows, other, "ended_at", "is another one in the shop")
    rows = _reject_second_open(rows, there, chunk)
    fresh = rows.filter(~known)
    over = rows.filter(
        known & pl.col("ended_at").is_not_null() & pl.col("ended_at_there").is_null()
    )
    update(SellingHold, over.select("id", "ended_at"))
    insert(SellingHold, fresh.select("variant_id", "reason", "began_at", "ended_at"))
    same = rows.height - fresh.height - over.height
    chunk.count(new=fresh.height, changed=over.height, unchanged=same)
    chunk.wrote("selling holds", fresh.height + over.height)


def _sane(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    ids = ids_of(Variant, "sku", rows["sku"], named="variant_id")
    rows = rows.join(ids, on="sku", how="left", maintain_order="left")
    rows = chunk.reject(rows, pl.col("variant_id").is_null(), "sku", "is no SKU of the shop")
    backwards = (pl.col("ended_at") < pl.col("began_at")).fill_null(False)
    rows = chunk.reject(rows, backwards, "ended_at", "is before began_at")
    began = pl.col("began_at").dt.epoch("us").cast(pl.String)
    rows = rows.with_columns(_it=pl.concat_str("sku", began, separator=":"))
    rows = rows.with_columns(_first=chunk.first_time(rows["_it"]))
    return chunk.reject(rows, ~pl.col("_first"), "began_at", "is repeated for this SKU")


def _reject_second_open(rows: pl.DataFrame, there: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """The sale of a SKU is stopped once at a time: of holds still open the first one stands."""
    ends = rows.filter(pl.col("id").is_not_null() & pl.col("ended_at").is_not_null())["id"]
    still = there.filter(pl.col("ended_at").is_null() & ~pl.col("id").is_in(ends.implode()))
    is_open = pl.col("ended_at").is_null()
    rows = rows.with_columns(
        _open=is_open & pl.col("id").is_null(),
        _stopped=pl.col("variant_id").is_in(still["variant_id"].implode()),
    )
    nth = pl.col("_open").cast(pl.Int64).cum_sum().over("variant_id")
    second = pl.col("_open") & (pl.col("_stopped") | (nth > 1))
    return chunk.reject(rows, second, "sku", "has another hold that has not ended")
