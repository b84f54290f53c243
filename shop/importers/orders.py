"""orders: one row per line, the order's own columns repeated on each."""

from __future__ import annotations

import polars as pl
from django.conf import settings

from shop.models import Channel, Customer, LineKind, OrderState, Variant

from .columns import (
    BIGGEST_MINOR,
    choice,
    code,
    micros_of_minor,
    moment,
    money,
    text,
    whole,
    yes_no,
)
from .documents import ORDERS, Places, count_rows, write_documents
from .registry import importer
from .run import Chunk
from .write import ids_of, rows_of, upsert

COLUMNS = [
    code("order_number", required=True, about="The shop's own number, the same on all its lines."),
    moment("placed_at", required=True, about="The first line's counts."),
    code("customer_code", aliases=("customer_id",), about="Empty: a guest."),
    choice(
        "state", OrderState.values, default=OrderState.DELIVERED, about="The first line's counts."
    ),
    code("channel", max_length=32, about="Created where unknown."),
    text("country", max_length=60),
    code("currency", about="The shop's own; any other is rejected."),
    yes_no("tax_included", default=True, about="Whether the prices hold the tax; yes where empty."),
    choice("line_kind", LineKind.values, default=LineKind.ITEM, aliases=("kind",)),
    code("sku", about="Required on lines of kind item."),
    text("text", max_length=300, about="As it stood on the order."),
    whole("units", low=1, required=True, about="As ordered."),
    whole("cancelled_units", low=0, default=0, about="Of them, given up before they left."),
    money("unit_price", low=None, required=True, about="Below zero on lines of kind discount."),
    money("line_discount", default=0, about="The line's share of the order's discounts."),
    whole("tax_basis_points", low=0, high=10_000, default=0, about="2000 is 20 %."),
    money("line_tax", low=None, default=0, about="Within the price, or on top of it."),
]


@importer(
    "orders",
    COLUMNS,
    start=lambda run: Places(),
    amount=pl.col("units").cast(pl.Int128) * micros_of_minor("unit_price"),
)
def load_orders(rows: pl.DataFrame, chunk: Chunk) -> None:
    rows = _with_keys(rows, chunk)
    lines = rows.select(
        "line",
        "customer_id",
        "channel_id",
        "variant_id",
        "state",
        "country",
        "placed_at",
        "text",
        "units",
        "cancelled_units",
        number=pl.col("order_number"),
        kind=pl.col("line_kind"),
        currency=pl.lit(settings.SHOP_CURRENCY),
        unit_price_minor=pl.col("unit_price"),
        prices_include_tax=pl.col("tax_included"),
        tax_basis_points=pl.col("tax_basis_points"),
        tax_minor=pl.col("line_tax"),
        discount_minor=pl.col("line_discount"),
    )
    count_rows(write_documents(ORDERS, lines, chunk, chunk.run.state), chunk)


def _with_keys(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Customer, SKU and channel as database ids; what is unknown is rejected."""
    people = ids_of(Customer, "code", rows["customer_code"], named="customer_id")
    variants = ids_of(Variant, "sku", rows["sku"], named="variant_id")
    rows = rows.join(
        people, left_on="customer_code", right_on="code", how="left", maintain_order="left"
    ).join(variants, on="sku", how="left", maintain_order="left")
    stranger = pl.col("customer_code").is_not_null() & pl.col("customer_id").is_null()
    rows = chunk.reject(rows, stranger, "customer_code", "is no customer of the shop")
    unknown = pl.col("sku").is_not_null() & pl.col("variant_id").is_null()
    rows = chunk.reject(rows, unknown, "sku", "is no SKU of the shop")
    nothing = (pl.col("line_kind") == LineKind.ITEM) & pl.col("sku").is_null()
    rows = chunk.reject(rows, nothing, "sku", "is missing on a line of kind item")
    foreign = pl.col("currency").is_not_null() & (pl.col("currency") != settings.SHOP_CURRENCY)
    rows = chunk.reject(rows, foreign, "currency", f"is not {settings.SHOP_CURRENCY}")
    amount = pl.col("units").cast(pl.Int128) * pl.col("unit_price")
    rows = chunk.reject(rows, amount.abs() > BIGGEST_MINOR, "unit_price", "times units is too much")
    too_many = pl.col("cancelled_units") > pl.col("units")
    rows = chunk.reject(rows, too_many, "cancelled_units", "is more than units")
    below = (pl.col("unit_price") < 0) & (pl.col("line_kind") != LineKind.DISCOUNT)
    rows = chunk.reject(rows, below, "unit_price", "is below zero on a line that is no discount")
    return rows.join(channel_ids(rows), on="channel", how="left", maintain_order="left")


def channel_ids(rows: pl.DataFrame) -> pl.DataFrame:
    """`channel` and `channel_id`; a channel that is unknown is created."""
    codes = rows["channel"].drop_nulls().unique().sort()
    known = rows_of(Channel, "code", codes)
    new = codes.filter(~codes.is_in(known["code"].implode()))
    upsert(Channel, pl.DataFrame({"code": new, "name": new}), "code")
    return ids_of(Channel, "code", codes, named="channel_id").rename({"code": "channel"})
