"""prices: the whole price history, one row per price that was ever set."""

from __future__ import annotations

import polars as pl
from django.conf import settings

from shop.models import Channel, Price, PriceKind, Variant

from .columns import choice, code, moment, money, text
from .registry import importer
from .run import Chunk
from .tell import tell_prices
from .write import ids_of, insert, next_ids, rows_of

SOURCE = "import"
COLUMNS = [
    code("sku", required=True),
    choice("kind", PriceKind.values, default=PriceKind.LIST),
    code("channel", max_length=32, about="Empty: everywhere."),
    money("amount", required=True),
    code("currency", about="The shop's own; any other is rejected."),
    moment("valid_from", required=True),
    moment("valid_until", about="Needed for campaign and flash prices."),
    text("source", max_length=80, default=SOURCE, about="Who or what set it."),
]
# What makes two rows the same price; the key that the ledger wants is made from it.
SAME = ["variant_id", "channel_id", "kind", "amount_minor", "valid_from", "valid_until", "source"]


@importer("prices", COLUMNS)
def load_prices(rows: pl.DataFrame, chunk: Chunk) -> None:
    """The ledger is append-only: what is there is unchanged, everything else is added."""
    rows = _with_ids(_sane(rows, chunk), chunk)
    rows = rows.with_columns(amount_minor=pl.col("amount"), key=_key())
    rows = chunk.reject_repeated(rows, "key")
    there = rows_of(Price, "variant", rows["variant_id"], SAME[1:]).select(
        *SAME, _there=pl.lit(True)
    )
    joined = rows.join(there.unique(SAME), on=SAME, how="left", nulls_equal=True).sort("line")
    fresh = joined.filter(pl.col("_there").is_null())
    fresh = fresh.select(*SAME, "key", currency=pl.lit(settings.SHOP_CURRENCY))
    fresh = fresh.with_columns(id=next_ids(Price, fresh.height))
    insert(Price, fresh)
    tell_prices(fresh, chunk.run)
    chunk.count(new=fresh.height, unchanged=rows.height - fresh.height)
    chunk.wrote("prices", fresh.height)


def _sane(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    foreign = pl.col("currency").is_not_null() & (pl.col("currency") != settings.SHOP_CURRENCY)
    rows = chunk.reject(rows, foreign, "currency", f"is not {settings.SHOP_CURRENCY}")
    endless = (pl.col("kind") != PriceKind.LIST) & pl.col("valid_until").is_null()
    rows = chunk.reject(rows, endless, "valid_until", "is missing: a reduced price has an end")
    backwards = (pl.col("valid_until") <= pl.col("valid_from")).fill_null(False)
    return chunk.reject(rows, backwards, "valid_until", "is not after valid_from")


def _with_ids(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    variants = ids_of(Variant, "sku", rows["sku"], named="variant_id")
    rows = rows.join(variants, on="sku", how="left", maintain_order="left")
    rows = chunk.reject(rows, pl.col("variant_id").is_null(), "sku", "is no SKU of the shop")
    channels = ids_of(Channel, "code", rows["channel"], named="channel_id")
    channels = channels.rename({"code": "channel"})
    rows = rows.join(channels, on="channel", how="left", maintain_order="left")
    unknown = pl.col("channel").is_not_null() & pl.col("channel_id").is_null()
    return chunk.reject(rows, unknown, "channel", "is no channel of the shop")


def _key() -> pl.Expr:
    """Long texts would not fit beside each other: the source goes in as its hash."""
    parts = (
        pl.lit("history"),
        "sku",
        "kind",
        pl.col("channel").fill_null(""),
        pl.col("valid_from").dt.epoch("us").cast(pl.String),
        pl.col("valid_until").dt.epoch("us").cast(pl.String).fill_null(""),
        pl.col("amount").cast(pl.String),
        pl.col("source").hash(seed=1).cast(pl.String),
    )
    return pl.concat_str(*parts, separator=":")
