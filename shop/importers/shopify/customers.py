"""Customers with what they agreed to."""

from __future__ import annotations

import polars as pl

from shop.importers.columns import email, text, yes_no
from shop.importers.customers import load_customers
from shop.importers.encodings import UnusableFileError
from shop.importers.people import known_codes, only_real_words
from shop.importers.platforms import Unmapped, as_code, hashed_code
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.table import LINE

COLUMNS = [
    text("Customer ID", max_length=64, default=None, aliases=("ID",)),
    text("First Name", max_length=100, default=None),
    text("Last Name", max_length=100, default=None),
    email("Email"),
    text("Phone", max_length=40, default=None),
    text("Default Address Phone", max_length=40, default=None, aliases=("Address Phone",)),
    text(
        "Default Address Country Code", max_length=60, default=None,
        aliases=("Country Code", "Default Address Country", "Country"),
    ),
    yes_no("Accepts Email Marketing", aliases=("Accepts Marketing",)),
    yes_no("Accepts SMS Marketing"),
]  # fmt: skip
CALLED = {"customer_code": "Customer ID", "email": "Email"}


def start(run: ImportRun) -> Unmapped:
    if not {"Customer ID", "Email"} & set(run.names):
        raise UnusableFileError(f"{run.source.name} has neither a column Customer ID nor Email.")
    return Unmapped(run)


@importer(
    "customers", COLUMNS, format="shopify", start=start, finish=lambda run: run.state.tell(run)
)
def load_shopify_customers(rows: pl.DataFrame, chunk: Chunk) -> None:
    chunk.called = CALLED
    chunk.run.state.see(chunk)
    phone = _plain(pl.coalesce("Phone", "Default Address Phone")).str.slice(0, 32)
    names = pl.concat_str("First Name", "Last Name", separator=" ", ignore_nulls=True)
    rows = rows.select(
        LINE,
        _id=as_code(_plain(pl.col("Customer ID"))),
        email=pl.col("Email"),
        phone=phone,
        name=pl.when(names != "").then(names),
        country=pl.col("Default Address Country Code"),
        consent_marketing_email=pl.col("Accepts Email Marketing"),
        consent_marketing_sms=pl.col("Accepts SMS Marketing"),
    )
    nobody = pl.all_horizontal(pl.col(name).is_null() for name in ("_id", "email", "phone"))
    rows = chunk.reject(rows, nobody, "Email", "is missing, and so are Customer ID and phone")
    made = pl.coalesce("email", "phone").map_elements(
        lambda key: hashed_code("shopify", key), return_dtype=pl.String
    )
    rows = known_codes(rows.with_columns(customer_code=pl.coalesce("_id", made)).drop("_id"))
    load_customers(only_real_words(rows), chunk)


def _plain(value: pl.Expr) -> pl.Expr:
    """Shopify puts a ' before numbers, so that spreadsheets leave them alone."""
    return value.str.strip_prefix("'")
