"""Pass a question to a person: a typed row with its cause, and a note in the conversation."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from decisions.text import render, sentence
from support.models import Handoff, HandoffCause, MessageKind, Ticket
from support.models.tickets import Message

SUMMARY = gettext_noop("The customer wrote: “%(quote)s”")
QUOTE_CHARACTERS = 140


def hand_off(
    ticket: Ticket, cause: str, *, key: str, by: Any = None, to_user: Any = None
) -> Handoff:
    """Write the hand-off and always a note. The same key gives the first one."""
    full_key = f"handoff:{ticket.pk}:{key}"
    summary = _summary(ticket)
    with transaction.atomic():
        handoff, created = Handoff.objects.get_or_create(
            key=full_key,
            defaults={
                "ticket": ticket,
                "cause": cause,
                "summary": summary,
                "by": by,
                "to_user": to_user,
            },
        )
        if created:
            Message.objects.get_or_create(
                key=full_key,
                defaults={
                    "ticket": ticket,
                    "kind": MessageKind.NOTE,
                    "body": f"{HandoffCause(cause).label}. {render(summary)}",
                    "author": by,
                },
            )
            if to_user:
                Ticket.objects.filter(pk=ticket.pk).update(assigned_to=to_user)
    return handoff


def _summary(ticket: Ticket) -> dict:
    last = ticket.messages.filter(kind=MessageKind.INBOUND).order_by("-written_at", "-id").first()
    quote = " ".join((last.body if last else ticket.subject).split())
    ending = "…" if len(quote) > QUOTE_CHARACTERS else ""
    return sentence(SUMMARY, quote=quote[:QUOTE_CHARACTERS] + ending)
