"""Which tier a figure means, with hysteresis and grace. Pure.

A tier is won at `enter_at` at once. It is lost only after the figure was below `stay_at` at every
look for `grace_days`; then she falls to the highest tier that the figure still keeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


class TermsError(ValueError):
    """Terms that make no sense; its text names the rank."""


@dataclass(frozen=True)
class Step:
    """One rung. enter_at, stay_at: in the unit of the figure."""

    rank: int
    enter_at: int
    stay_at: int


@dataclass(frozen=True)
class Ladder:
    """steps: ascending by rank."""

    steps: tuple[Step, ...]
    grace_days: int


@dataclass(frozen=True)
class Standing:
    """rank: 0 is no tier. below_since: when the first look found her below what keeps it."""

    rank: int = 0
    below_since: datetime | None = None


def ladder_of(steps: Sequence[Step], grace_days: int) -> Ladder:
    """Raises TermsError where a higher tier is not harder to win, or easier to keep."""
    ordered = tuple(sorted(steps, key=lambda step: step.rank))
    if not ordered:
        raise TermsError("0")
    for step in ordered:
        if not 0 <= step.stay_at <= step.enter_at or step.enter_at <= 0:
            raise TermsError(str(step.rank))
    for lower, higher in itertools.pairwise(ordered):
        if higher.rank == lower.rank or higher.enter_at <= lower.enter_at:
            raise TermsError(str(higher.rank))
        if higher.stay_at < lower.stay_at:
            raise TermsError(str(higher.rank))
    return Ladder(ordered, grace_days)


def next_standing(ladder: Ladder, now: Standing, value: int | None, at: datetime) -> Standing:
    """Where she stands after a look at `at`. value None: nobody knows, so nothing moves."""
    if value is None:
        return now
    won = max((step.rank for step in ladder.steps if step.enter_at <= value), default=0)
    if won > now.rank:
        return Standing(won)
    kept = max((step.rank for step in ladder.steps if step.stay_at <= value), default=0)
    if now.rank == 0 or kept >= now.rank:
        return replace(now, below_since=None)
    since = now.below_since or at
    if at - since < timedelta(days=ladder.grace_days):
        return replace(now, below_since=since)
    return Standing(kept)
