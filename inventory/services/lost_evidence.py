"""The events behind a figure of lost demand: the same reads again, for one SKU or one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from inventory.models import LostDemandDay, LostQuery
from shop.models import Event, EventKind, WaitlistEntry

MOST_SHOWN = 500


@dataclass(frozen=True)
class DayEvidence:
    """Everything that one SKU's day was counted from; at most MOST_SHOWN views, oldest first.

    forgotten: the event log no longer holds that day.
    """

    out_of_stock: list[tuple[datetime, datetime]]
    views: list[Event]
    view_count: int
    waitlist: list[WaitlistEntry]
    searches: list[Event]
    tickets: int = 0

    @property
    def forgotten(self) -> bool:
        return not (self.views or self.searches or self.waitlist or self.tickets)


def evidence_of_day(counted: LostDemandDay) -> DayEvidence:
    """As of the night that counted it."""
    import numpy as np

    from inventory import evidence  # numeric libraries

    window = evidence.Window(counted.day, counted.day, counted.as_of)
    rows = evidence.Rows(np.array([counted.variant_id]))
    spans = evidence.out_spans(window, rows)
    found = evidence.noticed(window, [EventKind.VIEW]).filter(variant=counted.variant_id)
    inside = [
        event
        for event in found.select_related("customer").order_by("received_at", "pk").iterator()
        if spans.covers(np.zeros(1, dtype=np.int64), np.array([moment_of(event).timestamp()]))[0]
    ]
    waitlist = WaitlistEntry.objects.filter(
        variant=counted.variant_id,
        created_at__gte=window.begins_at,
        created_at__lt=window.ends_at,
    )
    return DayEvidence(
        out_of_stock=[
            (_moment(start), _moment(end))
            for start, end in zip(spans.start, spans.end, strict=True)
        ],
        views=inside[:MOST_SHOWN],
        view_count=len(inside),
        waitlist=list(waitlist.in_turn()[:MOST_SHOWN]),
        searches=list(_searches_of_day(counted)),
        tickets=counted.tickets,
    )


def moment_of(event: Event) -> datetime:
    """When it happened by our clock (evidence.happened_at)."""
    ahead = timedelta(seconds=event.clock_ahead_seconds or 0)
    return min(event.occurred_at - ahead, event.received_at)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _searches_of_day(counted: LostDemandDay) -> Iterable[Event]:
    if not counted.searches:
        return
    for query in LostQuery.objects.filter(product__variants=counted.variant_id):
        for event in searches_of(query):
            if timezone.localtime(moment_of(event)).date() == counted.day:
                yield event


def searches_of(query: LostQuery) -> QuerySet[Event]:
    """The searches that a query without a result was counted from, newest first."""
    begins = timezone.make_aware(datetime.combine(query.first_day, datetime.min.time()))
    found = Event.objects.filter(
        kind=EventKind.SEARCH,
        query__in=query.spellings,
        properties__results=0,
        received_at__gte=begins,
        received_at__lt=query.as_of,
    )
    return found.select_related("customer").order_by("-received_at", "-pk")
