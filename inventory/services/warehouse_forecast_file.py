"""Forecasts per warehouse as a file, line by line: nothing is gathered in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from shop.exporters.cells import cell
from shop.exporters.pages import pages
from shop.exporters.registry import exporter_of


def csv_lines() -> Iterator[str]:
    """What `export_data warehouse_forecasts --format table` writes, 2,000 parts at a time."""
    found = exporter_of("warehouse_forecasts", "table")
    columns = list(found.columns())
    yield _line(columns)
    for page in pages(found.source()):
        for row in found.rows(page):
            yield _line(cell(row.get(name)) for name in columns)


def _line(cells: Iterable[str]) -> str:
    kept = StringIO()
    csv.writer(kept).writerow(cells)
    return kept.getvalue()
