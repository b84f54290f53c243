"""A table of sales rows → a panel, with what is not demand masked and counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .panel import Panel, all_periods, closed_periods, mask_not_demand, period_of


class SalesTableError(ValueError):
    """The table cannot be used; the message is one sentence for the person who made it."""


@dataclass(frozen=True)
class TableFacts:
    """What was found in the table, for the scorecard."""

    rows: int
    series: int
    first: str
    last: str
    periods: int
    closed_periods: int
    return_rows: int
    edge_days_dropped: int
    known_ahead: bool


def read_sales(table: pl.DataFrame, frequency: str) -> tuple[Panel, TableFacts]:
    """Columns sku, date, units and perhaps price, promotion (all text) → panel and facts.

    1. Every row must have a SKU, a date and a number; the first that has not is named.
    2. Rows with negative units are returns: counted, not demand.
    3. Periods cut off by the edge of daily data are dropped (half a week is no week).
    4. A SKU has 0 units in a period without a row; before its first row, and in periods in
       which the shop was closed (panel.closed_periods), it has none (NaN).
    Raises SalesTableError.
    """
    typed = _typed(table)
    sold = typed.filter(pl.col("units") >= 0)
    if sold.is_empty():
        raise SalesTableError("The file has no row with sold units.")
    kept, dropped = _whole_periods(sold, frequency)
    days = kept["date"].to_numpy().astype("datetime64[D]")
    starts = period_of(days, frequency)
    periods = all_periods(starts.min(), starts.max(), frequency)
    skus, row = np.unique(kept["sku"].to_numpy().astype(str), return_inverse=True)
    column = np.searchsorted(periods, starts)
    panel, closed = _panel(kept, skus.tolist(), periods, (row, column), frequency)
    return panel, TableFacts(
        rows=len(table),
        series=len(skus),
        first=str(days.min()),
        last=str(days.max()),
        periods=len(periods),
        closed_periods=int(closed.sum()),
        return_rows=len(typed) - len(sold),
        edge_days_dropped=dropped,
        known_ahead=panel.promotion_ahead,
    )


def _panel(
    kept: pl.DataFrame, skus: list[str], periods: np.ndarray, places: tuple, frequency: str
) -> tuple[Panel, np.ndarray]:
    shape = (len(skus), len(periods))
    counts = _sums(shape, places, np.ones(len(kept)))
    seen = counts > 0
    closed = closed_periods(seen)
    units = mask_not_demand(_sums(shape, places, kept["units"].to_numpy()), seen, closed)
    complete = _is_complete(seen, units)
    panel = Panel(
        skus=skus,
        periods=periods,
        units=units,
        frequency=frequency,
        price=_mean_of(kept, "price", shape, places),
        promotion=_mean_of(kept, "promotion", shape, places, unknown=0.0),
        price_ahead=complete,
        promotion_ahead=complete,
    )
    return panel, closed


def _is_complete(seen: np.ndarray, units: np.ndarray) -> bool:
    """Whether rows stand there also where nothing was sold.

    Only then is a price or promotion of a later day a plan. In a list of transactions its mere
    presence would tell the model that something was sold.
    """
    known = np.isfinite(units)
    return bool(seen[known].mean() > 0.99)


def _typed(table: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in ("sku", "date", "units") if name not in table.columns]
    if missing:
        raise SalesTableError(f"The file has no column {', '.join(missing)}.")
    if table.is_empty():
        raise SalesTableError("The file has a header but no rows.")
    text = pl.col("date").str.strip_chars().str.slice(0, 10)
    columns = [
        pl.col("sku").str.strip_chars(),
        pl.coalesce(
            text.str.to_date(form, strict=False) for form in ("%Y-%m-%d", "%Y/%m/%d")
        ).alias("date"),
        pl.col("units").str.strip_chars().cast(pl.Float64, strict=False),
    ]
    extra = [name for name in ("price", "promotion") if name in table.columns]
    columns += [_number_or_flag(name) for name in extra]
    typed = table.select(columns)
    _refuse_unreadable(table, typed)
    return typed


def _number_or_flag(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars().str.to_lowercase()
    flags = {"true": "1", "yes": "1", "false": "0", "no": "0"}
    return text.replace(flags).cast(pl.Float64, strict=False).alias(name)


def _refuse_unreadable(table: pl.DataFrame, typed: pl.DataFrame) -> None:
    for name, what in (("sku", "a SKU"), ("date", "a date like 2026-03-01"), ("units", "a number")):
        bad = (
            typed[name].is_null() if name != "units" else ~typed[name].is_finite().fill_null(False)
        )
        if name == "sku":
            bad = bad | (typed[name] == "")
        if bad.any():
            row = int(bad.arg_max() or 0)
            found = table[name][row]
            raise SalesTableError(f"Line {row + 2}: {name} {found!r} is not {what}.")


def _whole_periods(sold: pl.DataFrame, frequency: str) -> tuple[pl.DataFrame, int]:
    """Daily rows summed to weeks or months: the first and the last may be cut off."""
    if frequency == "D":
        return sold, 0
    days = np.unique(sold["date"].to_numpy().astype("datetime64[D]"))
    starts = period_of(days, frequency)
    if len(np.unique(starts)) == len(days):  # one row per period already
        return sold, 0
    following = period_of(days[-1:] + 1, frequency)[0]
    first, last = starts[0], starts[-1]
    keep = np.ones(len(days), dtype=bool)
    if days[0] != first:
        keep &= starts != first
    if following == last:  # the day after the last one belongs to the same period
        keep &= starts != last
    if not keep.any():
        raise SalesTableError("The file covers no whole week or month.")
    kept = sold.filter(pl.col("date").is_in(days[keep].tolist()))
    return kept, int((~keep).sum())


def _sums(shape: tuple[int, int], places: tuple, values: np.ndarray) -> np.ndarray:
    row, column = places
    flat = np.bincount(row * shape[1] + column, weights=values, minlength=shape[0] * shape[1])
    return flat.reshape(shape)


def _mean_of(
    kept: pl.DataFrame, name: str, shape: tuple[int, int], places: tuple, unknown: float = np.nan
) -> np.ndarray | None:
    if name not in kept.columns:
        return None
    values = kept[name].to_numpy().astype(float)
    known = np.isfinite(values)
    held = (places[0][known], places[1][known])
    count = _sums(shape, held, np.ones(int(known.sum())))
    with np.errstate(invalid="ignore"):
        mean = _sums(shape, held, values[known]) / count
    return np.where(count > 0, mean, unknown)
