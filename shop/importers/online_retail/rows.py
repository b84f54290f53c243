"""What each row of the file is: a sale, a return, or neither, with the reason."""

from __future__ import annotations

import polars as pl
from django.conf import settings

from shop.importers.columns import SCALE, exact, micros, moment, text, whole
from shop.importers.run import Chunk
from shop.money import minor_digits

COLUMNS = [
    text("InvoiceNo", max_length=40, required=True, default=None, aliases=("Invoice",)),
    text("StockCode", max_length=60, required=True, default=None),
    text("Description", max_length=300, default=None),
    whole("Quantity", low=-(10**9), high=10**9, required=True),
    moment("InvoiceDate", required=True),
    exact("UnitPrice", aliases=("Price",), required=True),
    text("CustomerID", max_length=60, default=None),
    text("Country", max_length=60),
]
# A cancellation is a C before the number; INV-17 or CZ9 are numbers of their own.
CANCELLATION = r"^[cC]\d"
MOST = 10**12 * 10**SCALE  # a line of a million million: beyond it, sums leave 64 bits
FLOAT_ID = r"^(\d+)\.0+$"  # 17850.0: a number that went through a spreadsheet


def row_amount() -> pl.Expr:
    """Quantity × UnitPrice in millionths, exact."""
    return pl.col("Quantity").cast(pl.Int128) * micros(pl.col("UnitPrice"))


def read_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Our names beside the file's: number, sku, customer_code, placed_at, is_return."""
    return rows.with_columns(
        number=pl.col("InvoiceNo").str.to_uppercase().str.replace_all(r"[\s/]+", "_"),
        sku=pl.col("StockCode").str.to_uppercase().str.replace_all(r"[\s/]+", "_"),
        customer_code=pl.col("CustomerID")
        .str.replace(FLOAT_ID, "${1}")
        .str.replace_all(r"[\s/]+", "_"),
        placed_at=pl.col("InvoiceDate"),
        is_return=pl.col("InvoiceNo").str.contains(CANCELLATION),
    )


def wrong_rows() -> list[tuple[pl.Expr, str, str]]:
    """(condition, column, reason) for rows that are neither a sale nor a return."""
    units, price, back = pl.col("Quantity"), pl.col("UnitPrice"), pl.col("is_return")
    nobody = pl.col("customer_code").is_null()
    return [
        (
            row_amount().abs() > MOST,
            "UnitPrice",
            "times the quantity is more than a million million",
        ),
        (units == 0, "Quantity", "is zero"),
        (price < 0, "UnitPrice", "is below zero: an accounting entry, not a sale"),
        (back & (units > 0), "Quantity", "is above zero on a cancellation"),
        (~back & (units < 0), "Quantity", "is below zero outside a cancellation: a stock note"),
        (~back & (price == 0) & nobody, "UnitPrice", "is zero and nobody bought it: a stock note"),
    ]


def is_trade() -> pl.Expr:
    """True for sales and returns: what `wrong_rows` leaves."""
    return ~pl.any_horizontal(wrong for wrong, _column, _reason in wrong_rows()).fill_null(False)


def reject_what_is_no_trade(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    for wrong, column, reason in wrong_rows():
        rows = chunk.reject(rows, wrong.fill_null(False), column, reason)
    return rows


def with_minor(rows: pl.DataFrame) -> pl.DataFrame:
    """`unit_minor` rounded half up, and `rounding_minor`: what the line's total then lacks.

    3 × 0.335 is 1.01 but 3 × 0.34 is 1.02: the line keeps its price, another one holds −0.01.
    """
    step = 10 ** (SCALE - minor_digits(settings.SHOP_CURRENCY))
    units = pl.col("Quantity").abs()
    price = micros(pl.col("UnitPrice"))
    unit_minor = (price + step // 2) // step
    total_minor = (price * units + step // 2) // step
    return rows.with_columns(
        units=units,
        unit_minor=unit_minor.cast(pl.Int64),
        rounding_minor=(total_minor - unit_minor * units).cast(pl.Int64),
    )
