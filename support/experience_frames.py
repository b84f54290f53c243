"""Reads for the experience score: conversations as arrays, and what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from shop.models import Order, OrderState
from support.models import (
    Aspect,
    AspectMention,
    Handoff,
    Intent,
    MessageKind,
    Polarity,
    Ticket,
    TicketState,
)

if TYPE_CHECKING:
    from support.ml.experience import Conversations

ASPECTS = tuple(Aspect.values)
INTENTS = tuple(Intent.values)
CLOSED = (TicketState.SOLVED, TicketState.CLOSED)
CHUNK = 500


@dataclass(frozen=True)
class Facts:
    """One row a ticket, in the order asked for. who: customer's key, or −ticket where unknown."""

    ids: list[int]
    told: Conversations
    csat: list[int | None]
    who: list[int]
    opened: list[datetime]


def scorable(as_of: datetime) -> QuerySet[Ticket]:
    """Triaged, arrived before `as_of`, and their wait is known: answered, or still waiting.

    A ticket that was closed without a known answer (an import) tells no wait, so it has no score.
    """
    known = Q(first_response_at__isnull=False) | ~Q(state__in=CLOSED)
    return Ticket.objects.filter(known, opened_at__lt=as_of, sentiment__isnull=False)


def facts_of(tickets: Sequence[Ticket], as_of: datetime) -> Facts:
    """Three queries for each 500 tickets. Messages, hand-offs and answers of `as_of` or later are not
    read; mood and intent are as the last triage left them."""
    import numpy as np

    from support.ml.experience import Conversations

    again: dict[int, int] = {}
    handed: set[int] = set()
    blamed: dict[int, set[str]] = defaultdict(set)
    for start in range(0, len(tickets), CHUNK):
        ids = [ticket.pk for ticket in tickets[start : start + CHUNK]]
        again |= _messages(ids, as_of)
        handed |= _handed_off(ids, as_of)
        for ticket_id, aspect in _blame(ids, as_of):
            blamed[ticket_id].add(aspect)
    told = Conversations(
        wait_hours=np.array([_wait_hours(ticket, as_of) for ticket in tickets], dtype=float),
        mood=np.array([ticket.sentiment or 0.0 for ticket in tickets], dtype=float),
        again=np.array([max(0, again.get(t.pk, 1) - 1) for t in tickets], dtype=float),
        handed_off=np.array([ticket.pk in handed for ticket in tickets], dtype=bool),
        blamed=np.array(
            [[aspect in blamed[t.pk] for aspect in ASPECTS] for t in tickets], dtype=bool
        ).reshape(len(tickets), len(ASPECTS)),
        intent_idx=np.array(
            [INTENTS.index(t.intent) if t.intent in INTENTS else -1 for t in tickets], dtype=int
        ),
    )
    return Facts(
        [ticket.pk for ticket in tickets],
        told,
        [t.csat if t.csat_at is None or t.csat_at < as_of else None for t in tickets],
        [ticket.customer_id or -ticket.pk for ticket in tickets],
        [ticket.opened_at for ticket in tickets],
    )


def bought_again(tickets: QuerySet[Ticket], days: int) -> dict[int, bool]:
    """ticket → whether its customer placed an order within `days` after it; known customers only."""
    later = Order.objects.filter(
        customer=OuterRef("customer"),
        placed_at__gt=OuterRef("opened_at"),
        placed_at__lte=OuterRef("opened_at") + timedelta(days=days),
    ).exclude(state=OrderState.CANCELLED)
    rows = tickets.filter(customer__isnull=False).annotate(again=Exists(later))
    return dict(rows.values_list("pk", "again"))


def _wait_hours(ticket: Ticket, as_of: datetime) -> float:
    answered = ticket.first_response_at
    until = answered if answered and answered < as_of else as_of
    return max(0.0, (until - ticket.opened_at) / timedelta(hours=1))


def _messages(ids: list[int], as_of: datetime) -> dict[int, int]:
    written = Q(messages__kind=MessageKind.INBOUND, messages__written_at__lt=as_of)
    rows = (
        Ticket.objects.filter(pk__in=ids).order_by().annotate(n=Count("messages", filter=written))
    )
    return dict(rows.values_list("pk", "n"))


def _handed_off(ids: list[int], as_of: datetime) -> set[int]:
    rows = Handoff.objects.filter(ticket__in=ids, created_at__lt=as_of)
    return set(rows.order_by().values_list("ticket", flat=True))


def _blame(ids: list[int], as_of: datetime) -> QuerySet:
    return (
        AspectMention.objects.filter(
            reading__message__ticket__in=ids, polarity=Polarity.NEGATIVE, written_at__lt=as_of
        )
        .order_by()
        .values_list("reading__message__ticket", "aspect")
    )
