"""Many callers at the same moment, each with a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

BUYERS = 12
# Seconds for what ends by itself: however slow the machine is, only what never ends takes so long.
LONG = 120


class NoRefusalError(Exception):
    """Stands for "no refusal is expected": nothing raises it."""


def crowd(
    act: Callable[[int], Any],
    size: int = BUYERS,
    *,
    refusals: type[Exception] | tuple[type[Exception], ...] = NoRefusalError,
) -> list[Any]:
    """Everybody starts at once; returns what each got, or the refusal. Any other error fails."""
    barrier, results = threading.Barrier(size), [None] * size

    def caller(number: int) -> None:
        try:
            barrier.wait(timeout=LONG)
            results[number] = act(number)
        except refusals as refusal:
            results[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LONG)
    assert None not in results
    return results


def until(true: Callable[[], object]) -> None:
    """However slow the machine is: what never comes true fails, what comes late does not."""
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def until_blocked_or(true: Callable[[], object]) -> None:
    """Until it is true, or one of this database's connections waits for the lock of another.

    So whoever holds a lock lets the others go as far as they can, and no pause has to be long enough
    for that. Asked on a connection of its own: within a transaction PostgreSQL tells the same again.
    """
    blocked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    end, watch = time.monotonic() + LONG, connection.copy()
    try:
        with watch.cursor() as cursor:
            while not true():
                cursor.execute(blocked)
                if cursor.fetchone()[0]:
                    return
                assert time.monotonic() < end, "neither through nor blocked"
                time.sleep(0.005)
    finally:
        watch.close()


def through_or_blocked(thread: threading.Thread) -> None:
    """A thread that has not begun is neither."""
    until_blocked_or(lambda: thread.ident and not thread.is_alive())


class Meeting:
    """Where two come to after they have looked and before they write, unless a lock keeps one out."""

    def __init__(self) -> None:
        self._come: set[int] = set()

    def wait(self) -> None:
        self._come.add(threading.get_ident())
        until_blocked_or(lambda: len(self._come) >= 2)
