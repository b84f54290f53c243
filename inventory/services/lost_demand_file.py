"""The days of lost demand as a file, line by line: nothing is gathered in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from access.spreadsheets import lines_of
from inventory.models import LostDemandDay

COLUMNS = (
    "out_of_stock_seconds", "views", "people", "other_views", "waitlist_entries",
    "waitlist_units", "searches", "tickets", "estimated_units", "low_units", "high_units",
)  # fmt: skip
CHUNK = 2_000


def csv_lines() -> Iterator[str]:
    """The header, then one line per SKU and day, oldest first. An empty estimate: not estimated."""
    found = LostDemandDay.objects.order_by("day", "variant_id")
    rows = found.values_list("variant__sku", "day", *COLUMNS).iterator(CHUNK)
    return lines_of(chain([["sku", "day", *COLUMNS]], rows), ends="\n")
