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
from .seen import Counted
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
    totals: dict[str, pl.Expr]  # the document's sums, over its new lines
    header: tuple[str, ...]
    called: str
    usual: dict[str, Any] = field(default_factory=dict)  # of columns that a format may leave out
    line_columns: tuple[str, ...] = ()  # beside position, kind, variant, text, units and price


ITEMS = pl.col("units") * pl.col("unit_price_minor")
TAX_ON_TOP = pl.when("prices_include_tax").then(0).otherwise(pl.col("tax_minor"))

ORDERS = Paper(
    Order,
    OrderLine,
    "order_id",
    "unit_price_minor",
    {"items_minor": ITEMS, "total_minor": ITEMS + TAX_ON_TOP, "tax_minor": pl.col("tax_minor")},
    (
        "customer_id",
        "channel_id",
        "state",
        "currency",
        "country",
        "placed_at",
        "prices_include_tax",
    ),
    "order",
    usual={
        "prices_include_tax": True,
        "tax_minor": 0,
        "tax_basis_points": 0,
        "discount_minor": 0,
        "cancelled_units": 0,
    },
    line_columns=("tax_minor", "tax_basis_points", "discount_minor", "cancelled_units"),
)
RETURNS = Paper(
    Return,
    ReturnLine,
    "parent_id",
    "unit_refund_minor",
    {"refund_minor": pl.col("units") * pl.col("unit_refund_minor")},
    ("customer_id", "order_id", "currency", "reason", "returned_at"),
    "return",
    usual={
        "order_id": pl.lit(None, pl.Int64),
        "order_line_id": pl.lit(None, pl.Int64),
        "reason": "",
    },
    line_columns=("order_line_id",),
)


@dataclass
class Places:
    """How many lines of each document earlier chunks held, so that places go on counting."""

    taken: Counted = field(default_factory=Counted)

    def number(self, rows: pl.DataFrame) -> pl.DataFrame:
        before = self.taken.of(rows["number"])
        return rows.with_columns(position=before + pl.int_range(1, pl.len() + 1).over("number"))

    def advance(self, last: pl.DataFrame) -> None:
        self.taken.put(last["number"], last["position"])


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
    rows = places.number(rows.with_columns(**_left_out(paper, rows)))
    last = rows.group_by("number").agg(pl.col("position").max())
    chunk.after.append(partial(places.advance, last))
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
    columns += paper.line_columns
    total = pl.col("units") * pl.col(paper.price)
    chunk.wrote(
        f"{paper.called} lines", insert(paper.lines, fresh.select(*columns, total_minor=total))
    )
    return rows


def _left_out(paper: Paper, rows: pl.DataFrame) -> dict[str, Any]:
    usual = ((name, value) for name, value in paper.usual.items() if name not in rows.columns)
    return {name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in usual}


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
    sums = {name: total.filter("is_new").sum() for name, total in paper.totals.items()}
    heads = rows.group_by("number", maintain_order=True).agg(
        pl.col("id").first(), *(pl.col(name).first() for name in paper.header), **sums
    )
    fresh = heads.filter(pl.col("id").is_null())
    fresh = fresh.with_columns(id=next_ids(paper.model, fresh.height), is_history=pl.lit(True))
    chunk.wrote(f"{paper.called}s", insert(paper.model, fresh))
    _add_amounts(paper, heads.filter(pl.col("id").is_not_null()))
    ids = fresh.select("number", _id="id")
    return (
        rows.join(ids, on="number", how="left", maintain_order="left")
        .with_columns(pl.coalesce("id", "_id").alias(paper.parent))
        .drop("id", "_id")
    )


def _add_amounts(paper: Paper, heads: pl.DataFrame) -> None:
    """A document that went on in this chunk."""
    heads = heads.filter(pl.any_horizontal(pl.col(name) != 0 for name in paper.totals))
    if heads.is_empty():
        return
    there = rows_of(paper.model, "id", heads["id"], list(paper.totals))
    sums = there.join(heads.select("id", *paper.totals), on="id", suffix="_new")
    update(paper.model, sums.select("id", *(pl.col(t) + pl.col(f"{t}_new") for t in paper.totals)))


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
    SELECT r.id, r.parent_id, r.units, MIN(l.id), MIN(l.order_id),
        MIN(l.units - l.cancelled_units)
    FROM shop_returnline r
    JOIN shop_return p ON p.id = r.parent_id AND p.is_history
    JOIN shop_order o ON o.customer_id = p.customer_id AND o.placed_at <= p.returned_at
    JOIN shop_orderline l ON l.order_id = o.id AND l.variant_id = r.variant_id
         AND l.unit_price_minor = r.unit_refund_minor AND l.units - l.cancelled_units >= r.units
    WHERE r.order_line_id IS NULL AND r.kind = 'item'
    GROUP BY r.id, r.parent_id, r.units
    HAVING COUNT(*) = 1
"""


def count_rows(rows: pl.DataFrame, chunk: Chunk) -> None:
    """Rows of the file, not of the table: one row may have become two lines."""
    new = rows.filter("is_new")[LINE].n_unique()
    chunk.count(new=new, unchanged=rows[LINE].n_unique() - new)
