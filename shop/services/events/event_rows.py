"""One event as it was sent → one row of the log, or the field at fault."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from numbers import Integral
from typing import Annotated, Any

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from shop.models import Purpose

MAX_PROPERTIES_BYTES = 4096
MAX_UNITS = 1_000_000
# A client's clock may be wrong; further ahead than a day, once corrected, it is not a clock.
MAX_AHEAD = timedelta(days=1)
SKEW_NOTED_FROM = timedelta(minutes=5)
# An empty battery is 60 years behind; what is further off is no clock, and no 32-bit number.
MAX_SKEW = timedelta(days=366 * 65)
# An empty clock battery says 1970; what is before was made up.
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
# PostgreSQL keeps no NUL, and half a surrogate pair is no character.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What has to be looked at twice in properties that are otherwise plain.
ODD = re.compile(rb"null|\\u")
FAULTY = re.compile(r"`?\$\.(\w+)|required field `(\w+)`")
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Word = Annotated[str, msgspec.Meta(max_length=64)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Units = Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)]


class SentEvent(msgspec.Struct, gc=False):
    """The shape of an event. What is not named here is ignored."""

    event_id: Id
    kind: str
    occurred_at: Moment | None = None
    session: Word | None = None
    visitor: Word | None = None
    customer: Word | None = None
    sku: Word | None = None
    order: Word | None = None
    units: Units | None = None
    query: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    properties: dict[str, Any] | None = None
    consent: Any = False
    user_agent: Any = None
    identity: Annotated[str, msgspec.Meta(max_length=400)] | None = None


class EventRow(msgspec.Struct, frozen=True, gc=False):
    """The columns of shop_event but for its id, in the order in which they are written.

    No garbage collector follows it: it holds no containers, and a batch makes a thousand.
    properties is JSON text; clock_ahead_seconds is None where it was neither told nor noticed.
    """

    event_id: str
    kind: str
    occurred_at: datetime
    received_at: datetime
    clock_ahead_seconds: int | None = None
    session: str = ""
    visitor: str = ""
    customer_id: int | None = None
    variant_id: int | None = None
    order_id: int | None = None
    units: int | None = None
    query: str = ""
    properties: str = "{}"
    consent: bool = False


class FieldError(ValueError):
    def __init__(self, name: str, message: Any):
        super().__init__(name, message)
        self.name, self.message = name, message


@dataclass(frozen=True)
class Arrival:
    """What all events of a batch share.

    at: our clock. ahead: how far the client's was ahead of it, where `sent_at` told.
    kept_since: what happened before is not kept any more. customer_of: the customer's code behind
    a signed identity, for callers who may not name one; None lets them name anybody.
    """

    at: datetime
    kinds: frozenset[str]
    ahead: timedelta | None = None
    kept_since: datetime = OLDEST
    customer_of: Callable[[str], str] | None = None


MESSAGES: dict[str, Any] = {
    "": _("An event is an object."),
    "event_id": _("Text of 1 to %d characters.") % 64,
    "occurred_at": _("A time with its offset, e.g. 2026-03-02T09:00:00Z."),
    "units": _("A whole number from 0 to %d.") % MAX_UNITS,
    "query": _("Text of 1 to %d characters.") % 200,
    "identity": _("Text of 1 to %d characters.") % 400,
    "properties": _("An object."),
}

_decoder = msgspec.json.Decoder(SentEvent)


def read_event(sent: Any) -> SentEvent:
    """Raw JSON or a mapping, checked against the shape. Raises FieldError."""
    try:
        if isinstance(sent, msgspec.Raw):
            return _decoder.decode(sent)
        return msgspec.convert(sent, SentEvent)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise _named(error) from error
    except RecursionError as error:
        raise FieldError("properties", _("Plain JSON values only.")) from error


def _named(error: Exception) -> FieldError:
    found = FAULTY.search(str(error))
    name = (found[1] or found[2]) if found else ""
    return FieldError(name, MESSAGES.get(name, _("Text of 1 to %d characters.") % 64))


def row_of(event: SentEvent, arrival: Arrival, known: Known) -> EventRow:
    """Raises FieldError."""
    if event.kind not in arrival.kinds:
        raise FieldError("kind", _("One of: %s.") % ", ".join(sorted(arrival.kinds)))
    _refuse_unstorable(event)
    occurred_at = event.occurred_at or arrival.at
    if arrival.ahead is None and arrival.kept_since <= occurred_at <= arrival.at:
        happened_at, ahead = occurred_at, None  # nearly all: nothing to correct or to refuse
    else:
        happened_at, ahead = _corrected(occurred_at, arrival)
    customer_id = _reference("customer", event.customer, known.customers)
    return EventRow(
        event.event_id,
        event.kind,
        occurred_at,
        arrival.at,
        ahead,
        event.session or "",
        event.visitor or "",
        customer_id,
        _reference("sku", event.sku, known.variants),
        _reference("order", event.order, known.orders),
        event.units,
        event.query or "",
        _properties(event.properties) if event.properties else "{}",
        known.consent(customer_id, happened_at, event.consent is True),
    )


def _refuse_unstorable(event: SentEvent) -> None:
    texts = f"{event.event_id}{event.session}{event.visitor}{event.query}"
    if texts.isascii() and "\x00" not in texts:
        return
    for name in ("event_id", "session", "visitor", "query"):
        if UNSTORABLE.search(getattr(event, name) or ""):
            raise FieldError(name, MESSAGES.get(name, MESSAGES["event_id"]))


def _corrected(occurred_at: datetime, arrival: Arrival) -> tuple[datetime, int | None]:
    """When it happened by our clock, and by how many seconds the client's was ahead, if known.

    happened = occurred − (sent − received): the delay of the network counts as skew, which is
    right to a second or so. An event that claims to come from the future tells its skew itself.
    """
    if occurred_at < OLDEST:
        raise FieldError("occurred_at", _("Before 1970."))
    ahead = arrival.ahead
    try:
        happened_at = occurred_at - ahead if ahead else occurred_at
    except OverflowError:  # the year 9999 by a clock that is behind
        happened_at = occurred_at
    if happened_at > arrival.at + MAX_AHEAD:
        raise FieldError("occurred_at", _("More than a day in the future."))
    if happened_at < arrival.kept_since:
        raise FieldError("occurred_at", _("Older than what the event log keeps."))
    if ahead is None and happened_at - arrival.at > SKEW_NOTED_FROM:
        ahead = happened_at - arrival.at
    return min(happened_at, arrival.at), None if ahead is None else round(ahead.total_seconds())


def _reference(name: str, value: str | None, known: Mapping[str, int]) -> int | None:
    if not value:
        return None
    found = known.get(value)
    if found is None:
        raise FieldError(name, _("There is none with this name."))
    return found


def _properties(value: dict[str, Any]) -> str:
    try:
        raw = msgspec.json.encode(value)
        if raw.isascii() and len(raw) <= MAX_PROPERTIES_BYTES and not ODD.search(raw):
            return raw.decode()
        text = raw.decode()
        if "null" in text:  # may have been NaN, which is no JSON
            text = _encode(value)
    except (ValueError, TypeError, RecursionError, msgspec.MsgspecError) as error:
        raise FieldError("properties", _("Plain JSON values only.")) from error
    if "\\u0000" in text or UNSTORABLE.search(text) or len(text.encode()) > MAX_PROPERTIES_BYTES:
        raise FieldError("properties", _("At most %d bytes of text.") % MAX_PROPERTIES_BYTES)
    return text


@dataclass
class Known:
    """Keys of the rows that a batch names, and the consent that applied.

    words: customer → (seconds since 1970, granted), oldest first.
    """

    variants: dict[str, int] = field(default_factory=dict)
    customers: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    words: dict[int, list[tuple[float, bool]]] = field(default_factory=dict)

    @classmethod
    def to(cls, events: Iterable[SentEvent]) -> Known:
        """One statement: a round trip and a plan for each table cost more than the rows."""
        events = list(events)
        names = [
            _findable({event.sku for event in events}),
            _findable({event.order for event in events}),
            _findable({event.customer for event in events}),
        ]
        known = cls()
        if not any(names):
            return known
        words: list[tuple[float, int, int, bool]] = []
        found: tuple[dict[str, int], ...] = (known.variants, known.orders, known.customers)
        for what, name, pk, at, granted, number in _rows_named(names):
            if what < len(found):
                found[what][name] = pk
            else:
                words.append((_seconds(at), number, pk, granted))
        for at, _number, pk, granted in sorted(words):
            known.words.setdefault(pk, []).append((at, bool(granted)))
        return known

    def consent(self, customer_id: int | None, at: datetime, said: bool) -> bool:
        """The customer's last word before the event; without any, what the browser said."""
        if customer_id is None or customer_id not in self.words:
            return said
        until = at.timestamp()
        words = [granted for when, granted in self.words[customer_id] if when <= until]
        return words[-1] if words else said


# (0 SKU, 1 order, 2 customer, name, id) of what exists, and each word on analytics of those
# customers: (3, nothing, customer, when, granted, its number).
NAMED = f"""
WITH people AS (SELECT id, code FROM shop_customer WHERE code {{among}})
SELECT 2, code, id, CAST(NULL AS double precision), CAST(NULL AS boolean), 0 FROM people
UNION ALL SELECT 0, sku, id, NULL, NULL, 0 FROM shop_variant WHERE sku {{among}}
UNION ALL SELECT 1, number, id, NULL, NULL, 0 FROM shop_order WHERE number {{among}}
UNION ALL SELECT 3, NULL, word.customer_id, {{moment}}, word.granted, word.id
FROM shop_consent AS word JOIN people ON people.id = word.customer_id
WHERE word.purpose = '{Purpose.ANALYTICS}'
"""
SPELLED = {
    "postgresql": {
        "among": "= ANY(%s::text[])",
        "moment": "extract(epoch FROM word.recorded_at)::float8",
    },
    "sqlite": {
        "among": "IN (SELECT value FROM json_each(%s))",
        "moment": "word.recorded_at",
    },
}


def _findable(names: Iterable[str | None]) -> list[str]:
    """Without what no database can hold."""
    given = [name for name in names if name]
    if "".join(given).isprintable():
        return given
    return [name for name in given if not UNSTORABLE.search(name)]


def _rows_named(names: list[list[str]]) -> list[tuple]:
    """names: of SKUs, orders and customers."""
    skus, orders, customers = names
    spell = as_array if connection.vendor == "postgresql" else json.dumps
    with connection.cursor() as cursor:
        cursor.execute(
            NAMED.format(**SPELLED[connection.vendor]), [*map(spell, (customers, skus, orders))]
        )
        return cursor.fetchall()


def _seconds(at: float | str) -> float:
    """Since 1970. SQLite gives a time as text in UTC."""
    if isinstance(at, str):
        return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    return at


class _Nothing(RawSQL):
    """Among no values is nobody: the query is not asked, and an empty list has no type to guess."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        raise EmptyResultSet


def among(values: Iterable[Any]) -> RawSQL:
    """For `…__in`: one parameter however many values. 500 marks in a list take longer to spell
    and to parse than the database needs to answer. The values are all whole numbers or all text."""
    listed = list(values)
    if not listed:
        return _Nothing("", [])
    if connection.vendor == "postgresql":
        kind = "bigint" if isinstance(listed[0], Integral) else "text"
        return RawSQL(f"SELECT unnest(%s::{kind}[])", [as_array(listed)])
    whole = [int(one) if isinstance(one, Integral) else one for one in listed]
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(whole)])


def as_array(values: Iterable[Any]) -> str:
    """As PostgreSQL spells an array. It knows how many there are, which it cannot of JSON."""
    texts = [str(one) for one in values]
    if not texts:
        return "{}"
    joined = "".join(texts)
    if "\\" in joined or '"' in joined:
        texts = [one.replace("\\", "\\\\").replace('"', '\\"') for one in texts]
    return '{"' + '","'.join(texts) + '"}'
