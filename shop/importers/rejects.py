"""The rejects file: line, column, value, reason and the row as it stood, ready to be repaired."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import IO

import polars as pl

from .table import LINE

HEADER = ("line", "column", "value", "reason")
OURS = "reject_"


class RejectsFile:
    """Opened with the first rejected row, so a clean import leaves no file."""

    def __init__(self, path: Path | None, columns: list[str]):
        self.path = path
        names = [name.lower().rstrip("_") for name in columns]
        # A file that is itself a repaired rejects file begins with ours: they are written anew.
        repaired = [name.removeprefix(OURS) for name in names[: len(HEADER)]] == list(HEADER)
        self.columns = columns[len(HEADER) :] if repaired else columns
        self.header = _our_names(self.columns)
        self._file: IO[str] | None = None

    def write(self, rows: pl.DataFrame) -> None:
        """rows: line, column, value, reason and the original columns."""
        if self.path is None or rows.is_empty():
            return
        rows = rows.select(LINE, *HEADER[1:], *(f"row.{name}" for name in self.columns)).sort(LINE)
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow([*self.header, *self.columns])
        self._writer.writerows(_guarded(rows).iter_rows())

    def close(self) -> str:
        """The path if anything was rejected, else ""."""
        if self._file is None:
            return ""
        self._file.close()
        return str(self.path)


def _our_names(columns: list[str]) -> list[str]:
    """`reason` is also a column of returns: then ours is `reject_reason`."""
    taken = {name.lower() for name in columns}
    return [f"{OURS}{name}" if name in taken else name for name in HEADER]


def _guarded(rows: pl.DataFrame) -> pl.DataFrame:
    """A spreadsheet must not run what a stranger typed: a quote goes before = + - @.

    Numbers stay as they are; the importer takes the quote off again.
    """
    return rows.with_columns(
        _guard(name) for name, kind in rows.schema.items() if kind == pl.String
    )


def _guard(name: str) -> pl.Expr:
    text = pl.col(name)
    risky = text.str.contains(r"^[=+\-@\t\r]") & ~text.str.contains(r"^[+-]?[\d.,]+$")
    return pl.when(risky).then(pl.concat_str(pl.lit("'"), text)).otherwise(text).alias(name)
