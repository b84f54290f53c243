"""Receipts of requests, written soon after by one thread of the process, many in one transaction.

A commit for every answer would cost more than the answer. What a process that is killed loses: the
receipts of the last second, and never more than MOST_WAITING; one that is told to stop writes them
first. Off outside web processes: there, and inside a transaction, a receipt is written at once.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import DatabaseError, DataError, IntegrityError, close_old_connections, connection
from django.utils import timezone

from decisions.models import Decision
from decisions.services.receipts import Proposal, record_new
from decisions.version import code_version

logger = logging.getLogger(__name__)
SECONDS_WAITING = 0.5
MOST_TOGETHER = 200  # rows a transaction: short enough to hold up no request
MOST_WAITING = 10_000
SECONDS_BEFORE_AGAIN = 1.0

# Column → what it holds in a receipt that nobody has decided on.
EMPTY = {
    field.attname: field.get_default() if field.has_default() or not field.null else None
    for field in Decision._meta.concrete_fields
}
NAMES = [name for name in Proposal.__dataclass_fields__ if name != "model_run"]
Waiting = tuple[UUID, datetime, Proposal]
_waiting: queue.Queue[Waiting] = queue.Queue(MOST_WAITING)
_lock = threading.Lock()
_writer: threading.Thread | None = None
_is_on = False


def switch_on() -> None:
    """In a web process, before its first request. The thread begins with the first receipt, so
    that a server may fork after this."""
    global _is_on
    _is_on = True


def record_soon(proposal: Proposal, receipt_id: UUID) -> None:
    """As `record_new`, within a second. Where too many wait, at once: none is dropped."""
    if not _is_on or connection.in_atomic_block:
        record_new(proposal, receipt_id)
        return
    try:
        _waiting.put_nowait((receipt_id, timezone.now(), proposal))
    except queue.Full:
        record_new(proposal, receipt_id)
        return
    if _writer is None or not _writer.is_alive():
        _begin()


def write_waiting() -> int:
    """Write what waits now; returns how many. What the database refuses to take waits again."""
    written = 0
    while batch := _batch():
        try:
            _write(batch)
        except (IntegrityError, DataError):
            _write_each(batch)  # one of them was written before, or cannot be
        except DatabaseError:
            logger.exception("%s receipts could not be written yet", len(batch))
            for one in batch:
                _put_back(one)
            connection.close()
            break
        written += len(batch)
    return written


def _begin() -> None:
    global _writer
    with _lock:
        if _writer is None or not _writer.is_alive():
            _writer = threading.Thread(target=_write_for_ever, name="receipts", daemon=True)
            _writer.start()
            atexit.register(write_waiting)


def _write_for_ever() -> None:
    while True:
        time.sleep(SECONDS_WAITING)
        if _waiting.empty():
            continue
        close_old_connections()
        if not write_waiting() and not _waiting.empty():
            time.sleep(SECONDS_BEFORE_AGAIN)


def _batch() -> list[Waiting]:
    batch: list[Waiting] = []
    try:
        while len(batch) < MOST_TOGETHER:
            batch.append(_waiting.get_nowait())
    except queue.Empty:
        pass
    return batch


def _put_back(one: Waiting) -> None:
    try:
        _waiting.put_nowait(one)
    except queue.Full:
        logger.error("a receipt is lost: %s", one[0])


def _write(batch: list[Waiting]) -> None:
    if connection.vendor != "postgresql":
        rows = [_row(*one) for one in batch]
        Decision.objects.bulk_create((Decision(**row) for row in rows), ignore_conflicts=True)
        return
    columns = ", ".join(EMPTY)
    statement = f"COPY decisions_decision ({columns}) FROM STDIN"
    # A copy's errors come as psycopg's own: Django wraps what its cursor executes, not this.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for one in batch:
            copy.write_row([_column(value) for value in _row(*one).values()])


def _row(receipt_id: UUID, at: datetime, proposal: Proposal) -> dict[str, Any]:
    """Every column of the receipt, in the order of EMPTY."""
    said = {name: getattr(proposal, name) for name in NAMES}
    run = proposal.model_run
    said["model_run_id"] = run.pk if run else None
    said |= {"id": receipt_id, "created_at": at, "code_version": code_version()}
    return {name: said.get(name, value) for name, value in EMPTY.items()}


def _write_each(batch: list[Waiting]) -> None:
    for receipt_id, _at, proposal in batch:
        try:
            if not Decision.objects.filter(pk=receipt_id).exists():
                record_new(proposal, receipt_id)
        except (IntegrityError, DataError):
            logger.exception("a receipt is lost: %s", receipt_id)


def _column(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, (dict, list)) else value
