"""Say what others must hear of, in the transaction that makes it true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outbox.kinds import kind_of
from outbox.models import Message


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
