"""visitor_links: from when on a browser was which customer's."""

from __future__ import annotations

import polars as pl

from shop.models import Customer, VisitorLink

from .columns import code, moment, text
from .registry import importer
from .run import Chunk
from .write import ids_of, insert, rows_of

COLUMNS = [
    text("visitor", max_length=64, required=True, about="Anonymous browser id, as in events."),
    code("customer_code", required=True, aliases=("customer_id",)),
    moment("linked_at", required=True),
]
SAME = ["visitor", "linked_at", "customer_id"]


@importer("visitor_links", COLUMNS)
def load_visitor_links(rows: pl.DataFrame, chunk: Chunk) -> None:
    """Links are added, never changed: one that is there is unchanged, also within the file."""
    people = ids_of(Customer, "code", rows["customer_code"], named="customer_id")
    rows = rows.join(
        people, left_on="customer_code", right_on="code", how="left", maintain_order="left"
    )
    stranger = pl.col("customer_id").is_null()
    rows = chunk.reject(rows, stranger, "customer_code", "is no customer of the shop")
    there = rows_of(VisitorLink, "visitor", rows["visitor"], SAME[1:]).select(SAME)
    fresh = rows.unique(SAME, keep="first", maintain_order=True).join(
        there, on=SAME, how="anti", maintain_order="left"
    )
    insert(VisitorLink, fresh.select(SAME))
    chunk.count(new=fresh.height, unchanged=rows.height - fresh.height)
    chunk.wrote("visitor links", fresh.height)
