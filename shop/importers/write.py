"""Frames into tables, in bulk and the same way on SQLite and PostgreSQL.

PostgreSQL takes COPY, SQLite one executemany. Keys that are there already are read first and left
out; `lock_imports` keeps two imports apart, the unique constraints keep everybody else honest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection, models
from django.utils import timezone

NULL = "\\N"
LOCK = 0x6261636B  # "back": one advisory lock for every import of the shop
UPDATE_ROWS = 1_000


@dataclass(frozen=True)
class Upserted:
    """rows: the frame with `id`. fresh: ids of new rows, written: of new and changed ones."""

    rows: pl.DataFrame
    fresh: set[int]
    written: set[int]
    new: int
    changed: int
    unchanged: int


def lock_imports() -> None:
    """Until the end of the transaction. SQLite's writers are already one at a time (IMMEDIATE)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def refresh_statistics() -> None:
    """Tell the planner what the tables hold now: without it SQLite walks every product on sale
    where a handful of keys is asked for. Sampled, so that it takes a moment on large tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 1000")
        cursor.execute("ANALYZE")


def rows_of(
    model: type[models.Model], key: str, values: pl.Series, fields: Sequence[str] = ()
) -> pl.DataFrame:
    """`id`, the key and some fields of the rows whose key is among `values` (nulls ignored).

    Columns have the database's names (`product_id`). One query; unknown keys have no row.
    """
    names = list(dict.fromkeys(["id", key, *fields]))
    wanted = values.drop_nulls().unique().to_list()
    kept = {_column(model, name): _field(model, name) for name in names}
    sql = (
        f"SELECT {', '.join(map(_quoted, kept))} FROM {_table(model)} "
        f"WHERE {_quoted(_column(model, key))} {_among()}"
    )
    given = wanted if connection.vendor == "postgresql" else json.dumps(wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql, [given])
        found = cursor.fetchall()
    schema = {column: _dtype(field) for column, field in kept.items()}
    frame = frame_of(found, {n: _read_dtype(t) for n, t in schema.items()})
    frame = frame.with_columns(_as_dtype(name, dtype) for name, dtype in schema.items())
    return frame.with_columns(
        pl.col(column).map_elements(canonical_json, return_dtype=pl.String)
        for column, field in kept.items()
        if isinstance(field, models.JSONField)
    )


def frame_of(found: list[tuple], schema: dict[str, Any]) -> pl.DataFrame:
    """What a query returned, column by column: faster than row by row, and no type is guessed."""
    columns = zip(*found, strict=True) if found else ((),) * len(schema)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=dtype)
            for (name, dtype), values in zip(schema.items(), columns, strict=True)
        ]
    )


def canonical_json(value: Any) -> str:
    """One spelling, whatever order the database keeps: what is equal compares as equal."""
    plain = json.loads(value) if isinstance(value, str) else value
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def ids_of(model: type[models.Model], key: str, values: pl.Series, *, named: str) -> pl.DataFrame:
    """Two columns, the key and its database id under a name: to join with the rows of a file."""
    found = rows_of(model, key, values)
    return found.select(pl.col(_column(model, key)).alias(key), pl.col("id").alias(named))


def insert(model: type[models.Model], rows: pl.DataFrame, *, into: str = "") -> int:
    """Add rows; columns have the database's names, the model's defaults fill what is not given.

    into: a table with the same columns instead of the model's own.
    """
    if rows.is_empty():
        return 0
    fields = {_column(model, field.name): field for field in model._meta.concrete_fields}
    filled = _with_defaults(fields, rows)
    table, columns = into or _table(model), ", ".join(_quoted(n) for n in filled.columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copy = f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, NULL '{NULL}')"
            with cursor.copy(copy) as stream:
                stream.write(_csv(filled))
        else:
            marks = ", ".join(["%s"] * filled.width)
            sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
            cursor.executemany(sql, _plain(filled).rows())
    return rows.height


def update(model: type[models.Model], rows: pl.DataFrame) -> int:
    """Set the given columns of the rows with that `id`."""
    if rows.is_empty():
        return 0
    columns = [name for name in rows.columns if name != "id"]
    if connection.vendor == "postgresql":
        _update_from_arrays(model, rows.select("id", *columns))
        return rows.height
    sets = ", ".join(f"{_quoted(name)} = %s" for name in columns)
    plain = _plain(rows.select(*columns, "id"))
    with connection.cursor() as cursor:
        for part in plain.iter_slices(UPDATE_ROWS):
            cursor.executemany(f"UPDATE {_table(model)} SET {sets} WHERE id = %s", part.rows())
    return rows.height


def _update_from_arrays(model: type[models.Model], rows: pl.DataFrame) -> None:
    """One statement: a column is one array parameter."""
    names = [_quoted(name) for name in rows.columns]
    # Without its length: a cast would cut what the column itself refuses.
    types = [
        str(_field(model, name).rel_db_type(connection)).partition("(")[0] for name in rows.columns
    ]
    sets = ", ".join(f"{name} = given.{name}" for name in names[1:])
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    sql = (
        f"UPDATE {_table(model)} AS t SET {sets} "
        f"FROM unnest({arrays}) AS given ({', '.join(names)}) WHERE t.id = given.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [rows[name].to_list() for name in rows.columns])


def upsert(
    model: type[models.Model], rows: pl.DataFrame, key: str, *, only_new: Iterable[str] = ()
) -> Upserted:
    """Add what is new, update what differs, leave the rest: a second run writes nothing.

    rows: unique by key; columns have the database's names. A null leaves what is there as it is.
    only_new: columns that a new row gets and that are never changed afterwards.
    """
    given = [name for name in rows.columns if name != key]
    there = rows_of(model, key, rows[key], given)
    joined = rows.join(there, on=key, how="left", suffix="_there")
    known = joined.filter(pl.col("id").is_not_null())
    fresh = joined.filter(pl.col("id").is_null()).select(key, *given)
    fresh = fresh.with_columns(id=next_ids(model, fresh.height))
    insert(model, fresh)
    may_change = [name for name in given if name not in set(only_new)]
    differs = [
        pl.col(n).is_not_null() & pl.col(n).ne_missing(pl.col(f"{n}_there")) for n in may_change
    ]
    changed = known.filter(pl.any_horizontal(differs)) if differs else known.clear()
    kept = (pl.coalesce(n, f"{n}_there").alias(n) for n in may_change)
    update(model, changed.select("id", *kept, *_touched(model, changed)))
    every = pl.concat([known.select("id", key), fresh.select("id", key)])
    return Upserted(
        rows.join(every, on=key),
        {*fresh["id"]},
        {*fresh["id"], *changed["id"]},
        fresh.height,
        changed.height,
        known.height - changed.height,
    )


def next_ids(model: type[models.Model], count: int) -> pl.Series:
    """Ids that nobody else gets, so that rows and the rows that point at them go in together."""
    if not count:
        return pl.Series("id", [], dtype=pl.Int64)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return pl.Series("id", [row[0] for row in cursor.fetchall()], dtype=pl.Int64)
        # AUTOINCREMENT remembers the highest id ever used; we hold the write lock.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    first = (row[0] if row else 0) + 1
    return pl.Series("id", range(first, first + count), dtype=pl.Int64)


def _with_defaults(fields: dict[str, models.Field], rows: pl.DataFrame) -> pl.DataFrame:
    """Every column of the table; what is not given, or null where null is not allowed, by default."""
    filled = []
    for column, field in fields.items():
        if field.primary_key:
            continue
        default = _default(field)
        if column not in rows.columns:
            filled.append(default.alias(column))
        elif field.null:
            filled.append(pl.col(column))
        else:
            filled.append(pl.col(column).fill_null(default))
    return rows.select(*(["id"] if "id" in rows.columns else []), *filled)


def _default(field: models.Field) -> pl.Expr:
    value: Any = timezone.now() if getattr(field, "auto_now", False) else field.get_default()
    if isinstance(value, dict | list):
        value = json.dumps(value)
    return pl.lit(value, dtype=_dtype(field))


def _touched(model: type[models.Model], rows: pl.DataFrame) -> list[pl.Expr]:
    """`updated_at` and its like follow every change."""
    touched = [f.name for f in model._meta.concrete_fields if getattr(f, "auto_now", False)]
    now = pl.lit(timezone.now(), pl.Datetime("us", "UTC"))
    return [now.alias(_column(model, name)) for name in touched]


def _csv(rows: pl.DataFrame) -> bytes:
    """Quoted strings, bare nulls: an empty string and a missing one stay two things."""
    text = rows.with_columns(
        pl.col(pl.Datetime("us", "UTC")).dt.strftime("%Y-%m-%d %H:%M:%S%.6f+00")
    )
    return text.write_csv(include_header=False, null_value=NULL, quote_style="non_numeric").encode()


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Values as Django's SQLite adapters write them; psycopg takes Python's own types."""
    if connection.vendor == "postgresql":
        return rows
    moments = [name for name, dtype in rows.schema.items() if isinstance(dtype, pl.Datetime)]
    whole = {n: (rows[n].dt.microsecond() == 0).fill_null(True).all() for n in moments}
    return rows.with_columns(
        pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S" if whole[name] else "%Y-%m-%d %H:%M:%S%.6f")
        for name in moments
    ).with_columns(pl.col(pl.Date).dt.strftime("%Y-%m-%d"), pl.col(pl.Boolean).cast(pl.Int8))


def _dtype(field: models.Field) -> Any:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    for kinds, dtype in _DTYPES:
        if isinstance(target, kinds):
            return dtype
    return pl.String


_DTYPES: tuple[tuple[Any, Any], ...] = (
    (models.BooleanField, pl.Boolean),
    ((models.IntegerField, models.AutoField), pl.Int64),
    (models.FloatField, pl.Float64),
    (models.DateTimeField, pl.Datetime("us", "UTC")),
    (models.DateField, pl.Date),
)


def _read_dtype(dtype: Any) -> Any:
    """Django's SQLite driver gives times in UTC without saying so."""
    naive = connection.vendor == "sqlite" and isinstance(dtype, pl.Datetime)
    return pl.Datetime("us") if naive else dtype


def _as_dtype(name: str, dtype: Any) -> pl.Expr:
    if connection.vendor == "sqlite" and isinstance(dtype, pl.Datetime):
        return pl.col(name).dt.replace_time_zone("UTC")
    return pl.col(name)


def _among() -> str:
    """One parameter however many keys there are."""
    if connection.vendor == "postgresql":
        return "= ANY(%s)"
    return "IN (SELECT value FROM json_each(%s))"


def _field(model: type[models.Model], name: str) -> models.Field:
    """By its name, or by the column's. Raises TypeError for one that this table has no column of."""
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise TypeError(f"{model.__name__}.{name} has no column")
    return field


def _column(model: type[models.Model], name: str) -> str:
    return str(_field(model, name).column)


def _table(model: type[models.Model]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
