"""Which exporter writes which kind of file. Each app registers its own in `<app>/exporters.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.module_loading import autodiscover_modules

BACKROOM = "backroom"
# What a person may call a kind beside its name.
ALSO_CALLED = {"inventory": "stock"}

Row = dict[str, Any]


class UnknownExporterError(LookupError):
    """No exporter for this kind and format; says which there are."""


@dataclass(frozen=True)
class Exporter:
    """columns: the header. rows: a page of objects → rows by column; a column left out is empty.

    source:   what is walked, by primary key.
    left_out: what this format cannot hold of what is there: one sentence each, for the report.
    """

    kind: str
    format: str
    source: Callable[[], QuerySet]
    columns: Callable[[], Sequence[str]]
    rows: Callable[[list[Any]], Iterable[Row]]
    left_out: Callable[[], list[str]]

    @property
    def permission(self) -> str:
        meta = self.source().model._meta
        return f"{meta.app_label}.view_{meta.model_name}"


_exporters: dict[tuple[str, str], Exporter] = {}


def exporter(
    kind: str,
    source: type[Model] | Callable[[], QuerySet],
    columns: Sequence[str] | Callable[[], Sequence[str]],
    *,
    format: str = BACKROOM,
    left_out: Callable[[], list[str]] = list,
) -> Callable[[Callable[[list[Any]], Iterable[Row]]], Callable[[list[Any]], Iterable[Row]]]:
    """Register `rows(page)`: a page of objects in, rows of the file out, in the same order."""

    def mark(rows: Callable[[list[Any]], Iterable[Row]]):
        walked = source.objects.all if isinstance(source, type) else source  # type: ignore[attr-defined]
        header = columns if callable(columns) else lambda: columns
        _exporters[kind, format] = Exporter(kind, format, walked, header, rows, left_out)
        return rows

    return mark


def exporter_of(kind: str, format: str = BACKROOM) -> Exporter:
    """Raises UnknownExporterError with what there is to choose from."""
    known, kind = all_exporters(), ALSO_CALLED.get(kind, kind)
    if (kind, format) in known:
        return known[kind, format]
    formats = sorted(f for k, f in known if k == kind)
    if formats:
        raise UnknownExporterError(
            f"{kind} cannot be exported in the format {format}; there is {', '.join(formats)}."
        )
    kinds = ", ".join(sorted({k for k, _ in known}))
    raise UnknownExporterError(f"There is no kind of data called {kind}; there is {kinds}.")


def all_exporters() -> dict[tuple[str, str], Exporter]:
    autodiscover_modules("exporters", "exporters.kinds")
    return dict(sorted(_exporters.items()))
