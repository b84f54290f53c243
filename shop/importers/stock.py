"""stock: what was counted, per SKU and warehouse. Posts COUNT movements to the ledger."""

from __future__ import annotations

import polars as pl

from shop.models import StockLevel, Variant, Warehouse
from shop.services import stock as ledger

from .columns import code, moment, whole
from .registry import importer
from .run import Chunk
from .table import LINE
from .write import rows_of

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
    rows = rows.join(_on_hand_now(rows), on=["variant_id", "warehouse"], how="left")
    news = rows.filter(pl.col("on_hand").ne_missing(pl.col("now")) | ~pl.col("tracks_stock"))
    refused = _post(news, chunk)
    chunk.count(new=news.height - refused, unchanged=rows.height - news.height)
    chunk.wrote("counts", news.height - refused)


def _on_hand_now(rows: pl.DataFrame) -> pl.DataFrame:
    levels = rows_of(StockLevel, "variant", rows["variant_id"], ["warehouse", "on_hand"])
    places = rows_of(Warehouse, "code", rows["warehouse"]).select(
        warehouse_id=pl.col("id"), warehouse=pl.col("code")
    )
    return levels.join(places, on="warehouse_id").select(
        "variant_id", "warehouse", now=pl.col("on_hand")
    )


def _post(rows: pl.DataFrame, chunk: Chunk) -> int:
    """One ledger call per count; less than what was promised is refused with the ledger's reason."""
    variants = Variant.objects.in_bulk(rows["variant_id"].to_list())
    places: dict[str, Warehouse] = {}
    refused: dict[str, list[int]] = {}
    for row in rows.iter_rows(named=True):
        place = places.get(row["warehouse"]) or _warehouse(row["warehouse"])
        places[place.code] = place
        try:
            ledger.count_stock(
                variants[row["variant_id"]], row["on_hand"], warehouse=place, key=_key(row, chunk)
            )
        except ledger.StockError as error:
            refused.setdefault(str(error), []).append(row[LINE])
    for reason, lines in refused.items():
        chunk.reject(rows, pl.col(LINE).is_in(lines), "on_hand", reason)
    counted = rows.filter(~pl.col("tracks_stock"))["variant_id"].to_list()
    Variant.objects.filter(pk__in=counted, stock_levels__isnull=False).update(tracks_stock=True)
    return sum(map(len, refused.values()))


def _key(row: dict, chunk: Chunk) -> str:
    """The same count of the same time is the same movement; without a time, of this run."""
    at = row["counted_at"] or chunk.run.started_at
    return f"count:{row['warehouse']}:{row['sku']}:{at.isoformat()}:{row['on_hand']}"


def _warehouse(code: str) -> Warehouse:
    return Warehouse.objects.get_or_create(code=code, defaults={"name": code})[0]
