"""events: what visitors did. The same id is the same event; the log is never rewritten."""

from __future__ import annotations

import polars as pl

from shop.models import Customer, Event, EventKind, Order, Variant

from .attributes import is_object
from .columns import choice, code, moment, text, whole, yes_no
from .registry import importer
from .run import Chunk
from .write import ids_of, insert, rows_of

COLUMNS = [
    code("event_id", required=True, about="Unique; the same id is the same event."),
    choice("kind", EventKind.values, required=True),
    moment("occurred_at", required=True),
    moment("received_at", about="As occurred_at where empty: history arrived when it happened."),
    text("session", max_length=64),
    text("visitor", max_length=64, about="Anonymous browser id."),
    code("customer_code", aliases=("customer_id",)),
    code("sku"),
    code("order_number"),
    whole("units", low=0),
    text("query", max_length=200, about="What was searched for."),
    text("properties", max_length=10_000, default=None, about="A JSON object."),
    yes_no("consent", default=False, about="Whether analytics was allowed; empty: no."),
]
COPIED = ["kind", "occurred_at", "session", "visitor", "units", "query", "consent"]
KEYS = (
    (Customer, "code", "customer_code", "customer_id", "is no customer of the shop"),
    (Variant, "sku", "sku", "variant_id", "is no SKU of the shop"),
    (Order, "number", "order_number", "order_id", "is no order of the shop"),
)


@importer("events", COLUMNS)
def load_events(rows: pl.DataFrame, chunk: Chunk) -> None:
    rows = chunk.reject_repeated(rows, "event_id")
    for model, key, column, named, reason in KEYS:
        ids = ids_of(model, key, rows[column], named=named).rename({key: column})
        rows = rows.join(ids, on=column, how="left", maintain_order="left")
        unknown = pl.col(column).is_not_null() & pl.col(named).is_null()
        rows = chunk.reject(rows, unknown, column, reason)
    objects = pl.col("properties").map_elements(is_object, return_dtype=pl.Boolean)
    rows = chunk.reject(rows, ~objects.fill_null(True), "properties", "is no JSON object")
    fresh = new_events(rows)
    chunk.wrote("events", insert(Event, fresh))
    chunk.count(new=fresh.height, unchanged=rows.height - fresh.height)


def new_events(rows: pl.DataFrame) -> pl.DataFrame:
    """The events that are not in the log yet, as the table wants them."""
    known = rows_of(Event, "event_id", rows["event_id"])
    fresh = rows.join(known.select("event_id"), on="event_id", how="anti", maintain_order="left")
    received = pl.coalesce("received_at", "occurred_at").alias("received_at")
    ids = [named for *_, named, _reason in KEYS]
    return fresh.select("event_id", *COPIED, *ids, received, "properties")
