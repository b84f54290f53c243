"""Orders and returns with their lines: one writer for every file format.

A line is known by its document and its place in it. What lies there is never rewritten: the same
line is `unchanged`, another one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl
from django.db import connection

from shop.models import Order, OrderLine, Return, ReturnLine

from .run import Chunk
from .table import LINE
from .write import insert, next_ids, rows_of, update

# How a line is compared with what lies at its place already.
SAME = ("kind", "variant_id", "units")


@dataclass(frozen=True)
class Paper:
    """Where one kind of document lives. Columns have the database's names."""

    model: Any
    lines: Any
    parent: str  # the line's column that points at the document
    price: str
    totals: tuple[str, ...]
    header: tuple[str, ...]
    called: str


ORDERS = Paper(
    Order,
    OrderLine,
    "order_id",
    "unit_price_minor",
    ("items_minor", "total_minor"),
    ("customer_id", "channel_id", "state", "currency", "country", "placed_at"),
    "order",
)
RETURNS = Paper(
    Return,
    ReturnLine,
    "parent_id",
    "unit_refund_minor",
    ("refund_minor",),
    ("customer_id", "currency", "returned_at"),
    "return",
)


@dataclass
class Places:
    """How many lines of each document earlier chunks held, so that places go on counting."""

    taken: dict[str, int] = field(default_factory=dict)

    def number(self, rows: pl.DataFrame) -> pl.DataFrame:
        before = rows["number"].replace_strict(self.taken, default=0, return_dtype=pl.Int64)
        return rows.with_columns(position=before + pl.int_range(1, pl.len() + 1).over("number"))

    def advance(self, rows: pl.DataFrame) -> None:
        self.taken.update(rows.group_by("number").agg(pl.col("position").max()).iter_rows())


def write_documents(paper: Paper, rows: pl.DataFrame, chunk: Chunk, places: Places) -> pl.DataFrame:
    """Add the documents and lines that are not there yet.

    rows:    line, number, kind, variant_id, text, units, `paper.price` and `paper.header`; rows of
             one document in the order of its places.
    returns: the accepted rows with `position`, the document's id under `paper.parent`, and `is_new`.
    """
    if rows.is_empty():
        return rows.with_columns(
            position=pl.lit(0, pl.Int64),
            is_new=pl.lit(False),
            **{paper.parent: pl.lit(0, pl.Int64)},
        )
    rows = places.number(rows)
    chunk.after.append(partial(places.advance, rows))
    there = rows_of(paper.model, "number", rows["number"], ["is_history"])
    rows = rows.join(there, on="number", how="left", maintain_order="left")
    live = ~pl.col("is_history").fill_null(True)
    rows = chunk.reject(
        rows, live, chunk.run.key, f"is a {paper.called} that this shop took itself"
    )
    rows = _reject_other_lines(paper, rows.drop("is_history"), chunk)
    rows = _add_headers(paper, rows, chunk)
    fresh = rows.filter("is_new")
    columns = ["position", "kind", "variant_id", "text", "units", paper.price, paper.parent]
    total = pl.col("units") * pl.col(paper.price)
    chunk.wrote(
        f"{paper.called} lines", insert(paper.lines, fresh.select(*columns, total_minor=total))
    )
    return rows


def _reject_other_lines(paper: Paper, rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Adds `is_new`; refuses rows whose place in the document holds something else."""
    known = rows["id"].drop_nulls().unique()
    columns = [*SAME, paper.price]
    there = rows_of(paper.lines, paper.parent, known, ["position", *columns])
    there = there.drop("id").with_columns(_there=pl.lit(True))
    rows = rows.join(
        there, left_on=["id", "position"], right_on=[paper.parent, "position"],
        how="left", suffix="_there", maintain_order="left",
    )  # fmt: skip
    other = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_there")) for c in columns)
    occupied = pl.col("_there").is_not_null()
    rows = chunk.reject(
        rows,
        occupied & other,
        chunk.run.key,
        f"has another line at this place of the {paper.called}",
    )
    return rows.with_columns(is_new=~occupied).drop("_there", *(f"{c}_there" for c in columns))


def _add_headers(paper: Paper, rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Insert new documents, add the new lines' money to old ones; `paper.parent` is the id."""
    amount = (pl.col("units") * pl.col(paper.price)).filter("is_new").sum()
    heads = rows.group_by("number", maintain_order=True).agg(
        pl.col("id").first(), *(pl.col(name).first() for name in paper.header), amount=amount
    )
    fresh = heads.filter(pl.col("id").is_null())
    fresh = fresh.with_columns(
        id=next_ids(paper.model, fresh.height),
        is_history=pl.lit(True),
        **{name: pl.col("amount") for name in paper.totals},
    )
    chunk.wrote(f"{paper.called}s", insert(paper.model, fresh.drop("amount")))
    _add_amounts(paper, heads.filter(pl.col("id").is_not_null() & (pl.col("amount") != 0)))
    ids = fresh.select("number", _id="id")
    return (
        rows.join(ids, on="number", how="left", maintain_order="left")
        .with_columns(pl.coalesce("id", "_id").alias(paper.parent))
        .drop("id", "_id")
    )


def _add_amounts(paper: Paper, heads: pl.DataFrame) -> None:
    """A document that went on in this chunk."""
    if heads.is_empty():
        return
    there = rows_of(paper.model, "id", heads["id"], paper.totals)
    sums = there.join(heads.select("id", "amount"), on="id")
    update(paper.model, sums.select("id", *(pl.col(t) + pl.col("amount") for t in paper.totals)))


def match_returns() -> int:
    """Point imported return lines at the one order line they can come from.

    The same customer, SKU and unit price, ordered before the return, in at least as many units.
    Two candidates, or more units back than were ordered, and the line stays unmatched: no guess.
    """
    with connection.cursor() as cursor:
        cursor.execute(ONE_CANDIDATE)
        found = cursor.fetchall()
    columns = ["id", "parent_id", "units", "order_line_id", "order_id", "ordered"]
    rows = pl.DataFrame(found, schema=dict.fromkeys(columns, pl.Int64), orient="row")
    before = rows_of(ReturnLine, "order_line", rows["order_line_id"], ["units"])
    before = before.group_by("order_line_id").agg(pl.col("units").sum().alias("already"))
    rows = rows.join(before, on="order_line_id", how="left").filter(
        pl.col("units").sum().over("order_line_id") + pl.col("already").fill_null(0)
        <= pl.col("ordered")
    )
    update(ReturnLine, rows.select("id", "order_line_id"))
    one = rows.group_by("parent_id").agg(pl.col("order_id").unique())
    one = one.filter(pl.col("order_id").list.len() == 1).explode("order_id")
    update(Return, one.select(pl.col("parent_id").alias("id"), "order_id"))
    return rows.height


ONE_CANDIDATE = """
    SELECT r.id, r.parent_id, r.units, MIN(l.id), MIN(l.order_id), MIN(l.units)
    FROM shop_returnline r
    JOIN shop_return p ON p.id = r.parent_id AND p.is_history
    JOIN shop_order o ON o.customer_id = p.customer_id AND o.placed_at <= p.returned_at
    JOIN shop_orderline l ON l.order_id = o.id AND l.variant_id = r.variant_id
         AND l.unit_price_minor = r.unit_refund_minor AND l.units >= r.units
    WHERE r.order_line_id IS NULL AND r.kind = 'item'
    GROUP BY r.id, r.parent_id, r.units
    HAVING COUNT(*) = 1
"""


def count_rows(rows: pl.DataFrame, chunk: Chunk) -> None:
    """Rows of the file, not of the table: one row may have become two lines."""
    new = rows.filter("is_new")[LINE].n_unique()
    chunk.count(new=new, unchanged=rows[LINE].n_unique() - new)
