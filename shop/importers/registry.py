"""Which importer reads which kind of file. Each app registers its own in `<app>/importers.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    import polars as pl

    from shop.importers.columns import Column
    from shop.importers.run import Chunk, ImportRun

BACKROOM = "backroom"


class UnknownImporterError(LookupError):
    """No importer for this kind and format; says which there are."""


@dataclass(frozen=True)
class Importer:
    kind: str
    format: str
    columns: tuple[Column, ...]
    load: Callable[[pl.DataFrame, Chunk], None]
    start: Callable[[ImportRun], Any] | None = None
    finish: Callable[[ImportRun], None] | None = None
    amount: pl.Expr | None = None

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


_importers: dict[tuple[str, str], Importer] = {}


def importer(
    kind: str,
    columns: Sequence[Column],
    *,
    format: str = BACKROOM,
    start: Callable[[ImportRun], Any] | None = None,
    finish: Callable[[ImportRun], None] | None = None,
    amount: pl.Expr | None = None,
) -> Callable[[Callable[[pl.DataFrame, Chunk], None]], Callable[[pl.DataFrame, Chunk], None]]:
    """Register `load(rows, chunk)` for a kind of file.

    rows   the rows of one chunk that every column accepted: typed, with the file's `line`.
    chunk  where `load` tells what came of them: `chunk.count(new=…)`, `chunk.reject(…)`.
    `load` runs inside a transaction and is called again for the same chunk after a conflict.
    `start(run)` may read the whole file first (`run.frames()`); what it returns is `run.state`.
    `finish(run)` runs once at the end, for what needs every chunk.
    `amount` is a row's money in millionths (columns.micros): the report adds it up.
    """

    def mark(load: Callable[[pl.DataFrame, Chunk], None]):
        _importers[kind, format] = Importer(
            kind, format, tuple(columns), load, start, finish, amount
        )
        return load

    return mark


def importer_of(kind: str, format: str = BACKROOM) -> Importer:
    """Raises UnknownImporterError with what there is to choose from."""
    known = all_importers()
    if (kind, format) in known:
        return known[kind, format]
    formats = sorted(f for k, f in known if k == kind)
    if formats:
        raise UnknownImporterError(
            f"{kind} cannot be imported in the format {format}; there is {', '.join(formats)}."
        )
    kinds = ", ".join(sorted({k for k, _ in known}))
    raise UnknownImporterError(f"There is no kind of data called {kind}; there is {kinds}.")


def all_importers() -> dict[tuple[str, str], Importer]:
    autodiscover_modules("importers", "importers.kinds")
    return dict(sorted(_importers.items()))
