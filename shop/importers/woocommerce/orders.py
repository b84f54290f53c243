"""Orders of the order export with one row per item: the order's own columns on every row."""

from __future__ import annotations

import polars as pl
from django.conf import settings

from shop.importers.columns import code, email, exact, micros, moment, money, text, whole
from shop.importers.encodings import UnusableFileError
from shop.importers.foreign_orders import Orders, Wrong, load, survey, tell, too_much
from shop.importers.platforms import as_code, with_variant_ids
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.table import LINE
from shop.models import OrderState
from shop.money import minor_digits

STATES = {
    "processing": OrderState.PAID,
    "refunded": OrderState.PAID,
    "completed": OrderState.DELIVERED,
    "cancelled": OrderState.CANCELLED,
    "failed": OrderState.CANCELLED,
    "trash": OrderState.CANCELLED,
}
COLUMNS = [
    text("order_number", max_length=64, required=True, default=None),
    moment("date", required=True, aliases=("order_date",)),
    text("status", max_length=40, default=None, aliases=("order_status",)),
    money("shipping_total"),
    money("fee_total", low=None),
    money("tax_total"),
    money("order_total", required=True),
    money("refunded_total"),
    code("order_currency"),
    text("customer_id", max_length=64, default=None),
    email("billing_email"),
    text("billing_first_name", max_length=100, default=None),
    text("billing_last_name", max_length=100, default=None),
    text("shipping_country", max_length=60, default=None),
    text("billing_country", max_length=60, default=None),
    text("coupon_items", max_length=300, default=None, aliases=("coupons",)),
    text("item_name", max_length=300, default=None),
    text("item_sku", max_length=64, default=None),
    whole("item_quantity", low=1),
    exact("item_subtotal"),
    exact("item_total"),
]


def read(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of foreign_orders. Amounts of items are without tax, which comes on top."""
    rows = rows.with_columns(_sku=as_code(pl.col("item_sku")))
    rows = with_variant_ids(rows, "_sku", "item_name")
    zero = {
        name: pl.col(name).fill_null(0) for name in ("shipping_total", "fee_total", "tax_total")
    }
    subtotal = pl.col("order_total") - sum(zero.values(), start=pl.lit(0))
    names = pl.concat_str(
        "billing_first_name", "billing_last_name", separator=" ", ignore_nulls=True
    )
    who = as_code(pl.col("customer_id"))
    state = pl.col("status").str.to_lowercase().str.strip_prefix("wc-")
    return rows.select(
        LINE,
        "variant_id",
        number=as_code(pl.col("order_number")),
        placed_at=pl.col("date"),
        state=state.replace_strict(STATES, default=OrderState.PLACED, return_dtype=pl.String),
        channel=pl.lit(None, pl.String),
        country=pl.coalesce("shipping_country", "billing_country"),
        email=pl.col("billing_email"),
        name=pl.when(names != "").then(names),
        customer_code=pl.when(who != "0").then(who),
        text=pl.col("item_name"),
        units=pl.col("item_quantity"),
        unit_price=unit_price(),
        subtotal=subtotal,
        shipping=pl.col("shipping_total"),
        taxes=pl.col("tax_total"),
        total=pl.col("order_total"),
        refunded=pl.col("refunded_total"),
        refunded_at=pl.col("date"),
        discount_text=pl.col("coupon_items").fill_null("Discount"),
        currency=pl.col("order_currency"),
    )


def unit_price() -> pl.Expr:
    """Before discounts, rounded up where it has fractions of a minor unit: what that is too much
    per order goes off again with its discount, so that the total is the file's."""
    amount = micros(pl.coalesce("item_subtotal", "item_total"))
    step = pl.col("item_quantity").cast(pl.Int128) * 10 ** (
        6 - minor_digits(settings.SHOP_CURRENCY)
    )
    return ((amount + step - 1) // step).cast(pl.Int64, strict=False)


def wrong() -> Wrong:
    goods = pl.col("units").is_not_null()
    named = pl.col("text").is_not_null() | pl.col("unit_price").is_not_null()
    ours = settings.SHOP_CURRENCY
    return [
        (~goods & named, "item_quantity", "is missing"),
        (goods & pl.col("unit_price").is_null(), "item_subtotal", "is missing, or is too much"),
        (pl.col("unit_price") < 0, "item_subtotal", "is below zero"),
        (goods & pl.col("variant_id").is_null(), "item_sku", "names no SKU of the shop"),
        (too_much(), "item_subtotal", "is too much"),
        (pl.col("currency") != ours, "order_currency", f"is not {ours}"),
    ]


def start(run: ImportRun) -> Orders:
    if not {"item_quantity", "item_sku"} & set(run.names):
        raise UnusableFileError(
            f"{run.source.name} has no columns of items: export orders with one row per item."
        )
    return survey(run, read, wrong(), total="order_total", date="date")


@importer("orders", COLUMNS, format="woocommerce", start=start, finish=tell)
def load_woocommerce_orders(rows: pl.DataFrame, chunk: Chunk) -> None:
    load(read(rows), chunk, wrong())
