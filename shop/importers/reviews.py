"""reviews: what customers say about products."""

from __future__ import annotations

import polars as pl

from shop.models import Customer, Review, Variant

from .columns import choice, code, moment, text, whole
from .registry import importer
from .run import Chunk
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
]
FIELDS = ["product_id", "customer_id", "rating", "title", "body", "language", "written_at"]


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
    done = upsert(Review, rows.select(pl.col("review_id").alias("key"), *FIELDS), "key")
    chunk.count(new=done.new, changed=done.changed, unchanged=done.unchanged)
    chunk.wrote("reviews", done.new + done.changed)
