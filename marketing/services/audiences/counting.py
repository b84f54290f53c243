"""Room and time for counting a rule: memory for the grouping, and an end for whoever waits.

A rule may group all orders or all events. In a job that may take a minute; a request that waits so
long holds a worker of the web server, so it is stopped and says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from access.figures import significant
from marketing.definitions.rules import customers_of, reachable
from marketing.models import Channel
from shop.models import Customer

SAMPLE = 10
CANCELED = "57014"  # PostgreSQL's code for a statement that ran into its time limit
STEPS = 20_000  # of SQLite's machine between two looks at the clock: some milliseconds


class TookTooLongError(Exception):
    """The count was stopped; meant for the person who waited."""

    def __str__(self) -> str:
        return _(
            "Counting this took longer than %(seconds)s seconds and was stopped. Save the segment and let "
            "a job count it (audience explorer), or limit the rule to fewer days."
        ) % {"seconds": significant(settings.MARKETING_COUNT_SECONDS)}


@dataclass(frozen=True)
class LiveCount:
    """reachable: by channel. sample: the newest customers first."""

    customers: int
    reachable: dict[str, int]
    sample: list[Customer]


def live_count(rule: Any, channels: tuple[str, ...] = (Channel.EMAIL.value,)) -> LiveCount:
    """Counted now, all of it within MARKETING_COUNT_SECONDS. Raises RuleError, TookTooLongError."""
    found = customers_of(rule)
    with counting(settings.MARKETING_COUNT_SECONDS):
        return LiveCount(
            found.count(),
            {channel: reachable(found, channel).count() for channel in channels},
            list(found.select_related("profile").order_by("-pk")[:SAMPLE]),
        )


def size_of(rule: Any) -> int:
    """How many meet it now; bounded alike."""
    found = customers_of(rule)
    with counting(settings.MARKETING_COUNT_SECONDS):
        return found.count()


@contextmanager
def counting(seconds: float | None = None) -> Iterator[None]:
    """seconds: of all statements in it together; None: as long as it takes. Raises TookTooLongError."""
    if connection.vendor == "postgresql":
        with _of_postgresql(seconds):
            yield
    elif seconds is None:
        yield
    else:
        with _of_sqlite(seconds):
            yield


@contextmanager
def _of_postgresql(seconds: float | None) -> Iterator[None]:
    """Each statement gets what is left of the time; what held before holds again afterwards."""
    # Compiling such a statement costs more than it saves: its costs are overestimated.
    wanted = {"work_mem": f"{settings.MARKETING_COUNT_WORK_MEM_MB}MB", "jit": "off"}
    ends = None if seconds is None else time.monotonic() + seconds

    def with_what_is_left(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if ends is not None:
            left = max(int((ends - time.monotonic()) * 1000), 1)
            context["cursor"].connection.execute(f"SET LOCAL statement_timeout = {left}")
        return execute(sql, params, many, context)

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            names = [*wanted, "statement_timeout"]
            cursor.execute("SELECT " + ", ".join("current_setting(%s)" for _one in names), names)
            before = dict(zip(names, cursor.fetchone(), strict=True))
            _set_local(cursor, wanted)
            with connection.execute_wrapper(with_what_is_left):
                yield
            _set_local(cursor, before)  # a savepoint that is released keeps them
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == CANCELED:
            raise TookTooLongError from error
        raise


def _set_local(cursor: Any, values: dict[str, str]) -> None:
    for name, value in values.items():
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


@contextmanager
def _of_sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    ends, database = time.monotonic() + seconds, connection.connection
    database.set_progress_handler(lambda: time.monotonic() > ends, STEPS)
    try:
        yield
    except OperationalError as error:
        if time.monotonic() > ends and "interrupted" in str(error):
            raise TookTooLongError from error
        raise
    finally:
        database.set_progress_handler(None, 0)
