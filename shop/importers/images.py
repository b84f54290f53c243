"""Picture addresses of a product."""

from __future__ import annotations

import polars as pl

from shop.models import ProductImage

from .run import Chunk
from .write import insert, rows_of

EACH = r"[^\s|]+"
ADDRESS = r"^https?://[^\s|]{1,190}$"


def reject_wrong_addresses(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Before anything of a row is written: a row that is rejected must not be new as well."""
    urls = pl.col("image_urls").str.extract_all(EACH)
    wrong = (urls.list.len() == 0) | urls.list.eval(~pl.element().str.contains(ADDRESS)).list.any()
    reason = "is no http address of at most 200 characters"
    return chunk.reject(rows, wrong.fill_null(False), "image_urls", reason)


def write_images(rows: pl.DataFrame, chunk: Chunk) -> set[int]:
    """Add the addresses a product does not have yet; returns the ids of the variants concerned.

    rows: after reject_wrong_addresses, or with addresses that the format itself has checked.
    """
    given = rows.filter(pl.col("image_urls").is_not_null()).select(
        "variant_id", "product_id", url=pl.col("image_urls").str.extract_all(EACH)
    )
    given = given.explode("url").with_columns(position=pl.int_range(pl.len()).over("product_id"))
    there = rows_of(ProductImage, "product", given["product_id"], ["url"])
    fresh = given.unique(["product_id", "url"], keep="first", maintain_order=True).join(
        there, on=["product_id", "url"], how="anti", maintain_order="left"
    )
    chunk.wrote("images", insert(ProductImage, fresh.select("product_id", "url", "position")))
    return set(fresh["variant_id"])
