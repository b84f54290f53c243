"""Open a ticket, add to it, move it along. Every write may come twice and counts once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from decisions.services.jobs import enqueue
from shop.models import Customer
from support.models import Channel, Handoff, IntentSource, Message, MessageKind, Ticket, TicketState
from support.models.tickets import TRANSITIONS


class TicketClosedError(Exception):
    """The ticket is closed: a new question opens a new ticket."""


class StateChangeError(Exception):
    """A ticket cannot go from its state to that one."""


@dataclass(frozen=True)
class NewTicket:
    """What arrives. key: the sender's own, so that sending twice opens one ticket."""

    body: str
    key: str
    subject: str = ""
    customer: Customer | None = None
    email: str = ""
    channel: str = Channel.EMAIL
    opened_at: datetime | None = None


def open_ticket(new: NewTicket) -> Ticket:
    """Write the ticket with its first message and ask for triage. The same key, the same ticket."""
    known = Ticket.objects.filter(idempotency_key=new.key).first()
    if known:
        return known
    at = new.opened_at or timezone.now()
    try:
        with transaction.atomic():
            ticket = Ticket.objects.create(
                number=f"new-{uuid.uuid4().hex}",
                idempotency_key=new.key,
                customer=new.customer,
                email=new.email,
                subject=new.subject[:300],
                channel=new.channel,
                opened_at=at,
            )
            ticket.number = _number(ticket.pk)
            ticket.sla_due_at = at + ticket.promised_within
            ticket.save(update_fields=["number", "sla_due_at"])
            message = _write(ticket, f"open:{new.key}", new.body, at=at)
            ask_for_triage(ticket, message)
    except IntegrityError:  # a rival request with the same key was first
        found = Ticket.objects.filter(idempotency_key=new.key).first()
        if found is None:
            raise
        return found
    return ticket


def _number(pk: int) -> str:
    """What people say on the phone: short, and the row's own key. A number that a file of another
    help desk brought along is taken: then with a 2 behind it, and so on."""
    usual = f"S-{pk:05d}"
    for again in count(2):
        if not Ticket.objects.filter(number=usual).exists():
            break
        usual = f"S-{pk:05d}-{again}"
    return usual


def add_inbound(ticket: Ticket, body: str, *, key: str, at: datetime | None = None) -> Message:
    """The customer writes again: the ticket is open once more and is triaged anew.

    Raises TicketClosedError.
    """
    full_key = f"in:{ticket.pk}:{key}"
    known = Message.objects.filter(key=full_key).first()
    if known:
        return known
    with transaction.atomic():
        # One conditional UPDATE: a rival who closes the ticket at this moment is seen.
        reopened = Ticket.objects.filter(pk=ticket.pk).exclude(state=TicketState.CLOSED)
        if not reopened.update(state=TicketState.OPEN, solved_at=None):
            raise TicketClosedError(ticket.number)
        message, created = Message.objects.get_or_create(
            key=full_key,
            defaults={
                "ticket": ticket,
                "kind": MessageKind.INBOUND,
                "body": body,
                "written_at": at or timezone.now(),
            },
        )
        if created:
            ask_for_triage(ticket, message)
    ticket.state = TicketState.OPEN
    return message


def add_note(ticket: Ticket, body: str, *, key: str, by: Any = None) -> Message:
    message, _created = Message.objects.get_or_create(
        key=f"note:{ticket.pk}:{key}",
        defaults={"ticket": ticket, "kind": MessageKind.NOTE, "body": body, "author": by},
    )
    return message


def move(ticket: Ticket, state: str) -> Ticket:
    """Raises StateChangeError when the ticket, as it is in the database, may not go there."""
    allowed = [old for old, targets in TRANSITIONS.items() if state in targets]
    solved_at = timezone.now() if state == TicketState.SOLVED else None
    changes: dict[str, Any] = {"state": state}
    if state != TicketState.CLOSED:
        changes["solved_at"] = solved_at
    with transaction.atomic():
        if not Ticket.objects.filter(pk=ticket.pk, state__in=allowed).update(**changes):
            raise StateChangeError(f"{ticket.number} is {ticket.state} and cannot become {state}")
        if state in (TicketState.SOLVED, TicketState.CLOSED):
            Handoff.objects.filter(ticket=ticket, resolved_at__isnull=True).update(
                resolved_at=timezone.now()
            )
    ticket.refresh_from_db()
    return ticket


def assign(ticket: Ticket, to: Any) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(assigned_to=to)
    ticket.assigned_to = to


def correct_intent(ticket: Ticket, intent: str) -> None:
    """A person says what the question is. From now on it is something to learn from."""
    Ticket.objects.filter(pk=ticket.pk).update(
        intent=intent, intent_confidence=None, intent_source=IntentSource.AGENT, model_run=None
    )
    ticket.intent, ticket.intent_source = intent, IntentSource.AGENT
    ticket.intent_confidence = None


def ask_for_triage(ticket: Ticket, message: Message) -> None:
    enqueue("triage_ticket", {"ticket_id": ticket.pk}, key=f"triage:{ticket.pk}:{message.pk}")


def _write(ticket: Ticket, key: str, body: str, *, at: datetime) -> Message:
    return Message.objects.create(
        ticket=ticket, key=key, kind=MessageKind.INBOUND, body=body, written_at=at
    )


def rate_conversation(ticket: Ticket, csat: int, *, at: datetime | None = None) -> None:
    """What the customer said of it, 1 to 5. The same answer again changes nothing, not even its time."""
    Ticket.objects.filter(pk=ticket.pk).exclude(csat=csat).update(
        csat=csat, csat_at=at or timezone.now()
    )
