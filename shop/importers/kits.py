"""kits: which SKUs make up a kit, one row per component."""

from __future__ import annotations

import polars as pl

from shop.models import KitComponent, Variant

from .columns import code, whole
from .registry import importer
from .run import Chunk
from .write import ids_of, insert, rows_of, update

COLUMNS = [
    code("kit", required=True, about="The SKU of the kit."),
    code("component", required=True, about="The SKU of what is in it."),
    whole("units", low=1, required=True, about="In one kit."),
]


@importer("kits", COLUMNS)
def load_kits(rows: pl.DataFrame, chunk: Chunk) -> None:
    rows = _with_ids(rows, chunk)
    there = rows_of(KitComponent, "kit", rows["kit_id"], ["component", "units"])
    rows = rows.join(there, on=["kit_id", "component_id"], how="left", suffix="_there")
    fresh = rows.filter(pl.col("id").is_null())
    changed = rows.filter(pl.col("id").is_not_null() & (pl.col("units") != pl.col("units_there")))
    insert(KitComponent, fresh.sort("line").select("kit_id", "component_id", "units"))
    update(KitComponent, changed.select("id", "units"))
    same = rows.height - fresh.height - changed.height
    chunk.count(new=fresh.height, changed=changed.height, unchanged=same)
    chunk.wrote("kit components", fresh.height + changed.height)


def _with_ids(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """A kit is made of SKUs that are no kits themselves: the ledger looks one step deep."""
    rows = rows.with_columns(_pair=pl.concat_str("kit", "component", separator="/"))
    rows = rows.with_columns(_first=chunk.first_time(rows["_pair"]))
    rows = chunk.reject(rows, ~pl.col("_first"), "component", "is repeated in this kit")
    for column in ("kit", "component"):
        ids = ids_of(Variant, "sku", rows[column], named=f"{column}_id").rename({"sku": column})
        rows = rows.join(ids, on=column, how="left", maintain_order="left")
        unknown = pl.col(f"{column}_id").is_null()
        rows = chunk.reject(rows, unknown, column, "is no SKU of the shop")
    rows = chunk.reject(
        rows, pl.col("kit") == pl.col("component"), "component", "is the kit itself"
    )
    nested = pl.concat(
        [
            rows_of(KitComponent, "kit", rows["component_id"])["kit_id"],
            rows["kit_id"],
        ]
    ).implode()
    return chunk.reject(rows, pl.col("component_id").is_in(nested), "component", "is a kit itself")
