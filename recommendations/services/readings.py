"""The shop's history as it was read: once for all steps of a night that need it.

The training and everybody's lists read the same millions of rows. Nothing of it is written to a file:
it holds customers, and an erased one must not live on in one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone

from recommendations.frames import ShopInteractions, shop_interactions
from recommendations.ml.interactions import Interactions, interactions


@dataclass(frozen=True)
class Reading:
    """What was usable before `as_of`, and when the reading began, by our clock."""

    as_of: datetime
    read_at: datetime
    history: ShopInteractions

    @cached_property
    def gathered(self) -> Interactions:
        """The rows as histories, in the history's own numbering."""
        return interactions(self.history.rows)


class _Kept:
    reading: Reading | None = None


_kept: ContextVar[_Kept | None] = ContextVar("kept", default=None)


@contextmanager
def one_reading() -> Iterator[None]:
    """Until it ends, or `forget`, what is read as of one moment is not read again here."""
    token = _kept.set(_Kept())
    try:
        yield
    finally:
        _kept.reset(token)


def read_history(as_of: datetime) -> Reading:
    """All usable interactions before `as_of`, as they are now or as this night found them."""
    kept = _kept.get()
    if kept and kept.reading and kept.reading.as_of == as_of:
        return kept.reading
    began_at = timezone.now()
    reading = Reading(as_of, began_at, shop_interactions(as_of))
    if kept:
        kept.reading = reading
    return reading


def forget() -> None:
    """Let go of what is kept: nobody needs it any more."""
    if kept := _kept.get():
        kept.reading = None
