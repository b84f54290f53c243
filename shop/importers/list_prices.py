"""List prices from files into the append-only price history."""

from __future__ import annotations

import polars as pl
from django.conf import settings

from shop.models import Price, PriceKind

from .run import Chunk
from .write import insert, rows_of

SOURCE = "import"


def write_list_prices(rows: pl.DataFrame, chunk: Chunk) -> tuple[pl.DataFrame, set[int]]:
    """Add a row where the price differs from the one that holds at that time.

    Returns the rows that were not refused and the ids of the variants with a new price.
    """
    rows = rows.with_columns(
        _from=pl.col("price_from").fill_null(chunk.run.started_at).dt.cast_time_unit("us")
    )
    there = list_prices(rows["variant_id"])
    rows = rows.sort("_from").join_asof(
        there.select(
            "variant_id", valid_from="valid_from", _now="amount_minor", _since="valid_from"
        ),
        left_on="_from",
        right_on="valid_from",
        by="variant_id",
        check_sortedness=False,  # both are sorted by time; polars cannot see it within groups
    )
    differs = pl.col("list_price").is_not_null() & pl.col("list_price").ne_missing(pl.col("_now"))
    rewrites = differs & (pl.col("_since") == pl.col("_from")).fill_null(False)
    rows = chunk.reject(rows, rewrites, "list_price", "contradicts the price history, which stays")
    fresh = rows.filter(differs)
    chunk.wrote("prices", insert(Price, price_rows(fresh)))
    return rows.drop("_from", "_now", "_since", "valid_from", strict=False), set(
        fresh["variant_id"]
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
    at = pl.col("_from").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return rows.select(
        "variant_id",
        kind=pl.lit(PriceKind.LIST.value),
        amount_minor=pl.col("list_price"),
        currency=pl.lit(settings.SHOP_CURRENCY),
        valid_from=pl.col("_from"),
        source=pl.col("price_source") if "price_source" in rows.columns else pl.lit(source),
        key=pl.concat_str(pl.lit(f"{source}:"), "sku", pl.lit(":"), at),
    )
