"""A table a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

PAGE_ROWS = 2_000


def pages(rows: QuerySet, size: int = PAGE_ROWS) -> Iterator[list[Any]]:
    """By primary key, each page its own query: memory stays flat on every database, no lock is
    held, and what others write meanwhile is neither skipped nor doubled."""
    rows, last = rows.order_by("pk"), None
    while True:
        page = list(rows[:size] if last is None else rows.filter(pk__gt=last)[:size])
        if page:
            yield page
        if len(page) < size:
            return
        last = page[-1].pk
