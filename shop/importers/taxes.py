"""tax_rates: the tax of a class of goods in a country from a day on."""

from __future__ import annotations

import polars as pl

from shop.models import TaxRate

from .columns import checked, day, text, whole
from .registry import importer
from .run import Chunk
from .write import insert, rows_of, update

COLUMNS = [
    checked(
        "country",
        lambda value: value.str.contains(r"^[A-Z]{2}$"),
        "is no ISO 3166 code of two capital letters",
        required=True,
    ),
    text("tax_class", max_length=20, default="standard", about="`standard` where empty."),
    whole("basis_points", low=0, high=10_000, required=True, about="2000 is 20 %."),
    day("valid_from", required=True),
]
SAME = ["country", "tax_class", "valid_from"]


@importer("tax_rates", COLUMNS)
def load_tax_rates(rows: pl.DataFrame, chunk: Chunk) -> None:
    """One rate per country, class and day; another one for the same day corrects it."""
    rows = rows.with_columns(
        _it=pl.concat_str(
            "country", "tax_class", pl.col("valid_from").cast(pl.String), separator="/"
        )
    )
    rows = rows.with_columns(_first=chunk.first_time(rows["_it"]))
    rows = chunk.reject(rows, ~pl.col("_first"), "valid_from", "is repeated for this class")
    there = rows_of(TaxRate, "country", rows["country"], [*SAME[1:], "basis_points"])
    rows = rows.join(there, on=SAME, how="left", suffix="_there", maintain_order="left")
    fresh = rows.filter(pl.col("id").is_null())
    changed = rows.filter(pl.col("basis_points") != pl.col("basis_points_there"))
    insert(TaxRate, fresh.select(*SAME, "basis_points"))
    update(TaxRate, changed.select("id", "basis_points"))
    same = rows.height - fresh.height - changed.height
    chunk.count(new=fresh.height, changed=changed.height, unchanged=same)
    chunk.wrote("tax rates", fresh.height + changed.height)
