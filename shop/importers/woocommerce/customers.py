"""Customers of the customer export."""

from __future__ import annotations

import polars as pl

from shop.importers.columns import email, moment, text
from shop.importers.customers import load_customers
from shop.importers.encodings import UnusableFileError
from shop.importers.people import known_codes, only_real_words
from shop.importers.platforms import Unmapped, as_code, hashed_code
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.table import LINE

COLUMNS = [
    text("customer_id", max_length=64, default=None, aliases=("ID", "user_id")),
    text("first_name", max_length=100, default=None),
    text("last_name", max_length=100, default=None),
    email("email", aliases=("user_email", "billing_email")),
    moment("date_registered", aliases=("user_registered",)),
    text("billing_phone", max_length=32, default=None),
    text("billing_country", max_length=60, default=None),
]
CALLED = {"customer_code": "customer_id"}


def start(run: ImportRun) -> Unmapped:
    if not {"customer_id", "email"} & set(run.names):
        raise UnusableFileError(f"{run.source.name} has neither a column customer_id nor email.")
    return Unmapped(run)


@importer(
    "customers", COLUMNS, format="woocommerce", start=start, finish=lambda run: run.state.tell(run)
)
def load_woocommerce_customers(rows: pl.DataFrame, chunk: Chunk) -> None:
    chunk.called = CALLED
    chunk.run.state.see(chunk)
    names = pl.concat_str("first_name", "last_name", separator=" ", ignore_nulls=True)
    code = as_code(pl.col("customer_id"))
    made = pl.col("email").map_elements(
        lambda key: hashed_code("woocommerce", key), return_dtype=pl.String
    )
    rows = rows.select(
        LINE,
        "email",
        customer_code=pl.coalesce(pl.when(code != "0").then(code), made),
        phone=pl.col("billing_phone"),
        name=pl.when(names != "").then(names),
        country=pl.col("billing_country"),
        created_at=pl.col("date_registered"),
    )
    nobody = pl.col("customer_code").is_null()
    rows = chunk.reject(rows, nobody, "email", "is missing, and so is customer_id")
    load_customers(only_real_words(known_codes(rows)), chunk)
