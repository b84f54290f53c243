"""When a rule is asked, and how a figure is compared: what every kind of condition needs."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import Q

LOOKUPS = {
    "at_least": "gte", "at_most": "lte", "is": "exact", "more_than": "gt", "less_than": "lt",
}  # fmt: skip
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": operator.ge, "at_most": operator.le, "is": operator.eq, "more_than": operator.gt,
    "less_than": operator.lt,
}  # fmt: skip
FARTHEST_DAYS = 36_500  # further than any date that a shop has; keeps sums of days within dates


@dataclass(frozen=True)
class Moment:
    """When a rule is asked, and until when the latest events say all of the log (None: they don't).

    is_past: it was asked of an earlier moment, so that only what was known then may answer.
    """

    at: datetime
    through: datetime | None
    is_past: bool = False


def compared(path: str, condition: dict[str, Any]) -> Q:
    """A column or annotation beside the condition's value."""
    return Q(**{f"{path}__{LOOKUPS[condition['op']]}": condition["value"]})


def whole_days_ago(path: str, condition: dict[str, Any], at: datetime) -> Q:
    """Whole days between the moment at `path` and `at`, compared with the condition's value."""
    value = {"more_than": 1, "less_than": -1}.get(condition["op"], 0) + condition["value"]
    days = max(-2, min(value, FARTHEST_DAYS))
    long_enough = Q(**{f"{path}__lte": at - timedelta(days=days)})
    short_enough = Q(**{f"{path}__gt": at - timedelta(days=days + 1)})
    if condition["op"] == "is":
        return long_enough & short_enough
    return long_enough if condition["op"] in ("at_least", "more_than") else short_enough


def as_fraction(value: float) -> tuple[int, int]:
    """0.3 as (3, 10): what a person wrote, not the binary number beside it. Both fit 64 bits."""
    places = 9 if abs(value) < 10**9 else 6
    written = Fraction(repr(round(value, places)))
    return written.numerator, written.denominator
