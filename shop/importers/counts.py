"""A chunk of counts into the stock ledger at once: what `count_stock` does, a set at a time.

The counters are locked in order of primary key, as every stock verb takes them. What a rival opens
or posts between our read and our write breaks a unique constraint, and the chunk is read again.
"""

from __future__ import annotations

import polars as pl
from django.db import connection
from django.utils.translation import gettext as _

from shop.models import Batch, MovementKind, StockLevel, StockMovement, Variant, Warehouse
from shop.services.stock import stock as ledger

from .run import Chunk
from .table import LINE
from .write import frame_of, insert, next_ids, rows_of, update

COUNTERS = ["on_hand", "allocated", "reserved", "ring_fenced"]
PLACE = ["variant_id", "warehouse_id"]


def post_counts(rows: pl.DataFrame, chunk: Chunk) -> int:
    """Post one COUNT movement per row and set its counter; returns how many were posted.

    rows: line, variant_id, warehouse_id, counted (units), key; a place stands once in them. A key
    that the ledger has is left alone. Less than what was promised is refused.
    """
    posted = rows_of(StockMovement, "key", rows["key"]).select("key")
    rows = rows.join(posted, on="key", how="anti", maintain_order="left")
    rows = rows.join(_locked_levels(rows), on=PLACE, how="left", maintain_order="left")
    rows = rows.with_columns(pl.col(name).fill_null(0) for name in COUNTERS)
    rows = rows.with_columns(promised=pl.sum_horizontal(COUNTERS[1:]))
    short = pl.col("counted") < pl.col("promised")
    reason = pl.struct("promised", "counted").map_elements(_promised, return_dtype=pl.String)
    rows = chunk.reject(rows, short, "on_hand", reason)
    rows, one_by_one = _with_batches(rows)
    insert(StockMovement, _movements(rows))
    fresh = rows.filter(pl.col("id").is_null())
    fresh = fresh.with_columns(id=next_ids(StockLevel, fresh.height), on_hand="counted")
    insert(StockLevel, fresh.select("id", *PLACE, *COUNTERS))
    there = rows.filter(pl.col("id").is_not_null())
    update(StockLevel, there.select("id", on_hand="counted"))
    return rows.height + _post_singly(one_by_one, chunk)


def _promised(numbers: dict) -> str:
    sentence = _("{promised} units are promised to orders and carts, but {counted} were counted.")
    return sentence.format(**numbers)


def _locked_levels(rows: pl.DataFrame) -> pl.DataFrame:
    """`id`, place and counters; on PostgreSQL nobody changes them until we have committed."""
    if connection.vendor == "sqlite":  # one writer at a time: we are it
        levels = rows_of(StockLevel, "variant", rows["variant_id"], ["warehouse", *COUNTERS])
        return levels.select("id", *PLACE, *COUNTERS)
    names = ["id", *PLACE, *COUNTERS]
    sql = (
        f"SELECT {', '.join(f'l.{name}' for name in names)} FROM shop_stocklevel l "
        "JOIN unnest(%s::bigint[], %s::bigint[]) AS w (variant_id, warehouse_id) "
        "USING (variant_id, warehouse_id) ORDER BY l.id FOR UPDATE OF l"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [rows[name].to_list() for name in PLACE])
        return frame_of(cursor.fetchall(), dict.fromkeys(names, pl.Int64))


def _movements(rows: pl.DataFrame) -> pl.DataFrame:
    delta = (pl.col("counted") - pl.col("on_hand")).alias("on_hand_delta")
    return rows.select(*PLACE, "key", delta, kind=pl.lit(MovementKind.COUNT.value))


def _with_batches(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Goods with batches are counted by the verb itself, which knows what a batch must hold."""
    batches = rows_of(Batch, "variant", rows["variant_id"], ["warehouse"]).select(PLACE).unique()
    return (
        rows.join(batches, on=PLACE, how="anti", maintain_order="left"),
        rows.join(batches, on=PLACE, how="semi", maintain_order="left"),
    )


def _post_singly(rows: pl.DataFrame, chunk: Chunk) -> int:
    variants = Variant.objects.in_bulk(rows["variant_id"].to_list())
    places = Warehouse.objects.in_bulk(rows["warehouse_id"].to_list())
    refused: dict[str, list[int]] = {}
    for row in rows.iter_rows(named=True):
        variant, place = variants[row["variant_id"]], places[row["warehouse_id"]]
        try:
            ledger.count_stock(variant, row["counted"], warehouse=place, key=row["key"])
        except ledger.StockError as error:
            refused.setdefault(str(error), []).append(row[LINE])
    for reason, lines in refused.items():
        chunk.reject(rows, pl.col(LINE).is_in(lines), "on_hand", reason)
    return rows.height - sum(map(len, refused.values()))
