"""Columns called `attribute:CODE` → the product's attributes, and the list of what there is."""

from __future__ import annotations

import json

import polars as pl

from shop.models import Attribute

from .mistakes import GUARDED
from .run import Chunk
from .table import LINE
from .write import canonical_json, upsert

PREFIX = "attribute:"


def write_attributes(rows: pl.DataFrame, chunk: Chunk) -> pl.Series:
    """JSON of each row's attributes; null where it has none, so that what is stored stays."""
    columns = chunk.run.text_columns(PREFIX)
    codes = pl.Series("code", sorted(columns), pl.String)
    upsert(Attribute, pl.DataFrame({"code": codes, "name": codes}), "code", only_new=["name"])
    names = [columns[code] for code in codes]
    values = rows.select(LINE, "attributes_json").join(
        chunk.frame.select(LINE, *(pl.col(name).str.strip_chars() for name in names)),
        on=LINE, how="left", maintain_order="left",
    )  # fmt: skip
    values = values.with_columns(pl.col(names).str.replace(GUARDED, "${1}"))
    return pl.Series(
        "attributes",
        [_object(codes, row) for row in values.select("attributes_json", *names).iter_rows()],
        pl.String,
    )


def _object(codes: pl.Series, values: tuple[str | None, ...]) -> str | None:
    said = json.loads(values[0]) if values[0] else {}
    for code, value in zip(codes, values[1:], strict=True):
        if value and "\x00" not in value:
            said[code] = value
    return canonical_json(said) if said else None


def is_object(value: str) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except ValueError:
        return False
