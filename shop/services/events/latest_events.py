"""Keep the newest events of every customer and kind (models/event_recency.py), and ask them.

The night takes over what has arrived since the last one. Whoever writes events that arrived long
ago (an import, a late batch) says so in the same transaction; until the next night readers then
ask the log alone. So what is answered is always what the log would answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Value
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from shop.models import LatestEvent, LatestState
from shop.models.event_recency import PLACES
from shop.models.events import WATCHED_KINDS

# Nothing asks for more than 730 days (marketing/definitions/rules.py).
LOOK_BACK = timedelta(days=731)
# An event is committed within a moment of its arrival; one that is not counts as old.
SETTLED, OLD = timedelta(hours=1), timedelta(minutes=30)
# As EventQuerySet.allowed.
ALLOWED = "(consent OR kind NOT IN ({}))".format(", ".join(f"'{kind}'" for kind in WATCHED_KINDS))
TAKE_OVER = """
    INSERT INTO shop_latestevent (customer_id, kind, place, received_at, event_pk)
    SELECT customer_id, kind, place, received_at, event_pk FROM (
        SELECT customer_id, kind, received_at, event_pk, row_number() OVER (
            PARTITION BY customer_id, kind ORDER BY received_at DESC, event_pk DESC
        ) AS place
        FROM (
            SELECT customer_id, kind, received_at, id AS event_pk FROM shop_event
            WHERE customer_id IS NOT NULL AND received_at > %s AND received_at <= %s
            AND {allowed}
            UNION
            SELECT customer_id, kind, received_at, event_pk FROM shop_latestevent
            WHERE received_at <= %s
        ) AS known
    ) AS ranked
    WHERE place <= {places}
    ON CONFLICT (customer_id, kind, place)
    DO UPDATE SET received_at = excluded.received_at, event_pk = excluded.event_pk
    WHERE shop_latestevent.event_pk <> excluded.event_pk
"""
# Of the customers who did something since: only their rows can change.
TOUCHED = """
            AND EXISTS (
                SELECT 1 FROM shop_event AS fresh
                WHERE fresh.customer_id = shop_latestevent.customer_id
                AND fresh.received_at > %s AND fresh.received_at <= %s
            )
"""
DOERS = f"""
    SELECT customer_id FROM shop_latestevent WHERE kind = %s AND place = %s AND received_at > %s
    UNION ALL
    SELECT fresh.customer_id FROM (
        SELECT customer_id, COUNT(*) AS times FROM shop_event
        WHERE kind = %s AND customer_id IS NOT NULL AND received_at > %s AND received_at <= %s
        AND {ALLOWED}
        GROUP BY customer_id
    ) AS fresh
    LEFT JOIN shop_latestevent AS older
    ON older.customer_id = fresh.customer_id AND older.kind = %s
    AND older.place = %s - fresh.times
    WHERE fresh.times >= %s OR older.received_at > %s
"""


class Did(Func):
    """Whether the customer of this key is among those whom a statement names.

    EXISTS over the statement itself is a join to PostgreSQL (an anti-join behind NOT), whose size it
    knows. A list to look in, or a subquery on customers around it, is entered once per customer.
    """

    conditional = True
    output_field = BooleanField()

    def __init__(self, customer: Any, statement: str, values: Sequence[Any]):
        super().__init__(customer)
        self.statement, self.values = statement, tuple(values)

    def as_sql(
        self, compiler: Any, connection: Any, *_form: Any, **_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        customer, found = compiler.compile(self.source_expressions[0])
        exists = f"EXISTS (SELECT 1 FROM ({self.statement}) AS did WHERE customer_id = {customer})"
        return exists, (*self.values, *found)


def refresh_latest(until: datetime) -> dict[str, Any]:
    """Take over events received until `until`, an hour ago at most. One transaction; twice changes
    nothing. The first time reads two years of the log, later nights what is new."""
    until = min(until, timezone.now() - SETTLED)
    with transaction.atomic():
        LatestState.objects.get_or_create(pk=1)
        state = LatestState.objects.select_for_update().get(pk=1)
        since = _since(state, until)
        if since >= until:
            return {"through": state.through, "written": 0}
        with connection.cursor() as cursor:
            cursor.execute(*_take_over(since, until, is_first=state.through is None))
            written = cursor.rowcount
        through = max(until, state.through or until)
        LatestState.objects.filter(pk=1).update(through=through, dirty_from=None)
    return {"through": through, "written": written}


def _since(state: LatestState, until: datetime) -> datetime:
    known = [at for at in (state.through, state.dirty_from) if at is not None]
    if state.through is None:
        return until - LOOK_BACK
    return min(known) - timedelta(microseconds=1 if state.dirty_from else 0)


def _take_over(since: datetime, until: datetime, *, is_first: bool) -> tuple[str, list[Any]]:
    """An older import is read again up to `through` too: UNION knows what is there already."""
    first, last = (_moment(at) for at in (since, until))
    sql = TAKE_OVER.format(places=PLACES, allowed=ALLOWED)
    if is_first:
        return sql, [first, last, last]
    head, tail = sql.split("WHERE received_at <= %s\n")
    return f"{head}WHERE received_at <= %s\n{TOUCHED}{tail}", [first, last, last, first, last]


def mark_old(first: datetime) -> None:
    """Events received from `first` on were just written; belongs in their transaction.

    Nothing happens for what has only just arrived. The row's lock makes the night wait for us, so
    that it cannot take over a stretch of time of which we are still writing a part.
    """
    if first > timezone.now() - OLD:
        return
    LatestState.objects.filter(pk=1, through__isnull=False).update(
        dirty_from=Least(Coalesce(F("dirty_from"), Value(first)), Value(first))
    )


def forget_latest_before(oldest: datetime) -> int:
    """What the log has forgotten is forgotten here; older places of a customer are the last ones."""
    return LatestEvent.objects.filter(received_at__lt=oldest).delete()[0]


def taken_over_until() -> datetime | None:
    """Up to when the latest events say all of the log; None while they cannot be asked."""
    state = LatestState.objects.filter(pk=1).first()
    return state.through if state and state.dirty_from is None else None


def did(kind: str, times: int, window: tuple[datetime, datetime], through: datetime) -> Did:
    """Of a customer: at least `times` (1 … PLACES) events of a kind in (window[0], window[1]].

    through: `taken_over_until()`, not later than the window's end.
    """
    start, end = window
    since = max(start, through)
    params = [
        kind, times, _moment(start),
        kind, _moment(since), _moment(end),
        kind, times, times, _moment(start),
    ]  # fmt: skip
    return Did(F("pk"), DOERS, params)


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
