"""Picture addresses of a product."""

from __future__ import annotations

import polars as pl

from shop.models import ProductImage

from .run import Chunk
from .table import LINE
from .write import insert, rows_of

ADDRESS = r"^https?://[^\s|]{1,190}$"


def write_images(rows: pl.DataFrame, chunk: Chunk) -> set[int]:
    """Add the addresses a product does not have yet; returns the ids of the variants concerned."""
    given = rows.filter(pl.col("image_urls").is_not_null()).select(
        LINE, "variant_id", "product_id", url=pl.col("image_urls").str.extract_all(r"[^\s|]+")
    )
    given = given.explode("url").with_columns(position=pl.int_range(pl.len()).over("product_id"))
    wrong = given.filter(~pl.col("url").str.contains(ADDRESS))
    chunk.reject(wrong, pl.lit(True), "image_urls", "is no http address of at most 200 characters")
    there = rows_of(ProductImage, "product", given["product_id"], ["url"])
    fresh = (
        given.join(wrong, on=LINE, how="anti")
        .unique(["product_id", "url"], keep="first", maintain_order=True)
        .join(there, on=["product_id", "url"], how="anti", maintain_order="left")
    )
    chunk.wrote("images", insert(ProductImage, fresh.select("product_id", "url", "position")))
    return set(fresh["variant_id"])
