"""Search every table for a person: what is there is asked of the database, not of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from privacy.services.words import Words

ROWS = 500
# She is named there while the work is under way; the constraint of the table says it is empty after.
NOT_SEARCHED = {("privacy_erasure", "working")}
TEXT_ON_POSTGRESQL = {
    "character varying",
    "text",
    "character",
    "json",
    "jsonb",
    "uuid",
    "ARRAY",
    "inet",
    "name",
}
NO_TEXT_ON_SQLITE = ("int", "real", "bool", "date", "time", "decimal", "double", "numeric")
OPEN_LINKS = {"customer_id"}  # of logs whose keys the database does not enforce
COLUMNS_ON_POSTGRESQL = """
    SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
    JOIN pg_class t ON t.relname = c.table_name
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = c.table_schema
    WHERE c.table_schema = current_schema() AND t.relkind = 'r'
    ORDER BY c.table_name, c.ordinal_position
"""


@dataclass(frozen=True)
class Table:
    """key: the column that tells rows apart, "" without one. links: columns that point at a customer."""

    name: str
    texts: tuple[str, ...]
    links: tuple[str, ...]
    key: str
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    table: str
    column: str
    key: Any
    kinds: tuple[str, ...]


def tables() -> list[Table]:
    """Every table of the database, partitions as such, with its columns of text."""
    by_table: dict[str, list[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        for name, column, kind in _columns(cursor):
            by_table.setdefault(name, []).append((column, kind))
        return [_table(cursor, name, columns) for name, columns in sorted(by_table.items())]


def search(words: Words, found_in: list[Table] | None = None) -> Iterator[Hit]:
    """Where she is named: in texts, in JSON, and by her key in columns that point at customers."""
    for table in tables() if found_in is None else found_in:
        yield from _in_links(table, words.customer_id)
        if table.texts:
            yield from _in_texts(table, words)


def _columns(cursor: Any) -> Iterator[tuple[str, str, str]]:
    if connection.vendor == "postgresql":
        cursor.execute(COLUMNS_ON_POSTGRESQL)
        yield from cursor.fetchall()
        return
    cursor.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%%'"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"PRAGMA table_info({connection.ops.quote_name(name)})")
        yield from ((name, row[1], row[2].lower()) for row in cursor.fetchall())


def _table(cursor: Any, name: str, columns: list[tuple[str, str]]) -> Table:
    relations = connection.introspection.get_relations(cursor, name)
    keys = connection.introspection.get_primary_key_columns(cursor, name) or []
    names = [column for column, _kind in columns]
    links = [
        column
        for column in names
        if relations.get(column, ("", ""))[1] == "shop_customer" or column in OPEN_LINKS
    ]
    return Table(
        name,
        tuple(c for c, kind in columns if _is_text(kind) and (name, c) not in NOT_SEARCHED),
        tuple(links),
        "id" if "id" in names else keys[0] if keys else "",
        tuple(c for c, kind in columns if kind in ("bytea", "blob")),
    )


def _is_text(kind: str) -> bool:
    if connection.vendor == "postgresql":
        return kind in TEXT_ON_POSTGRESQL
    return not kind.startswith(NO_TEXT_ON_SQLITE) and kind != "blob"


def _in_links(table: Table, customer_id: int) -> Iterator[Hit]:
    quote = connection.ops.quote_name
    key = quote(table.key) if table.key else "NULL"
    for column in table.links:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key} FROM {quote(table.name)} WHERE {quote(column)} = %s LIMIT {ROWS}",
                [customer_id],
            )
            for (pk,) in cursor.fetchall():
                yield Hit(table.name, column, pk, ("key",))


def _in_texts(table: Table, words: Words) -> Iterator[Hit]:
    """By key, some at a time: what is found may be changed in between."""
    last = None
    while True:
        rows = _some(table, words, last)
        for pk, *texts in rows:
            for column, text in zip(table.texts, texts, strict=True):
                kinds = words.kinds_in(text or "")
                if kinds:
                    yield Hit(table.name, column, pk, tuple(kinds))
        if len(rows) < ROWS or not table.key:
            return
        last = rows[-1][0]


def _some(table: Table, words: Words, last: Any) -> list[tuple]:
    quote = connection.ops.quote_name
    texts = [f"CAST({quote(one)} AS text)" for one in table.texts]
    key = quote(table.key) if table.key else "NULL"
    patterns = list(dict.fromkeys(words.patterns()))
    where, values = _like(texts, patterns)
    if last is not None:
        where, values = f"{key} > %s AND ({where})", [last, *values]
    order = f"ORDER BY 1 LIMIT {ROWS}" if table.key else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, {', '.join(texts)} FROM {quote(table.name)} WHERE {where} {order}",
            values,
        )
        return cursor.fetchall()


def _like(texts: list[str], patterns: list[str]) -> tuple[str, list[Any]]:
    if connection.vendor == "postgresql":
        either = " OR ".join(f"lower({text}) LIKE ANY (%s)" for text in texts)
        return either, [patterns] * len(texts)
    # One list, not a chain of thousand ORs, which SQLite refuses.
    either = " OR ".join(f"lower({text}) LIKE value ESCAPE '\\'" for text in texts)
    return f"EXISTS (SELECT 1 FROM json_each(%s) WHERE {either})", [json.dumps(patterns)]
