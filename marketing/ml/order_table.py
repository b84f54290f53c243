"""A CSV of orders, read and checked: customer_id,date[,amount]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from .order_days import OrderDays, order_days

NEEDED = ("customer_id", "date")
EPOCH = date(1970, 1, 1)


class OrderTableError(ValueError):
    """The file cannot be used; one sentence for the person who brought it."""


@dataclass(frozen=True)
class TableFacts:
    rows: int
    order_days: int
    customers: int
    first_date: str
    last_date: str
    has_amounts: bool


def read_orders(table: pl.DataFrame) -> tuple[OrderDays, TableFacts]:
    """table: text columns customer_id, date (ISO, a time after it is cut off) and perhaps amount.

    Raises OrderTableError naming the first row that is wrong.
    """
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise OrderTableError(f"The file has no column {', '.join(missing)}.")
    if table.height == 0:
        raise OrderTableError("The file has no rows.")
    dates = _dates(table["date"])
    names = table["customer_id"].fill_null("").str.strip_chars()
    _refuse(names == "", table["customer_id"], "customer_id is empty")
    amounts = _amounts(table)
    customer_idx = names.rank("dense").to_numpy().astype(np.int64) - 1
    days = order_days(customer_idx, dates.cast(pl.Int32).to_numpy().astype(np.int64), amounts)
    first, last = dates.min(), dates.max()
    return days, TableFacts(
        table.height,
        int(days.day.size),
        days.customers,
        str(first),
        str(last),
        bool(np.isfinite(amounts).any()),
    )


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days


def _dates(text: pl.Series) -> pl.Series:
    found = text.str.strip_chars().str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    _refuse(found.is_null(), text, "date is no date like 2026-03-31")
    return found


def _amounts(table: pl.DataFrame) -> np.ndarray:
    if "amount" not in table.columns:
        return np.full(table.height, np.nan)
    text = table["amount"]
    found = text.str.strip_chars().cast(pl.Float64, strict=False)
    _refuse(found.is_null() | ~found.is_finite(), text, "amount is no number")
    return found.to_numpy()


def _refuse(wrong: pl.Series, text: pl.Series, reason: str) -> None:
    place = wrong.fill_null(True).arg_max()
    if wrong.fill_null(True).any() and place is not None:
        raise OrderTableError(f"Line {place + 2}: {reason} (found “{text[place] or ''}”).")
