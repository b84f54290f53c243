"""The event log: good events land once, bad ones come back with their reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import EventKind
from shop.services.events.crawlers import is_bot
from shop.services.events.event_log import append_events
from shop.services.events.event_partitions import kept_since
from shop.services.events.event_rows import (
    MAX_SKEW,
    Arrival,
    EventRow,
    FieldError,
    Known,
    SentEvent,
    read_event,
    row_of,
)
from shop.services.events.visitors import IdentityError

MAX_BATCH = 1000  # rows a transaction on SQLite while the shop is serving


class BatchTooLargeError(Exception):
    """More than MAX_BATCH events at once."""


class NoClockError(ValueError):
    """`sent_at` is decades away from our clock."""


@dataclass(frozen=True)
class EventProblem:
    index: int
    field: str
    message: Any


@dataclass
class EventsOutcome:
    """accepted: new rows. duplicates: ids that were there. bots: left out. problems: refused."""

    accepted: int = 0
    duplicates: int = 0
    bots: int = 0
    problems: list[EventProblem] = field(default_factory=list)


@dataclass(frozen=True)
class Sender:
    """What the request says of all its events.

    sent_at: the client's clock when it sent them; ours minus it is the skew. user_agent: of the
    browser itself, where it is the browser that calls. customer_of: see Arrival.
    """

    sent_at: datetime | None = None
    user_agent: str = ""
    customer_of: Callable[[str], str] | None = None


NOBODY_SPECIAL = Sender()


def record_events(
    batch: Sequence[Any],
    *,
    received_at: datetime | None = None,
    kinds: Iterable[str] = EventKind.values,
    sender: Sender = NOBODY_SPECIAL,
) -> EventsOutcome:
    """Write a batch of at most 1,000 events. The same event id again is a duplicate, not a row.

    batch: mappings, or raw JSON. `occurred_at` stays the client's, `received_at` is ours.
    Raises BatchTooLargeError, NoClockError.
    """
    if len(batch) > MAX_BATCH:
        raise BatchTooLargeError(len(batch))
    if is_bot(sender.user_agent):
        return EventsOutcome(bots=len(batch))
    at = received_at or timezone.now()
    ahead = sender.sent_at - at if sender.sent_at else None
    if ahead is not None and abs(ahead) > MAX_SKEW:
        raise NoClockError(sender.sent_at)
    arrival = Arrival(at, frozenset(kinds), ahead, kept_since(at), sender.customer_of)
    outcome = EventsOutcome()
    rows = _rows(_read(batch, arrival, outcome), arrival, outcome)
    new = append_events(rows)
    outcome.problems.sort(key=lambda problem: problem.index)
    outcome.accepted, outcome.duplicates = len(new), len(rows) - len(new)
    return outcome


def _read(batch: Sequence[Any], arrival: Arrival, outcome: EventsOutcome) -> dict[int, SentEvent]:
    """Place in the batch → event, of those that have the shape of one."""
    read: dict[int, SentEvent] = {}
    for index, sent in enumerate(batch):
        try:
            event = read_event(sent)
            if event.user_agent and is_bot(event.user_agent):
                outcome.bots += 1
                continue
            if arrival.customer_of is not None:
                event.customer = _signed_in(event, arrival.customer_of)
            read[index] = event
        except FieldError as error:
            outcome.problems.append(EventProblem(index, error.name, error.message))
    return read


def _rows(read: dict[int, SentEvent], arrival: Arrival, outcome: EventsOutcome) -> list[EventRow]:
    known = Known.to(read.values())
    rows = []
    for index, event in read.items():
        try:
            rows.append(row_of(event, arrival, known))
        except FieldError as error:
            outcome.problems.append(EventProblem(index, error.name, error.message))
    return rows


def _signed_in(event: SentEvent, customer_of: Callable[[str], str]) -> str:
    """A browser may not name a customer: anybody could be anybody. It shows what our server signed."""
    if event.customer:
        raise FieldError("customer", _("Only a signed identity names a customer here."))
    if not event.identity:
        return ""
    try:
        return customer_of(event.identity)
    except IdentityError as error:
        raise FieldError("identity", _("Not signed here.")) from error
