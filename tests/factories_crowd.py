"""Many callers at the same moment, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

BUYERS = 12


class NoRefusalError(Exception):
    """Stands for "no refusal is expected": nothing raises it."""


def crowd(
    act: Callable[[int], Any],
    size: int = BUYERS,
    *,
    refusals: type[Exception] = NoRefusalError,
) -> list[Any]:
    """Everybody starts at once; returns what each got, or the refusal. Any other error fails."""
    barrier, results = threading.Barrier(size), [None] * size

    def caller(number: int) -> None:
        try:
            barrier.wait(timeout=10)
            results[number] = act(number)
        except refusals as refusal:
            results[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert None not in results
    return results
