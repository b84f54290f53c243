"""What a trigger finds, and how it is asked: page by page, for what came up in a span of time.

A trigger may answer the same again and again: the database lets one customer enter a journey once
per cause (`Cause.key`). What matters is that it leaves nothing out: each goes through its rows in an
order of keys, and goes on after the last one it has looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

WINDOW = timedelta(days=2)  # how late the clock may be
PAGE = 1000


@dataclass(frozen=True)
class Cause:
    """Why one customer enters: `key` names it for ever, `context` is what the trigger saw."""

    customer_id: int
    key: str
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """What came up from `start` to `end` is looked for; `since`: when the journey went live;
    `at`: now, which is later than `end` where a search takes several rounds."""

    since: datetime
    start: datetime
    end: datetime
    at: datetime

    def ago(self, delay: timedelta = timedelta(0)) -> tuple[datetime, datetime]:
        """First and last moment of what must have happened so long ago, while the journey was live."""
        return max(self.since, self.start - delay), self.end - delay


@dataclass(frozen=True)
class Page:
    """`after`: where the next page goes on; None: there is no more."""

    causes: Sequence[Cause]
    after: list[int] | None = None


Options = Mapping[str, Any]
Find = Callable[[Options, Span, Sequence[int]], Page]


def first_of(after: Sequence[int]) -> int:
    """The last key that was looked at; keys are positive."""
    return after[0] if after else 0


def next_after(keys: Sequence[int], size: int = PAGE) -> list[int] | None:
    """Of a page of keys in their order: it was the last one where it is not full."""
    return [keys[-1]] if len(keys) >= size else None
