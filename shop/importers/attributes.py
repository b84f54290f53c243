"""Columns called `attribute:CODE` → the product's attributes, and the list of what there is."""

from __future__ import annotations

import polars as pl

from shop.models import Attribute

from .run import Chunk
from .table import LINE
from .write import canonical_json, upsert

PREFIX = "attribute:"


def write_attributes(rows: pl.DataFrame, chunk: Chunk) -> pl.Series:
    """JSON of each row's attributes; null where it has none, so that what is stored stays."""
    columns = chunk.run.text_columns(PREFIX)
    if not columns:
        return pl.Series("attributes", [None] * rows.height, pl.String)
    codes = pl.Series("code", sorted(columns), pl.String)
    upsert(Attribute, pl.DataFrame({"code": codes, "name": codes}), "code", only_new=["name"])
    names = [columns[code] for code in codes]
    values = rows.select(LINE).join(
        chunk.frame.select(LINE, *names), on=LINE, how="left", maintain_order="left"
    )
    return pl.Series(
        "attributes",
        [_object(codes, row) for row in values.select(names).iter_rows()],
        pl.String,
    )


def _object(codes: pl.Series, values: tuple[str | None, ...]) -> str | None:
    said = {
        code: value.strip()
        for code, value in zip(codes, values, strict=True)
        if value and value.strip() and "\x00" not in value
    }
    return canonical_json(said) if said else None
