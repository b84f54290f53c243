"""The event log: good events land once, bad ones come back with their reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from shop.models import Consent, Customer, Event, EventKind, Order, Purpose, Variant, VisitorLink

MAX_BATCH = 1000  # rows a transaction on SQLite while the shop is serving
MAX_PROPERTIES_BYTES = 4096
MAX_UNITS = 1_000_000
# A client's clock may be wrong; further ahead than a day it is not a clock.
MAX_AHEAD = timedelta(days=1)
SKEW_NOTED_FROM = timedelta(minutes=5)
# What crawlers call themselves. Not a defence: it keeps the honest ones out of the training data.
BOT = re.compile(r"bot\b|bot/|crawl|spider|slurp|headless|preview|monitor|curl/|python-", re.I)


class BatchTooLargeError(Exception):
    """More than MAX_BATCH events at once."""


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


class FieldError(ValueError):
    def __init__(self, name: str, message: Any):
        super().__init__(name, message)
        self.name, self.message = name, message


def record_events(
    batch: Sequence[Mapping[str, Any]],
    *,
    received_at: datetime | None = None,
    kinds: Iterable[str] = EventKind.values,
) -> EventsOutcome:
    """Write a batch of at most 1,000 events. The same event id again is a duplicate, not a row.

    `occurred_at` stays the client's, `received_at` is ours. Raises BatchTooLargeError.
    """
    if len(batch) > MAX_BATCH:
        raise BatchTooLargeError(len(batch))
    at = received_at or timezone.now()
    outcome = EventsOutcome()
    people = [one for one in enumerate(batch) if not _is_bot(one[1])]
    outcome.bots = len(batch) - len(people)
    known = _Known(event for _index, event in people)
    rows: dict[str, Event] = {}
    for index, event in people:
        try:
            row = _row(event, at, known, frozenset(kinds))
        except FieldError as error:
            outcome.problems.append(EventProblem(index, error.name, error.message))
            continue
        outcome.duplicates += row.event_id in rows
        rows.setdefault(row.event_id, row)
    _write(rows, outcome)
    return outcome


def link_visitor(visitor: str, customer: Customer) -> VisitorLink:
    """This browser is that customer from now on: the last to sign in has it."""
    link, _created = VisitorLink.objects.update_or_create(
        visitor=visitor, defaults={"customer": customer}
    )
    return link


def _is_bot(event: Any) -> bool:
    agent = event.get("user_agent") if isinstance(event, Mapping) else None
    return isinstance(agent, str) and bool(BOT.search(agent))


def _write(rows: dict[str, Event], outcome: EventsOutcome) -> None:
    there = set(Event.objects.filter(event_id__in=rows).values_list("event_id", flat=True))
    new = [row for event_id, row in rows.items() if event_id not in there]
    links = {row.visitor: row.customer_id for row in new if row.visitor and row.customer_id}
    with transaction.atomic():
        Event.objects.bulk_create(new, ignore_conflicts=True)
        VisitorLink.objects.bulk_create(
            (VisitorLink(visitor=visitor, customer_id=pk) for visitor, pk in sorted(links.items())),
            ignore_conflicts=True,
        )
    outcome.duplicates += len(there)
    outcome.accepted += len(new)


class _Known:
    """Rows that the batch names, read in one query per kind, and the consent that applied."""

    def __init__(self, events: Iterable[Any]):
        named = [event for event in events if isinstance(event, Mapping)]
        self.variants = _by(Variant, "sku", named, "sku")
        self.customers = _by(Customer, "code", named, "customer")
        self.orders = _by(Order, "number", named, "order")
        self._words: dict[int, list[tuple[datetime, bool]]] = {}
        words = Consent.objects.filter(
            customer__in=self.customers.values(), purpose=Purpose.ANALYTICS
        )
        for pk, at, granted in words.order_by("recorded_at", "id").values_list(
            "customer_id", "recorded_at", "granted"
        ):
            self._words.setdefault(pk, []).append((at, granted))

    def consent(self, customer_id: int | None, at: datetime, said: bool) -> bool:
        """The customer's last word before the event; without any, what the browser said."""
        words = [granted for when, granted in self._words.get(customer_id or 0, []) if when <= at]
        return words[-1] if words else said


def _by(model: Any, column: str, events: list[Mapping], name: str) -> dict[str, int]:
    wanted = {event[name] for event in events if _is_text(event.get(name), 64)}
    if not wanted:
        return {}
    return dict(model.objects.filter(**{f"{column}__in": wanted}).values_list(column, "pk"))


def _row(event: Any, at: datetime, known: _Known, kinds: frozenset[str]) -> Event:
    if not isinstance(event, Mapping):
        raise FieldError("", _("An event is an object."))
    occurred_at = _moment(event, at)
    customer_id = _reference(event, "customer", known.customers)
    properties = _properties(event)
    ahead = occurred_at - at
    if ahead > SKEW_NOTED_FROM:
        properties = properties | {"clock_ahead_seconds": round(ahead.total_seconds())}
    return Event(
        event_id=_text(event, "event_id", 64, required=True),
        kind=_kind(event, kinds),
        occurred_at=occurred_at,
        received_at=at,
        session=_text(event, "session", 64),
        visitor=_text(event, "visitor", 64),
        customer_id=customer_id,
        variant_id=_reference(event, "sku", known.variants),
        order_id=_reference(event, "order", known.orders),
        units=_units(event),
        query=_text(event, "query", 200),
        properties=properties,
        consent=known.consent(customer_id, occurred_at, event.get("consent") is True),
    )


def _kind(event: Mapping, kinds: frozenset[str]) -> str:
    kind = event.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise FieldError("kind", _("One of: %s.") % ", ".join(sorted(kinds)))
    return kind


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and _storable(value)


def _storable(text: str) -> bool:
    """PostgreSQL keeps no NUL, and half a surrogate pair is no character."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _text(event: Mapping, name: str, most: int, *, required: bool = False) -> str:
    value = event.get(name)
    if value in (None, "") and not required:
        return ""
    if not value or not _is_text(value, most):
        raise FieldError(name, _("Text of 1 to %d characters.") % most)
    return value


def _reference(event: Mapping, name: str, known: Mapping[str, int]) -> int | None:
    value = _text(event, name, 64)
    if value and value not in known:
        raise FieldError(name, _("There is none with this name."))
    return known.get(value)


def _moment(event: Mapping, at: datetime) -> datetime:
    value = event.get("occurred_at", at)
    if isinstance(value, str):
        value = _parsed(value)
    if not isinstance(value, datetime) or timezone.is_naive(value):
        raise FieldError("occurred_at", _("A time with its offset, e.g. 2026-03-02T09:00:00Z."))
    if value > at + MAX_AHEAD:
        raise FieldError("occurred_at", _("More than a day in the future."))
    return value


def _parsed(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None  # right in form, no such day


def _units(event: Mapping) -> int | None:
    value = event.get("units")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_UNITS:
        raise FieldError("units", _("A whole number from 0 to %d.") % MAX_UNITS)
    return value


def _properties(event: Mapping) -> dict[str, Any]:
    value = event.get("properties") or {}
    if not isinstance(value, dict):
        raise FieldError("properties", _("An object."))
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise FieldError("properties", _("Plain JSON values only.")) from error
    if "\\u0000" in text or not _storable(text) or len(text.encode()) > MAX_PROPERTIES_BYTES:
        raise FieldError("properties", _("At most %d bytes of text.") % MAX_PROPERTIES_BYTES)
    return value
