"""Many rows, some at a time. Python has it from 3.12 on, as itertools.batched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db.models import QuerySet

T = TypeVar("T")


def chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` rows in their order, the last one shorter; none of nothing."""
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some


def read_in_chunks(found: QuerySet, size: int) -> Iterator[list[Any]]:
    """What a query finds, read from the database as it is asked for."""
    return chunks(found.iterator(size), size)
