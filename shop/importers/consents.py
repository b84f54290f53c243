"""consents: every word that customers gave, one row each."""

from __future__ import annotations

import polars as pl

from shop.models import Consent, Customer, Purpose

from .columns import choice, code, moment, text, yes_no
from .registry import importer
from .run import Chunk
from .write import ids_of, insert, rows_of

COLUMNS = [
    code("customer_code", required=True, aliases=("customer_id",)),
    choice("purpose", Purpose.values, required=True),
    yes_no("granted", required=True),
    moment("recorded_at", required=True),
    text("source", max_length=80, default="import", about="Checkout, preference page …"),
]
SAME = ["customer_id", "purpose", "granted", "recorded_at", "source"]


@importer("consents", COLUMNS)
def load_consents(rows: pl.DataFrame, chunk: Chunk) -> None:
    """The log is append-only: a word that is there is unchanged, also where the file repeats it."""
    people = ids_of(Customer, "code", rows["customer_code"], named="customer_id")
    rows = rows.join(
        people, left_on="customer_code", right_on="code", how="left", maintain_order="left"
    )
    stranger = pl.col("customer_id").is_null()
    rows = chunk.reject(rows, stranger, "customer_code", "is no customer of the shop")
    there = rows_of(Consent, "customer", rows["customer_id"], SAME[1:]).select(SAME)
    # Of words alike the last stands: of "yes, no, yes" in one moment a yes must be left.
    fresh = (
        rows.unique(SAME, keep="last", maintain_order=True)
        .join(there, on=SAME, how="anti")
        .sort("line")
    )
    insert(Consent, fresh.select(SAME))
    chunk.count(new=fresh.height, unchanged=rows.height - fresh.height)
    chunk.wrote("consents", fresh.height)
