"""List prices from files into the append-only price history."""

from __future__ import annotations

import polars as pl
from django.conf import settings

from shop.models import Price, PriceKind, Variant

from .run import Chunk
from .tell import tell_prices
from .write import ids_of, insert, next_ids, rows_of

SOURCE = "import"
BESIDE = ("_from", "_now", "_since")
DIFFERS = pl.col("list_price").is_not_null() & pl.col("list_price").ne_missing(pl.col("_now"))


def reject_rewrites(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Refuse what contradicts the price history before anything of its row is written."""
    ids = ids_of(Variant, "sku", rows["sku"], named="variant_id")
    found = _beside_history(rows.join(ids, on="sku", how="left", maintain_order="left"), chunk)
    rewrites = DIFFERS & (pl.col("_since") == pl.col("_from")).fill_null(False)
    found = chunk.reject(
        found, rewrites, "list_price", "contradicts the price history, which stays"
    )
    return found.drop("variant_id", *BESIDE)


def write_list_prices(rows: pl.DataFrame, chunk: Chunk) -> set[int]:
    """Add a row where the price differs from the one that holds at that time.

    rows: what `reject_rewrites` left, with variant_id. Returns the ids of variants with a new price.
    """
    fresh = price_rows(_beside_history(rows, chunk).filter(DIFFERS))
    fresh = fresh.with_columns(id=next_ids(Price, fresh.height))
    chunk.wrote("prices", insert(Price, fresh))
    tell_prices(fresh, chunk.run)
    return set(fresh["variant_id"])


def _beside_history(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Each row, in the file's order, with `_from` when its price holds, and `_now`: the price that
    holds then, `_since` when."""
    rows = rows.with_row_index("_at").with_columns(
        _from=pl.col("price_from").fill_null(chunk.run.started_at).dt.cast_time_unit("us")
    )
    there = list_prices(rows["variant_id"].drop_nulls())
    return (
        rows.sort("_from")
        .join_asof(
            there.select(
                "variant_id", valid_from="valid_from", _now="amount_minor", _since="valid_from"
            ),
            left_on="_from",
            right_on="valid_from",
            by="variant_id",
            check_sortedness=False,  # both are sorted by time; polars cannot see it within groups
        )
        .sort("_at")
        .drop("_at", "valid_from", strict=False)
    )


def list_prices(variant_ids: pl.Series) -> pl.DataFrame:
    """Every list price of these variants outside channels, oldest first."""
    columns = ["kind", "channel", "amount_minor", "valid_from"]
    prices = rows_of(Price, "variant", variant_ids, columns)
    usual = (pl.col("kind") == PriceKind.LIST) & pl.col("channel_id").is_null()
    return prices.filter(usual).sort("valid_from", "id")


def price_rows(rows: pl.DataFrame, source: str = SOURCE) -> pl.DataFrame:
    """rows: variant_id, sku, list_price (minor) and `_from`. The key makes a second row impossible.

    A column `price_source` says who set the price where that was not this import.
    """
    whole = pl.col("_from").dt.microsecond() == 0
    at = pl.when(whole).then(pl.col("_from").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    at = at.otherwise(pl.col("_from").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
    return rows.select(
        "variant_id",
        kind=pl.lit(PriceKind.LIST.value),
        amount_minor=pl.col("list_price"),
        currency=pl.lit(settings.SHOP_CURRENCY),
        valid_from=pl.col("_from"),
        source=pl.col("price_source") if "price_source" in rows.columns else pl.lit(source),
        key=pl.concat_str(pl.lit(f"{source}:"), "sku", pl.lit(":"), at),
    )
