"""returns: one row per line that came back, the return's own columns repeated on each."""

from __future__ import annotations

import polars as pl
from django.conf import settings

from shop.models import Customer, LineKind, Order, OrderLine, Variant

from .columns import BIGGEST_MINOR, choice, code, micros_of_minor, moment, money, text, whole
from .documents import RETURNS, Places, count_rows, write_documents
from .registry import importer
from .run import Chunk
from .write import ids_of, rows_of

COLUMNS = [
    code("return_number", required=True, about="The shop's own number, the same on all its lines."),
    moment("returned_at", required=True, about="The first line's counts."),
    code("order_number", about="Empty: not known."),
    code("customer_code", aliases=("customer_id",), about="Empty: a guest."),
    text("reason", max_length=200, about="The first line's counts."),
    code("currency", about="The shop's own; any other is rejected."),
    choice("line_kind", LineKind.values, default=LineKind.ITEM, aliases=("kind",)),
    whole("order_line", low=1, about="Its place in the order, where it is known."),
    code("sku"),
    text("text", max_length=300, about="As it stood on the return."),
    whole("units", low=1, required=True),
    money("unit_refund", low=None, required=True),
]
KEYS = (
    (Customer, "code", "customer_code", "customer_id", "is no customer of the shop"),
    (Variant, "sku", "sku", "variant_id", "is no SKU of the shop"),
    (Order, "number", "order_number", "order_id", "is no order of the shop"),
)


@importer(
    "returns",
    COLUMNS,
    start=lambda run: Places(),
    amount=pl.col("units").cast(pl.Int128) * micros_of_minor("unit_refund"),
)
def load_returns(rows: pl.DataFrame, chunk: Chunk) -> None:
    rows = _with_order_lines(_with_keys(rows, chunk), chunk)
    lines = rows.select(
        "line",
        "customer_id",
        "order_id",
        "order_line_id",
        "variant_id",
        "reason",
        "returned_at",
        "text",
        "units",
        number=pl.col("return_number"),
        kind=pl.col("line_kind"),
        currency=pl.lit(settings.SHOP_CURRENCY),
        unit_refund_minor=pl.col("unit_refund"),
    )
    count_rows(write_documents(RETURNS, lines, chunk, chunk.run.state), chunk)


def _with_keys(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    for model, key, column, named, reason in KEYS:
        ids = ids_of(model, key, rows[column], named=named).rename({key: column})
        rows = rows.join(ids, on=column, how="left", maintain_order="left")
        unknown = pl.col(column).is_not_null() & pl.col(named).is_null()
        rows = chunk.reject(rows, unknown, column, reason)
    foreign = pl.col("currency").is_not_null() & (pl.col("currency") != settings.SHOP_CURRENCY)
    rows = chunk.reject(rows, foreign, "currency", f"is not {settings.SHOP_CURRENCY}")
    amount = pl.col("units").cast(pl.Int128) * pl.col("unit_refund")
    return chunk.reject(
        rows, amount.abs() > BIGGEST_MINOR, "unit_refund", "times units is too much"
    )


def _with_order_lines(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    lines = rows_of(OrderLine, "order", rows["order_id"], ["position"])
    lines = lines.select("order_id", order_line="position", order_line_id="id")
    rows = rows.join(lines, on=["order_id", "order_line"], how="left", maintain_order="left")
    lost = pl.col("order_line").is_not_null() & pl.col("order_line_id").is_null()
    return chunk.reject(rows, lost, "order_line", "is no line of that order")
