"""The days of lost demand as a file, line by line: nothing is gathered in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from inventory.models import LostDemandDay

COLUMNS = (
    "out_of_stock_seconds", "views", "people", "other_views", "waitlist_entries",
    "waitlist_units", "searches", "tickets", "estimated_units", "low_units", "high_units",
)  # fmt: skip
CHUNK = 2_000


def csv_lines() -> Iterator[str]:
    """The header, then one line per SKU and day, oldest first. An empty estimate: not estimated."""
    yield _line(["sku", "day", *COLUMNS])
    found = LostDemandDay.objects.order_by("day", "variant_id")
    for row in found.values_list("variant__sku", "day", *COLUMNS).iterator(CHUNK):
        yield _line(["" if value is None else value for value in row])


def _line(cells: list) -> str:
    kept = StringIO()
    csv.writer(kept, lineterminator="\n").writerow(cells)
    return kept.getvalue()
