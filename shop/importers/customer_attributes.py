"""customer_attributes: what customers said of themselves, one row each; never what was inferred."""

from __future__ import annotations

import polars as pl

from shop.models import AttributeKind, Customer, CustomerAttribute, Purpose
from shop.models.customers import ATTRIBUTE

from .columns import checked, choice, code, moment, text
from .registry import importer
from .run import Chunk
from .write import ids_of, insert, rows_of

NUMBER = r"^-?\d{1,12}(\.\d{1,9})?$"
COLUMNS = [
    code("customer_code", required=True, aliases=("customer_id",)),
    checked(
        "name",
        lambda value: value.str.contains(ATTRIBUTE),
        "is no name: a small letter, then up to 39 small letters, digits, - and _",
        required=True,
        about="Like shoe-size.",
    ),
    choice("kind", AttributeKind.values, about="text where empty."),
    text("value", max_length=200, about="yes or no, a number, or words; empty: taken back."),
    choice("purpose", Purpose.values, required=True, about="Used only while she agrees to this."),
    moment("recorded_at", required=True),
    text("source", max_length=80, default="import", about="Quiz, preference page …"),
]  # fmt: skip
SAME = ["customer_id", "name", "kind", "value", "purpose", "recorded_at", "source"]


@importer("customer_attributes", COLUMNS)
def load_customer_attributes(rows: pl.DataFrame, chunk: Chunk) -> None:
    """Append-only, as consents: a word that is there is unchanged."""
    people = ids_of(Customer, "code", rows["customer_code"], named="customer_id")
    rows = rows.with_columns(pl.col("kind").fill_null(str(AttributeKind.TEXT))).join(
        people, left_on="customer_code", right_on="code", how="left", maintain_order="left"
    )
    stranger = pl.col("customer_id").is_null()
    rows = chunk.reject(rows, stranger, "customer_code", "is no customer of the shop")
    said, kind = pl.col("value") != "", pl.col("kind")
    is_number = kind == str(AttributeKind.NUMBER)
    no_number = said & is_number & ~pl.col("value").str.contains(NUMBER)
    rows = chunk.reject(rows, no_number, "value", "is no number")
    odd = said & (kind == str(AttributeKind.YES_NO)) & ~pl.col("value").is_in(["yes", "no"])
    rows = chunk.reject(rows, odd, "value", "is neither yes nor no")
    there = rows_of(CustomerAttribute, "customer", rows["customer_id"], SAME[1:]).select(SAME)
    fresh = (
        rows.unique(SAME, keep="last", maintain_order=True)
        .join(there, on=SAME, how="anti")
        .sort("line")
        .with_columns(
            number=pl.when(is_number & said).then(pl.col("value").cast(pl.Float64, strict=False))
        )
    )
    insert(CustomerAttribute, fresh.select(*SAME, "number"))
    chunk.count(new=fresh.height, unchanged=rows.height - fresh.height)
    chunk.wrote("customer attributes", fresh.height)
