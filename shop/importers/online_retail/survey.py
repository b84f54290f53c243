"""The first reading of the whole file: what each code is, what it is called, what it cost when."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from shop.importers.documents import Places
from shop.importers.run import ImportRun
from shop.models import LineKind

from .rows import is_trade, read_rows, with_minor
from .service_codes import service_kind

NO_NAMES = pl.DataFrame(schema={"sku": pl.String, "Description": pl.String, "lines": pl.Int64})
NO_PRICES = pl.DataFrame(
    schema={"sku": pl.String, "day": pl.Date, "unit_minor": pl.Int64, "lines": pl.Int64}
)
KEEP_CHUNKS = 40  # partial counts are folded together this often: memory follows codes, not rows


@dataclass
class Survey:
    """codes: sku, name, kind. prices: sku, day, list_price; the changes only, oldest first."""

    codes: pl.DataFrame
    prices: pl.DataFrame
    orders: Places = field(default_factory=Places)
    returns: Places = field(default_factory=Places)


def survey(run: ImportRun) -> Survey:
    names: list[pl.DataFrame] = []
    prices: list[pl.DataFrame] = []
    for rows in run.frames():
        rows = with_minor(read_rows(rows).filter(is_trade()))
        names.append(_count(rows, "sku", "Description"))
        sales = rows.filter(~pl.col("is_return") & (pl.col("unit_minor") > 0))
        day = pl.col("placed_at").dt.convert_time_zone(run.reading.time_zone).dt.date()
        prices.append(_count(sales.with_columns(day=day), "sku", "day", "unit_minor"))
        names, prices = _fold(names), _fold(prices)
    if not names:  # a header and nothing below it
        names, prices = [NO_NAMES], [NO_PRICES]
    codes = _codes(_sum(names))
    goods = codes.filter(pl.col("kind") == LineKind.ITEM).select("sku")
    return Survey(codes, price_changes(_sum(prices).join(goods, on="sku", how="semi")))


def price_changes(counts: pl.DataFrame) -> pl.DataFrame:
    """List prices from what was paid.

    counts:  sku, day, unit_minor, lines: how many lines of that day had that price.
    returns: sku, day, list_price: one row when it is first known and one per change.

    The price of a day is the one that most of its lines had, the higher one on a tie (reductions
    for quantity are below the list). It becomes the list price when the next day on which the SKU
    sold says the same: a single odd day is no change of price.
    """
    daily = (
        counts.sort("sku", "day", "lines", "unit_minor", descending=[False, False, True, True])
        .unique(["sku", "day"], keep="first", maintain_order=True)
        .select("sku", "day", "unit_minor")
    )
    following = pl.col("unit_minor").shift(-1).over("sku")
    first = pl.int_range(pl.len()).over("sku") == 0
    held = daily.filter(first | (pl.col("unit_minor") == following))
    changed = pl.col("unit_minor").ne_missing(pl.col("unit_minor").shift(1).over("sku"))
    return held.filter(changed).select("sku", "day", list_price=pl.col("unit_minor"))


def _codes(counts: pl.DataFrame) -> pl.DataFrame:
    """The most frequent description of a code is its name; on a tie the first in the alphabet."""
    best = (
        counts.sort(
            "sku", pl.col("Description").is_null(), pl.col("lines"), "Description",
            descending=[False, False, True, False],
        )
        .unique("sku", keep="first", maintain_order=True)
        .select("sku", name=pl.coalesce("Description", "sku"))
    )  # fmt: skip
    kinds = [service_kind(sku, name) or LineKind.ITEM.value for sku, name in best.iter_rows()]
    return best.with_columns(kind=pl.Series(kinds, dtype=pl.String))


def _count(rows: pl.DataFrame, *keys: str) -> pl.DataFrame:
    return rows.group_by(keys).agg(lines=pl.len().cast(pl.Int64))


def _sum(parts: list[pl.DataFrame]) -> pl.DataFrame:
    whole = pl.concat(parts)
    return whole.group_by(whole.columns[:-1]).agg(pl.col("lines").sum())


def _fold(parts: list[pl.DataFrame]) -> list[pl.DataFrame]:
    return parts if len(parts) < KEEP_CHUNKS else [_sum(parts)]
