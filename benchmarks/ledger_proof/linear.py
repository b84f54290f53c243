"""Is there an order of these operations, each within its own time, that a simple counter explains?

Pure: no clock, no network, no database. Times are seconds of one clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Operation(NamedTuple):
    """What a client asked of one SKU's available units, and what it was told.

    take: `units` wanted, `told` 1 for yes and 0 for no. give: `units` given back. read: `told` units.
    """

    began: float
    ended: float
    verb: str
    units: int
    told: int

    def after(self, available: int) -> int | None:
        """The units available after it; None when the answer cannot be true of `available`."""
        if self.verb == "give":
            return available + self.units
        if self.verb == "read":
            return available if available == self.told else None
        if bool(self.told) != (available >= self.units):
            return None
        return available - self.units * self.told


def is_linearizable(history: Sequence[Operation], available: int) -> bool:
    """Each window between moments of rest is searched in full; `available`: units at the start."""
    for window in windows(history):
        left = _end_of(window, available)
        if left is None:
            return False
        available = left
    return True


def windows(history: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Cut where nobody was waiting for an answer: what came before was over before the rest began."""
    window: list[Operation] = []
    last_end = float("-inf")
    for operation in sorted(history):
        if window and operation.began > last_end:
            yield window
            window = []
        window.append(operation)
        last_end = max(last_end, operation.ended)
    if window:
        yield window


def _end_of(window: list[Operation], available: int) -> int | None:
    """The counter after the window in an order that explains it; None when there is none.

    Operations that were carried out determine the counter, so each set of them is visited once.
    """
    everything = (1 << len(window)) - 1
    stack, seen = [(0, available)], {0}
    while stack:
        done, units = stack.pop()
        if done == everything:
            return units
        for index in _may_be_next(window, done):
            left = window[index].after(units)
            more = done | 1 << index
            if left is not None and left >= 0 and more not in seen:
                seen.add(more)
                stack.append((more, left))
    return None


def _may_be_next(window: list[Operation], done: int) -> list[int]:
    """Those that began before any other waiting one had ended."""
    waiting = [index for index in range(len(window)) if not done >> index & 1]
    first_end = min(window[index].ended for index in waiting)
    return [index for index in waiting if window[index].began <= first_end]
