"""Events of a file into the log, by the same door as everybody's (shop/services/events/event_log.py)."""

from __future__ import annotations

from functools import partial

import polars as pl
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from shop.importers.run import Chunk
from shop.importers.write import insert
from shop.models import Event
from shop.services.events.event_log import append_staged, claim_keys
from shop.services.events.event_partitions import kept_since, make_months
from shop.services.events.latest_events import mark_old


def append_frame(rows: pl.DataFrame, chunk: Chunk) -> int:
    """Add the events that are not in the log yet; returns how many that were.

    rows: unique by event_id; columns have the database's names.
    """
    if rows.is_empty():
        return 0
    mark_old(rows["received_at"].min())  # type: ignore[arg-type]
    if connection.vendor == "postgresql":
        _make_months_of(rows, chunk)
        return len(append_staged(partial(_copy, rows)))
    new = pl.Series(sorted(claim_keys(rows["event_id"].to_list())), dtype=pl.String)
    return insert(Event, rows.filter(pl.col("event_id").is_in(new.implode())))


def reject_forgotten(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """What is older than the log keeps would be deleted the next night."""
    oldest = kept_since(timezone.now())
    reason = f"is before {oldest:%Y-%m-%d}, older than what the event log keeps"
    return chunk.reject(rows, pl.col("occurred_at") < oldest, "occurred_at", reason)


def _copy(rows: pl.DataFrame, table: str) -> None:
    insert(Event, rows, into=table)


def _make_months_of(rows: pl.DataFrame, chunk: Chunk) -> None:
    """Whoever is writing keeps us from making a month: its rows then wait in the table of the
    others until the night. A dry run would hold the lock to its end, so it makes none."""
    if chunk.run.options.dry_run:
        return
    months = rows["received_at"].dt.convert_time_zone("UTC").dt.date().dt.month_start().unique()
    try:
        with transaction.atomic():
            make_months(months.to_list())
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise


LOCK_NOT_AVAILABLE = "55P03"
