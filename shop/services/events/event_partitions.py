"""Months of the event log: made ahead, filled from history, forgotten as a whole.

On PostgreSQL each month of `received_at` is a table; what fits none waits in `shop_event_other`.
SQLite has one table, from which the same rows are deleted in short transactions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from shop.services.events.latest_events import forget_latest_before

MONTHS_AHEAD = 3
CHUNK = 5_000
OTHER = "shop_event_other"
# Making or dropping a month locks the whole log for a moment. Whoever cannot have the lock soon
# gives up and comes back the next night, instead of keeping every writer waiting behind it.
LOCK_TIMEOUT = "3s"


def month_of(at: datetime | date) -> date:
    on = at.astimezone(UTC).date() if isinstance(at, datetime) else at
    return on.replace(day=1)


def months_after(month: date, count: int) -> date:
    years, index = divmod(month.month - 1 + count, 12)
    return date(month.year + years, index + 1, 1)


def kept_since(now: datetime) -> datetime:
    """The start of the oldest month that is kept; 1970 where everything is."""
    oldest = datetime(1970, 1, 1, tzinfo=UTC)
    if not settings.EVENT_RETENTION_MONTHS:
        return oldest
    month = months_after(month_of(now), -settings.EVENT_RETENTION_MONTHS)
    return max(oldest, datetime(month.year, month.month, 1, tzinfo=UTC))


def keep_months(now: datetime) -> dict[str, int]:
    """What the night does: make the coming months, forget those past EVENT_RETENTION_MONTHS.

    Returns months_made, months_dropped and events_forgotten. Safe to repeat and to kill.
    """
    made = make_months(months_after(month_of(now), ahead) for ahead in range(MONTHS_AHEAD + 1))
    dropped, forgotten = forget_before(kept_since(now))
    forget_latest_before(kept_since(now))
    return {"months_made": made, "months_dropped": dropped, "events_forgotten": forgotten}


def make_months(months: Iterable[date]) -> int:
    """Tables for these months, with the rows that waited elsewhere. Returns how many were new."""
    if connection.vendor != "postgresql":
        return 0
    there = months_there()
    return sum(_make_month(month) for month in sorted({*months} - {*there}))


def months_there() -> dict[date, str]:
    """Month → the table that holds it, oldest first. Nothing on SQLite."""
    if connection.vendor != "postgresql":
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = 'shop_event'::regclass ORDER BY 1"
        )
        names = [name for (name,) in cursor.fetchall() if name != OTHER]
    return {date(int(name[-7:-3]), int(name[-2:]), 1): name for name in names}


def table_of(month: date) -> str:
    return f"shop_event_{month:%Y_%m}"


def _make_month(month: date) -> bool:
    """Rows of the month that waited in the table of the others move along, in one transaction."""
    table, until = table_of(month), months_after(month, 1)
    since = f"{month.isoformat()} 00:00+00"
    bounds = f"'{since}') TO ('{until.isoformat()} 00:00+00'"
    inside = f"received_at >= '{since}' AND received_at < '{until.isoformat()} 00:00+00'"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute("LOCK TABLE shop_event IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SELECT to_regclass(%s)", [table])
        if cursor.fetchone() != (None,):
            return False  # somebody else was quicker
        cursor.execute(
            f"CREATE TABLE {table} (LIKE shop_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        )
        cursor.execute(
            f"WITH moved AS (DELETE FROM {OTHER} WHERE {inside} RETURNING *) "
            f"INSERT INTO {table} SELECT * FROM moved"
        )
        cursor.execute(
            f"ALTER TABLE shop_event ATTACH PARTITION {table} FOR VALUES FROM ({bounds})"
        )
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    return True


def forget_before(oldest: datetime) -> tuple[int, int]:
    """(months dropped, events forgotten), with their keys. Nothing newer than `oldest` goes.

    The keys go first: a crash in between leaves rows that nobody can send again, since what is
    older than `oldest` is refused, and the next night goes on.
    """
    dropped = forgotten = 0
    for month, table in months_there().items():
        if datetime(*months_after(month, 1).timetuple()[:3], tzinfo=UTC) <= oldest:
            forgotten += _drop_month(table)
            dropped += 1
    rest = OTHER if connection.vendor == "postgresql" else "shop_event"
    while count := _delete_chunk(rest, oldest):
        forgotten += count
    return dropped, forgotten


def _drop_month(table: str) -> int:
    with connection.cursor() as cursor:
        last: int | None = 0
        while last is not None:
            last = _delete_keys(cursor, table, last)
        cursor.execute(f"SELECT count(*) FROM {table}")
        count = cursor.fetchone()[0]
        with transaction.atomic():
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            cursor.execute(f"DROP TABLE {table}")
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    return count


def _delete_keys(cursor: Any, table: str, after: int) -> int | None:
    """The keys of the next chunk of a table; the last row's id, None when there is no more."""
    cursor.execute(
        f"WITH chunk AS (SELECT id, event_id FROM {table} WHERE id > %s ORDER BY id LIMIT {CHUNK}), "
        "gone AS (DELETE FROM shop_eventkey USING chunk WHERE shop_eventkey.event_id = chunk.event_id) "
        "SELECT max(id) FROM chunk",
        [after],
    )
    return cursor.fetchone()[0]


def _delete_chunk(table: str, oldest: datetime) -> int:
    at = connection.ops.adapt_datetimefield_value(oldest)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE received_at < %s ORDER BY received_at LIMIT {CHUNK}",
            [at],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
        if not ids:
            return 0
        listed = ", ".join(map(str, ids))
        cursor.execute(
            f"DELETE FROM shop_eventkey WHERE event_id IN "
            f"(SELECT event_id FROM {table} WHERE id IN ({listed}))"
        )
        cursor.execute(f"DELETE FROM {table} WHERE id IN ({listed})")
    return len(ids)
