"""reviews: what customers say about products."""

from __future__ import annotations

import polars as pl

from shop.models import Customer, Order, OrderLine, Review, ReviewState, Variant

from .columns import choice, code, moment, text, whole, yes_no
from .registry import importer
from .run import Chunk
from .tell import tell_ratings
from .write import ids_of, rows_of, upsert

COLUMNS = [
    code("review_id", max_length=120, required=True, about="The shop's own number."),
    code("sku", required=True, about="A variant of the reviewed product."),
    code("customer_code", aliases=("customer_id",), about="Empty: anonymous."),
    whole("rating", low=1, high=5, required=True, about="1 to 5."),
    text("title", max_length=200, default=None),
    text("body", max_length=20_000, default=None),
    choice("language", ["en", "zh"]),
    moment("written_at", required=True),
    code("order_number", about="Of the purchase, where it is verified; with `order_line`."),
    whole("order_line", low=0, about="Its place in the order."),
    choice("state", ReviewState.values, about="published where a new one's is empty."),
    yes_no("is_incentivised", about="Whether something was given for it; no for a new one."),
]
FIELDS = [
    "product_id", "customer_id", "order_line_id", "rating", "title", "body", "language", "written_at", "state",
    "is_incentivised",
]  # fmt: skip


@importer("reviews", COLUMNS)
def load_reviews(rows: pl.DataFrame, chunk: Chunk) -> None:
    rows = chunk.reject_repeated(rows, "review_id")
    products = rows_of(Variant, "sku", rows["sku"], ["product"]).select("sku", "product_id")
    people = ids_of(Customer, "code", rows["customer_code"], named="customer_id")
    rows = rows.join(products, on="sku", how="left", maintain_order="left").join(
        people, left_on="customer_code", right_on="code", how="left", maintain_order="left"
    )
    rows = chunk.reject(rows, pl.col("product_id").is_null(), "sku", "is no SKU of the shop")
    stranger = pl.col("customer_code").is_not_null() & pl.col("customer_id").is_null()
    rows = chunk.reject(rows, stranger, "customer_code", "is no customer of the shop")
    rows = _with_purchases(rows, chunk)
    before = rows_of(Review, "key", rows["review_id"], ["product"])
    done = upsert(Review, rows.select(pl.col("review_id").alias("key"), *FIELDS), "key")
    chunk.count(new=done.new, changed=done.changed, unchanged=done.unchanged)
    chunk.wrote("reviews", done.new + done.changed)
    standing = pl.concat([before.select("id", "product_id"), done.rows.select("id", "product_id")])
    tell_ratings(standing.filter(pl.col("id").is_in(done.written))["product_id"], chunk.run)


def _with_purchases(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """The order line that a review is of; a line has one review."""
    orders = ids_of(Order, "number", rows["order_number"], named="order_id")
    rows = rows.join(
        orders, left_on="order_number", right_on="number", how="left", maintain_order="left"
    )
    lines = rows_of(OrderLine, "order", rows["order_id"], ["position"])
    lines = lines.select("order_id", order_line="position", order_line_id="id")
    rows = rows.join(lines, on=["order_id", "order_line"], how="left", maintain_order="left")
    said = pl.any_horizontal(pl.col("order_number", "order_line").is_not_null())
    unknown = said & pl.col("order_line_id").is_null()
    rows = chunk.reject(rows, unknown, "order_line", "is no line of an order of the shop")
    known = rows_of(Review, "order_line", rows["order_line_id"], ["key"])
    known = known.select("order_line_id", _reviewed_as="key")
    rows = rows.join(known, on="order_line_id", how="left", maintain_order="left")
    taken = pl.col("_reviewed_as").is_not_null() & (pl.col("_reviewed_as") != pl.col("review_id"))
    twice = pl.col("order_line_id").is_not_null() & ~pl.col("order_line_id").is_first_distinct()
    return chunk.reject(rows, taken | twice, "order_line", "has a review already")
