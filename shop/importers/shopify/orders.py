"""Orders, one row per line; what the order as a whole costs stands on its first row."""

from __future__ import annotations

import polars as pl
from django.conf import settings

from shop.importers.columns import code, email, moment, money, text, whole
from shop.importers.encodings import UnusableFileError
from shop.importers.foreign_orders import Orders, Wrong, load, survey, tell, too_much
from shop.importers.platforms import as_code, with_variant_ids
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.table import LINE
from shop.models import OrderState

COLUMNS = [
    text("Name", max_length=64, required=True, default=None),
    email("Email"),
    text("Financial Status", max_length=40, default=None),
    moment("Paid at"),
    text("Fulfillment Status", max_length=40, default=None),
    moment("Fulfilled at"),
    code("Currency"),
    money("Subtotal", low=None),
    money("Shipping"),
    money("Taxes"),
    money("Total"),
    text("Discount Code", max_length=300, default=None),
    money("Discount Amount"),
    moment("Created at"),
    whole("Lineitem quantity", low=1),
    text("Lineitem name", max_length=300, default=None),
    money("Lineitem price"),
    text("Lineitem sku", max_length=64, default=None),
    text("Billing Name", max_length=200, default=None),
    text("Shipping Country", max_length=60, default=None),
    text("Billing Country", max_length=60, default=None),
    moment("Cancelled at"),
    money("Refunded Amount"),
    text("Source", max_length=100, default=None),
]
# Said on an order's first row and left empty on the others.
STATE = (
    pl.when(
        pl.col("Cancelled at").is_not_null()
        | (pl.col("Financial Status").str.to_lowercase() == "voided")
        | (pl.col("Fulfillment Status").str.to_lowercase() == "restocked")
    )
    .then(pl.lit(OrderState.CANCELLED.value))
    .when(pl.col("Fulfillment Status").str.to_lowercase() == "fulfilled")
    .then(pl.lit(OrderState.DELIVERED.value))
    .when(pl.col("Fulfillment Status").str.to_lowercase() == "partial")
    .then(pl.lit(OrderState.PART_SHIPPED.value))
    .when(
        pl.col("Financial Status")
        .str.to_lowercase()
        .is_in(["paid", "partially_paid", "partially_refunded", "refunded"])
    )
    .then(pl.lit(OrderState.PAID.value))
    .otherwise(pl.lit(OrderState.PLACED.value))
)


def read(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of foreign_orders; goods without a SKU are found by their name."""
    rows = rows.with_columns(_sku=as_code(pl.col("Lineitem sku")))
    rows = with_variant_ids(rows, "_sku", "Lineitem name")
    return rows.select(
        LINE,
        "variant_id",
        number=as_code(pl.col("Name")),
        placed_at=pl.col("Created at"),
        state=STATE,
        channel=as_code(pl.col("Source")).str.slice(0, 32),
        country=pl.coalesce("Shipping Country", "Billing Country"),
        email=pl.col("Email"),
        name=pl.col("Billing Name"),
        customer_code=pl.lit(None, pl.String),
        text=pl.col("Lineitem name"),
        units=pl.col("Lineitem quantity"),
        unit_price=pl.col("Lineitem price"),
        subtotal=pl.col("Subtotal"),
        shipping=pl.col("Shipping"),
        taxes=pl.col("Taxes"),
        total=pl.col("Total"),
        refunded=pl.col("Refunded Amount"),
        refunded_at=pl.coalesce("Cancelled at", "Fulfilled at", "Paid at", "Created at"),
        discount_text=pl.col("Discount Code"),
        currency=pl.col("Currency"),
    )


def wrong() -> Wrong:
    goods = pl.col("units").is_not_null()
    named = pl.col("text").is_not_null() | pl.col("unit_price").is_not_null()
    ours = settings.SHOP_CURRENCY
    return [
        (~goods & named, "Lineitem quantity", "is missing"),
        (goods & pl.col("unit_price").is_null(), "Lineitem price", "is missing"),
        (goods & pl.col("variant_id").is_null(), "Lineitem sku", "names no SKU of the shop"),
        (too_much(), "Lineitem price", "times the quantity is too much"),
        (pl.col("currency") != ours, "Currency", f"is not {ours}"),
    ]


def start(run: ImportRun) -> Orders:
    needed = ("Created at", "Total", "Lineitem quantity", "Lineitem price")
    missing = [name for name in needed if name not in run.names]
    if missing:
        raise UnusableFileError(f"{run.source.name} lacks the column {', '.join(missing)}.")
    return survey(run, read, wrong(), total="Total", date="Created at")


@importer("orders", COLUMNS, format="shopify", start=start, finish=tell)
def load_shopify_orders(rows: pl.DataFrame, chunk: Chunk) -> None:
    load(read(rows), chunk, wrong())
