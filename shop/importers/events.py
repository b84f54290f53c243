"""events: what visitors did. The same id is the same event; the log is never rewritten."""

from __future__ import annotations

import polars as pl

from shop.models import Customer, EventKind, Order, Variant

from .attributes import is_object
from .columns import choice, code, moment, text, whole, yes_no
from .event_frames import append_frame, reject_forgotten
from .registry import importer
from .run import Chunk
from .write import ids_of

COLUMNS = [
    code("event_id", required=True, about="Unique; the same id is the same event."),
    choice("kind", EventKind.values, required=True),
    moment("occurred_at", required=True),
    moment("received_at", about="As occurred_at where empty: history arrived when it happened."),
    whole("clock_ahead_seconds", low=-(2**31), about="How far the visitor's clock was ahead."),
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
COPIED = [
    "kind",
    "occurred_at",
    "clock_ahead_seconds",
    "session",
    "visitor",
    "units",
    "query",
    "consent",
]
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
    rows = reject_forgotten(rows, chunk)
    fresh = append_frame(as_in_the_log(rows), chunk)
    chunk.wrote("events", fresh)
    chunk.count(new=fresh, unchanged=rows.height - fresh)


def as_in_the_log(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of the log, by the database's names."""
    received = pl.coalesce("received_at", "occurred_at").alias("received_at")
    ids = [named for *_, named, _reason in KEYS]
    return rows.select("event_id", *COPIED, *ids, received, "properties")
