"""Say what others must hear of, in the transaction that makes it true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from outbox.kinds import kind_of
from outbox.models import Endpoint, Message

MANY = 1_000  # rows a statement, so that memory stays flat however many there are


def publish(kind: str, payload: Mapping[str, Any], *, key: str) -> None:
    """Write one row in the caller's transaction, and nothing else. The same key again: no second row.

    kind: registered in the app's `webhooks.py`; payload: exactly the fields promised there, as
    JSON knows them (times by `.isoformat()`, money in `_minor` units, no name, mail or address).
    key: names the change, not the attempt, e.g. `order:17:paid`.
    Rolled back with the caller: then nobody hears of what did not happen. Raises UnknownKindError
    or PayloadError, both mistakes of the program.
    """
    kind_of(kind).check(payload)
    # ON CONFLICT DO NOTHING: a refused INSERT would break the caller's transaction on PostgreSQL.
    Message.objects.bulk_create(
        [Message(kind=kind, payload=dict(payload), key=key)], ignore_conflicts=True
    )


def is_heard(kind: str) -> bool:
    """Whether any webhook, also one that is off, wants this kind."""
    return any(endpoint.wants(kind) for endpoint in Endpoint.objects.all())


def publish_many(kind: str, messages: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
    """Like `publish` for each (key, payload), a thousand rows at a time; returns how many.

    What nobody wants is not written: a file of a million rows read into a new shop would leave a
    million rows that nobody ever hears of, since a webhook hears from the day on which it is added.
    """
    if not is_heard(kind):
        return 0
    promised, written, rest = kind_of(kind), 0, iter(messages)
    while some := list(islice(rest, MANY)):
        for _key, payload in some:
            promised.check(payload)
        Message.objects.bulk_create(
            (Message(kind=kind, payload=dict(payload), key=key) for key, payload in some),
            ignore_conflicts=True,
        )
        written += len(some)
    return written
