"""Whole columns of a query as arrays, in the order of its key.

PostgreSQL packs a column of a range of keys into one value, so that no row passes through Python;
SQLite hands over rows, of which only the moments cost more than the reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, Max, Min, QuerySet, TextField
from django.db.models.functions import Cast

# Keys in one range. A range is what both sides hold at once: 8 bytes a row and column on PostgreSQL,
# a tuple of Python objects on SQLite.
RANGE = {"postgresql": 1_000_000, "sqlite": 100_000}
MICROSECONDS = 1_000_000
# PostgreSQL counts microseconds from 2000-01-01.
EPOCH_2000 = 946_684_800 * MICROSECONDS


@dataclass(frozen=True)
class Wanted:
    """What to read of each row: expressions by name, none of them ever null.

    ints become int64, moments int64 microseconds since 1970 UTC, texts a list of str.
    """

    ints: dict[str, Any]
    moments: dict[str, Any]
    texts: dict[str, Any]

    @property
    def names(self) -> list[str]:
        return [*self.ints, *self.moments, *self.texts]


def columns_of(found: QuerySet, wanted: Wanted) -> dict[str, Any]:
    """The columns of all rows of a query by ascending primary key, and as "pk" that key.

    Reads a range at a time.
    """
    parts = [_ordered(part) for part in _ranges(found, wanted)]
    whole: dict[str, Any] = {}
    for name in ("pk", *wanted.names):
        if name in wanted.texts:
            whole[name] = [text for part in parts for text in part[name]]
        else:
            empty = np.zeros(0, dtype=np.int64)
            whole[name] = np.concatenate([empty, *(part[name] for part in parts)])
    return whole


def _ranges(found: QuerySet, wanted: Wanted) -> Iterator[dict[str, Any]]:
    read = _packed if connection.vendor == "postgresql" else _fetched
    ends = found.order_by().aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    step = RANGE[connection.vendor]
    for first in range(ends["first"], ends["last"] + 1, step):
        part = read(found.filter(pk__gte=first, pk__lt=first + step).order_by(), wanted)
        if part:
            yield part


def _ordered(part: dict[str, Any]) -> dict[str, Any]:
    """By key: sorting is the one thing that arrays do faster than the database."""
    key = part["pk"]
    if (key[1:] > key[:-1]).all():
        return part
    order = np.argsort(key)
    return {
        name: [column[place] for place in order] if isinstance(column, list) else column[order]
        for name, column in part.items()
    }


def _packed(found: QuerySet, wanted: Wanted) -> dict[str, Any]:
    """Eight bytes a value, one after the other: one string of bytes per column."""
    numbers = {"pk": "pk"} | wanted.ints
    asked = [
        *(Cast(one, BigIntegerField()) for one in numbers.values()),
        *(Cast(one, DateTimeField()) for one in wanted.moments.values()),
        *wanted.texts.values(),
    ]
    fixed = len(numbers) + len(wanted.moments)
    inner, values = found.values_list(*asked).query.sql_with_params()
    names = [f"c{place}" for place in range(len(asked))]
    sends = ["int8send"] * len(numbers) + ["timestamptz_send"] * len(wanted.moments)
    packs = [f"string_agg({send}({name}), '')" for send, name in zip(sends, names, strict=False)]
    packs += [f"array_agg({name})" for name in names[fixed:]]
    row = _in_binary(
        f"SELECT count(*), {', '.join(packs)} FROM ({inner}) AS found ({', '.join(names)})", values
    )
    if not row[0]:
        return {}
    columns = [_unpacked(value, row[0]) for value in row[1 : fixed + 1]] + list(row[fixed + 1 :])
    part = dict(zip([*numbers, *wanted.moments, *wanted.texts], columns, strict=True))
    return part | {name: part[name] + EPOCH_2000 for name in wanted.moments}


def _in_binary(sql: str, values: Sequence[Any]) -> tuple:
    """The one row of a query. As text bytes would come in hexadecimal digits, twice their size."""
    from psycopg import Cursor

    with connection.wrap_database_errors, connection.cursor() as cursor:
        text = cursor.mogrify(sql, values)  # Django's cursor sends the values within the text
        with Cursor(connection.connection) as plain:
            return plain.execute(text, binary=True).fetchone() or (0,)


def _unpacked(packed: bytes | None, rows: int) -> np.ndarray:
    """int64 (rows,). Raises ValueError for a null, which is left out of the bytes."""
    if packed is None or len(packed) != 8 * rows:
        raise ValueError("a column that may not hold a null holds one")
    return np.frombuffer(packed, dtype=">i8").astype(np.int64)


def _fetched(found: QuerySet, wanted: Wanted) -> dict[str, Any]:
    """SQLite's rows. A moment is fetched as the text it is: Django would parse each in Python."""
    asked = [
        "pk",
        *wanted.ints.values(),
        *(Cast(one, TextField()) for one in wanted.moments.values()),
        *wanted.texts.values(),
    ]
    sql, values = found.values_list(*asked).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    if not rows:
        return {}
    columns = dict(zip(["pk", *wanted.names], zip(*rows, strict=True), strict=True))
    part: dict[str, Any] = {name: list(columns[name]) for name in wanted.texts}
    for name in ("pk", *wanted.ints):
        part[name] = np.array(columns[name], dtype=np.int64)
    for name in wanted.moments:
        part[name] = np.array(columns[name], dtype="datetime64[us]").astype(np.int64)
    return part
