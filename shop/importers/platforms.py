"""What the formats of other shop systems share: foreign codes, and columns that have no home here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

import polars as pl

from shop.models import Product, Variant

from .rejects import HEADER as REJECTED
from .run import Chunk, ImportRun
from .slugs import code_of
from .table import BROKEN, LINE
from .write import rows_of

NAMED_AT_MOST = 40


def as_code(value: pl.Expr) -> pl.Expr:
    """Other systems allow blanks and slashes in a code; ours has `_` there, in every kind alike."""
    return value.str.replace_all(r"[\s/]+", "_").str.slice(0, 64)


def hashed_code(prefix: str, key: str) -> str:
    """A code for somebody who has none: the same in every run, and it gives no address away."""
    return f"{prefix}-{hashlib.sha256(key.strip().lower().encode()).hexdigest()[:16]}"


class Unmapped:
    """Counts the values of columns that no column of ours takes, so that the report names them."""

    def __init__(self, run: ImportRun, *, also_read: tuple[str, ...] = ()):
        used = {*run.names.values(), *also_read, LINE, *REJECTED}  # a repaired rejects file
        self.columns = [name for name in run.source.header if name not in used]
        self.values: Counter[str] = Counter()

    def see(self, chunk: Chunk) -> None:
        filled = chunk.frame.filter(pl.col(BROKEN).is_null()).select(
            (pl.col(name).str.strip_chars() != "").sum() for name in self.columns
        )
        found = dict(zip(self.columns, filled.row(0), strict=True)) if self.columns else {}
        chunk.after.append(lambda: self.values.update(found))

    def tell(self, run: ImportRun) -> None:
        filled = [f"{name} ({count:,})" for name, count in self.values.items() if count]
        if filled:
            more = f" and {len(filled) - NAMED_AT_MOST} more" * (len(filled) > NAMED_AT_MOST)
            told = ", ".join(filled[:NAMED_AT_MOST]) + more
            run.report.notes.append(f"not mapped, with the values they hold: {told}")


def variants_called(names: list[str]) -> dict[str, int]:
    """`Title - Option` or `Title` → variant id, where exactly one variant is called so."""
    titles = pl.Series("name", sorted({title for name in names for title in _titles(name)}))
    products = rows_of(Product, "name", titles.cast(pl.String)).rename({"id": "product_id"})
    variants = rows_of(Variant, "product", products["product_id"], ["name"])
    called: dict[str, list[int]] = {}
    rows = variants.rename({"name": "option"}).join(products, on="product_id")
    for pk, option, title in rows.select("id", "option", "name").iter_rows():
        called.setdefault(f"{title} - {option}" if option else title, []).append(pk)
    return {name: found[0] for name, found in called.items() if len(found) == 1}


def _titles(name: str) -> Iterator[str]:
    parts = name.split(" - ")
    for end in range(1, len(parts) + 1):
        yield " - ".join(parts[:end])


def with_variant_ids(rows: pl.DataFrame, sku: str, name: str) -> pl.DataFrame:
    """Adds `variant_id`: by SKU; where a row has none, by what the goods are called."""
    known = rows_of(Variant, "sku", rows[sku]).select(pl.col("sku").alias(sku), by_sku="id")
    rows = rows.join(known, on=sku, how="left", maintain_order="left")
    nameless = rows.filter(pl.col(sku).is_null() & pl.col(name).is_not_null())
    called = variants_called(nameless[name].unique().to_list())
    table = pl.DataFrame(
        {name: list(called), "by_name": list(called.values())},
        schema={name: pl.String, "by_name": pl.Int64},
    )
    rows = rows.join(table, on=name, how="left", maintain_order="left")
    by_name = pl.when(pl.col(sku).is_null()).then(pl.col("by_name"))
    return rows.with_columns(variant_id=pl.coalesce("by_sku", by_name)).drop("by_sku", "by_name")


def sku_from(handle: str, option: str | None) -> str:
    """A SKU for goods that were sold without one."""
    return code_of(f"{handle} {option}") if option else handle
