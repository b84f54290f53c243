"""What a ticket is about, in which language and mood, about which order, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from decisions.jobs import Progress
from language.detection import detect_language
from language.sentiment import sentiments_of
from shop.models import Order, OrderState
from support.frames import inbound_texts, orders_named
from support.ml.triage import urgency_of
from support.models import Intent, IntentSource, Ticket
from support.services.readers import serving_reader

BATCH = 200


def triage_ticket(ticket_id: int, *, now: datetime | None = None) -> Ticket:
    """Read the whole conversation again and write what was found. Twice gives the same."""
    ticket = Ticket.objects.select_related("order", "customer").get(pk=ticket_id)
    triage_tickets([ticket], now=now or timezone.now())
    return ticket


def triage_waiting(progress: Progress, *, most: int = 2000) -> int:
    """The night: what no worker has looked at, newest first, so that today's come before old ones."""
    waiting = Ticket.objects.untriaged().order_by("-opened_at", "-id")
    ids = list(waiting.values_list("pk", flat=True)[:most])
    for start in range(0, len(ids), BATCH):
        progress(start, len(ids))
        tickets = list(
            Ticket.objects.select_related("order", "customer").filter(
                pk__in=ids[start : start + BATCH]
            )
        )
        triage_tickets(tickets, now=timezone.now())
    progress(len(ids), len(ids))
    return len(ids)


def triage_tickets(tickets: Sequence[Ticket], *, now: datetime) -> None:
    """One pass over the models for all of them, then one short transaction."""
    texts = inbound_texts(tickets)
    ordered = [texts[ticket.pk] for ticket in tickets]
    languages = [detect_language(text).language for text in ordered]
    reader, run = serving_reader()
    guesses = reader.read(ordered)
    moods = [
        sentiments_of([text], language)[0].score if text.strip() else 0.0
        for text, language in zip(ordered, languages, strict=True)
    ]
    orders = orders_named(tickets, texts)
    with transaction.atomic():
        for place, ticket in enumerate(tickets):
            order = ticket.order or orders.get(ticket.pk)
            found: dict[str, Any] = {
                "language": languages[place],
                "sentiment": round(moods[place], 4),
                "order": order,
                "triaged_at": now,
            }
            if ticket.intent_source not in (IntentSource.AGENT, IntentSource.IMPORT):
                found |= {
                    "intent": _known(guesses[place].label),
                    "intent_confidence": guesses[place].confidence,
                    "intent_source": IntentSource.MODEL,
                    "model_run": run,
                }
            _write(ticket, found, ordered[place])


def _write(ticket: Ticket, found: dict[str, Any], text: str) -> None:
    intent = found.get("intent", ticket.intent)
    found["urgency"] = urgency_of(text, intent, found["sentiment"], _is_unsent(found["order"]))
    for name, value in found.items():
        setattr(ticket, name, value)
    # The promise is made at arrival and kept: a later message must not push it back.
    if not ticket.first_response_at:
        found["sla_due_at"] = ticket.sla_due_at = ticket.opened_at + ticket.promised_within
    current = Ticket.objects.filter(pk=ticket.pk)
    if "intent" in found:  # an agent who named the intent meanwhile keeps the last word
        current = current.exclude(intent_source=IntentSource.AGENT)
    if not current.update(**found):
        kept = {k: v for k, v in found.items() if not k.startswith(("intent", "model_run"))}
        Ticket.objects.filter(pk=ticket.pk).update(**kept)


def _known(label: str) -> str:
    return label if label in Intent.values else Intent.OTHER


def _is_unsent(order: Order | None) -> bool:
    return bool(order and order.state in (OrderState.PLACED, OrderState.PAID))
