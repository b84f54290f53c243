"""Draft an answer from records, or hand the question to a person. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import Decision
from decisions.services.receipts import Proposal, record_decision, supersede
from decisions.text import sentence
from support.frames import reply_inputs
from support.ml.replies import compose_reply
from support.models import Draft, DraftState, Handoff, Message, MessageKind, Ticket, TicketState
from support.services.handoffs import hand_off

HEADLINE = gettext_noop("Answer %(number)s: %(quote)s")
WHY = gettext_noop("Every sentence names the record behind it; records used: %(records)s.")
NIGHT_DAYS = 30


def draft_reply(ticket_id: int, *, now: datetime | None = None) -> Draft | Handoff | None:
    """One draft for the customer's last message, or one hand-off; None when nothing waits.

    1. Read the records. 2. Compose (pure). 3. Write receipt and draft, both or neither.
    """
    from support.services.knowledge import find_passages  # loads numpy

    now = now or timezone.now()
    ticket = Ticket.objects.select_related("customer", "order").get(pk=ticket_id)
    message = last_unanswered(ticket)
    if message is None or ticket.triaged_at is None:
        return None
    known = Draft.objects.filter(answers=message).first()
    if known:
        return known
    question = f"{ticket.subject}\n{message.body}"
    passages = find_passages(
        question, ticket.language, ticket.intent, intent_is_sure=ticket.intent_is_sure
    )
    inputs = reply_inputs(ticket, message, passages, now)
    output = compose_reply(inputs)
    if output["handoff"]:
        close_open_drafts(ticket)
        return hand_off(ticket, output["handoff"], key=f"message:{message.pk}")
    return _write(ticket, message, inputs, output)


def draft_waiting(progress: Progress, *, now: datetime, most: int = 200) -> dict[str, int]:
    """The night: open tickets of the last month without draft, soonest promise first."""
    # A draft that a person discarded is not proposed again, or it would fill every night's list.
    decided = Draft.objects.filter(state__in=[DraftState.OPEN, DraftState.DISCARDED])
    in_hands = Handoff.objects.filter(resolved_at__isnull=True)
    waiting = (
        Ticket.objects.waiting_for_us()
        .filter(triaged_at__isnull=False, opened_at__gte=now - timedelta(days=NIGHT_DAYS))
        .filter(opened_at__lt=now)
        .exclude(pk__in=decided.values("ticket"))
        .exclude(pk__in=in_hands.values("ticket"))
        .order_by("sla_due_at", "pk")
    )
    ids = list(waiting.values_list("pk", flat=True)[:most])
    counts = {"drafts": 0, "handoffs": 0}
    for done, ticket_id in enumerate(ids):
        progress(done, len(ids))
        made = draft_reply(ticket_id, now=now)
        counts["drafts"] += isinstance(made, Draft)
        counts["handoffs"] += isinstance(made, Handoff)
    progress(len(ids), len(ids))
    return counts


def last_unanswered(ticket: Ticket) -> Message | None:
    """The customer's last message, if it came after our last one and the ticket is open."""
    if ticket.state != TicketState.OPEN:
        return None
    spoken = ticket.messages.exclude(kind=MessageKind.NOTE).order_by("-written_at", "-id").first()
    return spoken if spoken and spoken.kind == MessageKind.INBOUND else None


def close_open_drafts(ticket: Ticket, keep: Iterable[str] = ()) -> None:
    """An older draft answers an older message: it and its receipt step aside."""
    supersede(f"reply:{ticket.pk}:", keep=set(keep))
    ticket.drafts.filter(state=DraftState.OPEN).update(
        state=DraftState.SUPERSEDED, closed_at=timezone.now()
    )


def _write(ticket: Ticket, message: Message, inputs: dict, output: dict) -> Draft:
    key = f"reply:{ticket.pk}:{message.pk}"
    try:
        with transaction.atomic():
            close_open_drafts(ticket, keep={key})
            decision = record_decision(_proposal(ticket, message, inputs, output))
            return Draft.objects.create(
                ticket=ticket,
                answers=message,
                decision=decision,
                language=inputs["language"],
                body=output["body"],
                citations=output["citations"],
            )
    except IntegrityError:  # a rival worker drafted the same message
        known = Draft.objects.filter(answers=message).first()
        if known is None:
            raise
        return known


def _proposal(ticket: Ticket, message: Message, inputs: dict, output: dict) -> Proposal:
    return Proposal(
        kind="reply",
        key=f"reply:{ticket.pk}:{message.pk}",
        subject=f"ticket:{ticket.number}",
        headline=sentence(
            HEADLINE,
            number=ticket.number,
            quote=" ".join((ticket.subject or message.body).split())[:80],
        ),
        why=sentence(WHY, records=len(output["citations"])),
        inputs=inputs,
        output=output,
        model_run=ticket.model_run,
        score_parts=[
            {"name": "intent", "value": inputs["confidence"]},
            *({"name": row["code"], "value": row["score"]} for row in inputs["passages"]),
        ],
        deadline_at=None,
    )


def draft_of(decision: Decision) -> Draft:
    """Raises Draft.DoesNotExist."""
    return Draft.objects.select_related("ticket__customer", "answers").get(decision=decision)
