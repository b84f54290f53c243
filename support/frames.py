"""Reads for triage, drafting and training: rows in, plain values out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from shop.models import Order, OrderState, Return, Variant
from shop.money import format_money
from support.ml.triage import carries_risk, order_candidates, sku_candidates, wants_person
from support.models import IntentSource, Message, MessageKind, Ticket

LATEST_ORDER_DAYS = 120
MOST_RETURNS = 3
MOST_LABELLED = 50_000
_TIME_ORDER = ["written_at", "id"]


def inbound_texts(tickets: Sequence[Ticket]) -> dict[int, str]:
    """Ticket id → subject and what the customer wrote, oldest first. One query."""
    written: dict[int, list[str]] = {ticket.pk: [ticket.subject] for ticket in tickets}
    rows = Message.objects.filter(ticket__in=written, kind=MessageKind.INBOUND)
    for ticket_id, body in rows.order_by(*_TIME_ORDER).values_list("ticket_id", "body"):
        written[ticket_id].append(body)
    return {pk: "\n".join(part for part in parts if part) for pk, parts in written.items()}


def orders_named(tickets: Sequence[Ticket], texts: dict[int, str]) -> dict[int, Order]:
    """Ticket id → the order whose number stands in the text and which is this customer's own.

    The number of somebody else's order finds nothing, exactly like a number that does not exist.
    One query for all tickets.
    """
    wanted = {t.pk: order_candidates(texts[t.pk]) for t in tickets if t.customer_id}
    numbers = {number for found in wanted.values() for number in found}
    customers = {ticket.customer_id for ticket in tickets if ticket.customer_id}
    rows = Order.objects.filter(number__in=numbers, customer__in=customers)
    known = {(order.customer_id, order.number): order for order in rows}
    named = {}
    for ticket in tickets:
        for number in wanted.get(ticket.pk, []):
            order = known.get((ticket.customer_id, number))
            if order:
                named[ticket.pk] = order
                break
    return named


def reply_inputs(ticket: Ticket, message: Message, passages: list[dict], now: datetime) -> dict:
    """All that a draft is composed from, as JSON: see `ml.replies.compose_reply`."""
    text = f"{ticket.subject}\n{message.body}"
    order = ticket.order or _latest_order(ticket, now)
    with translation.override("zh-hans" if ticket.language == "zh" else "en"):
        return {
            "language": ticket.language,
            "intent": ticket.intent,
            "confidence": 1.0
            if ticket.intent_source != IntentSource.MODEL
            else ticket.intent_confidence or 0.0,
            "sentiment": round(ticket.sentiment or 0.0, 4),
            "wants_person": wants_person(text),
            "risk": carries_risk(text),
            "name": ticket.customer.name if ticket.customer else "",
            "shop": settings.SHOP_NAME,
            "message": {"ref": str(message.pk), "text": message.body[:300]},
            "order": _order_facts(order, was_named=bool(ticket.order_id)) if order else None,
            "returns": _return_facts(ticket, order),
            "stock": _stock_facts(text, now),
            "passages": passages,
        }


def labelled_texts(until: datetime) -> tuple[list[str], list[str], list[datetime]]:
    """What people called an intent by hand or import, oldest first: texts, labels, times.

    Never a model's own guess: a model that learned from its answers would only agree with itself.
    """
    tickets = list(
        Ticket.objects.filter(
            intent_source__in=[IntentSource.AGENT, IntentSource.IMPORT], opened_at__lt=until
        )
        .exclude(intent="")
        .order_by("-opened_at", "-id")[:MOST_LABELLED]
    )[::-1]
    texts: dict[int, str] = {}
    for start in range(0, len(tickets), 500):
        texts |= inbound_texts(tickets[start : start + 500])
    kept = [ticket for ticket in tickets if texts[ticket.pk].strip()]
    return (
        [texts[ticket.pk] for ticket in kept],
        [ticket.intent for ticket in kept],
        [ticket.opened_at for ticket in kept],
    )


def _latest_order(ticket: Ticket, now: datetime) -> Order | None:
    if not ticket.customer_id:
        return None
    since = now - timedelta(days=LATEST_ORDER_DAYS)
    return (
        Order.objects.filter(customer=ticket.customer_id, placed_at__gte=since, placed_at__lte=now)
        .order_by("-placed_at", "-id")
        .first()
    )


def _order_facts(order: Order, *, was_named: bool) -> dict[str, Any]:
    moves = {move.to_state: move for move in order.transitions.all()}
    shipped = moves.get(OrderState.SHIPPED) or moves.get(OrderState.PART_SHIPPED)
    return {
        "number": order.number,
        "state": order.state,
        "placed_on": _day(order.placed_at),
        "dates": {state: _day(move.at) for state, move in moves.items()},
        "tracking": shipped.note if shipped else "",
        "total": format_money(order.total_minor, order.currency),
        "can_cancel": order.can_become(OrderState.CANCELLED),
        "was_named": was_named,
    }


def _return_facts(ticket: Ticket, order: Order | None) -> list[dict[str, Any]]:
    if not ticket.customer_id or order is None:
        return []
    rows = Return.objects.filter(order=order, customer=ticket.customer_id)[:MOST_RETURNS]
    return [
        {
            "number": row.number,
            "on": _day(row.returned_at),
            "refund": format_money(row.refund_minor, row.currency),
        }
        for row in rows
    ]


def _stock_facts(text: str, now: datetime) -> list[dict[str, Any]]:
    """SKUs named in the text: whether one can be bought now. Never a count: it would be old."""
    skus = sku_candidates(text)
    if not skus:
        return []
    found = Variant.objects.on_sale().filter(sku__in=skus).select_related("product")[:3]
    sellable = set(Variant.objects.sellable(now).filter(sku__in=skus).values_list("pk", flat=True))
    return [
        {
            "sku": variant.sku,
            "name": str(variant.product),
            "is_available": variant.pk in sellable,
            "at": timezone.localtime(now).strftime("%Y-%m-%d %H:%M"),
        }
        for variant in found
    ]


def _day(at: datetime) -> str:
    return timezone.localtime(at).date().isoformat()
