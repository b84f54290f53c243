"""batches: which of the units that lie in a warehouse share an expiry date."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from typing import Any

import polars as pl
from django.db import transaction
from django.utils.translation import gettext as _

from shop.models import Batch, StockLevel, Variant, Warehouse
from shop.services.stock import stock as ledger

from .columns import code, day, moment, whole
from .registry import importer
from .run import Chunk
from .table import LINE
from .write import ids_of

COLUMNS = [
    code("sku", required=True),
    code("warehouse", max_length=32, required=True, about="Its code; it must be there."),
    code("batch", required=True, about="The code on the goods."),
    day("expires_on", about="Empty: none is known."),
    whole("units", low=0, high=10**9, required=True, about="Of the units on hand, this batch's."),
    moment(
        "received_at", about="When it came; now where empty. A batch that is there keeps its own."
    ),
]


@importer("batches", COLUMNS)
def load_batches(rows: pl.DataFrame, chunk: Chunk) -> None:
    """On hand stays as it was counted: units pass between a batch and the goods without one.

    Row by row through the ledger's own verbs, which hold what a batch may and may not.
    """
    rows = _with_places(rows, chunk)
    variants = Variant.objects.in_bulk(rows["variant_id"].to_list())
    places = Warehouse.objects.in_bulk(rows["warehouse_id"].unique().to_list())
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    refused: dict[str, list[int]] = {}
    for row in rows.iter_rows(named=True):
        shelf = (variants[row["variant_id"]], places[row["warehouse_id"]])
        try:
            with transaction.atomic():
                counts[_put(row, *shelf, chunk.run.started_at)] += 1
        except ledger.StockError as error:
            refused.setdefault(str(error), []).append(row[LINE])
    for reason, lines in refused.items():
        chunk.reject(rows, pl.col(LINE).is_in(lines), "units", reason)
    chunk.count(**counts)
    chunk.wrote("batches", counts["new"] + counts["changed"])


def _with_places(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    rows = rows.with_columns(_it=pl.concat_str("warehouse", "sku", "batch", separator="/"))
    rows = rows.with_columns(_first=chunk.first_time(rows["_it"]))
    rows = chunk.reject(rows, ~pl.col("_first"), "batch", "is repeated in this place")
    variants = ids_of(Variant, "sku", rows["sku"], named="variant_id")
    rows = rows.join(variants, on="sku", how="left", maintain_order="left")
    rows = chunk.reject(rows, pl.col("variant_id").is_null(), "sku", "is no SKU of the shop")
    places = ids_of(Warehouse, "code", rows["warehouse"], named="warehouse_id")
    places = places.rename({"code": "warehouse"})
    rows = rows.join(places, on="warehouse", how="left", maintain_order="left")
    nowhere = pl.col("warehouse_id").is_null()
    return chunk.reject(rows, nowhere, "warehouse", "is no warehouse of the shop")


def _put(row: dict[str, Any], variant: Variant, place: Warehouse, now: datetime) -> str:
    """What came of the row. Raises StockError where the goods are not there to be named."""
    there = Batch.objects.filter(variant=variant, warehouse=place, code=row["batch"])
    before = there.first()
    expires_on: date | None = row["expires_on"]
    # The counters stand still behind the level's lock, which the verbs take in the same order.
    level = StockLevel.objects.select_for_update().filter(variant=variant, warehouse=place).first()
    batch = ledger.open_batch(variant, place, row["batch"], expires_on)
    if before is None:
        there.update(received_at=row["received_at"] or now)
    units = row["units"] - batch.on_hand
    if not units:
        return "unchanged" if before else "new"
    held = Batch.objects.filter(variant=variant, warehouse=place).values_list("on_hand", flat=True)
    if level is None or units > level.on_hand - sum(held):
        raise ledger.BatchError(_("So many units without a batch are not on hand: count first."))
    _pass_over(batch, variant, place, units, _key(row, now))
    return "changed" if before else "new"


def _key(row: dict[str, Any], now: datetime) -> str:
    """Three codes beside each other may be too long for the ledger: they go in as their hash."""
    it = sha256(row["_it"].encode()).hexdigest()[:32]
    return f"{it}:{row['units']}:{now.isoformat()}"


def _pass_over(batch: Batch, variant: Variant, place: Warehouse, units: int, key: str) -> None:
    """Up first, then down: what is promised stays covered at every line."""
    into, out_of = (batch.code, "") if units > 0 else ("", batch.code)
    note = {"reason": _("Batches as a file says."), "reference": f"batch:{batch.code}"}
    ledger.adjust(variant, abs(units), warehouse=place, key=f"batch:{key}:up", batch=into, **note)
    ledger.adjust(
        variant, -abs(units), warehouse=place, key=f"batch:{key}:down", batch=out_of, **note
    )
