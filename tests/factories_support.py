"""Tickets, messages and help texts for tests."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from support.models import KnowledgeArticle, Message, MessageKind, Ticket
from tests.factories import NOW

_numbers = count(1)


def make_ticket(body: str = "Where is my order?", *, at: datetime = NOW, **fields) -> Ticket:
    """An open ticket with one message of the customer; not triaged unless you say so."""
    number = fields.pop("number", f"T-{next(_numbers):05d}")
    ticket = Ticket.objects.create(
        number=number, opened_at=at, email=fields.pop("email", "a@example.com"), **fields
    )
    make_message(ticket, body, at=at)
    return ticket


def make_message(
    ticket: Ticket, body: str, *, kind: str = MessageKind.INBOUND, at: datetime = NOW
) -> Message:
    return Message.objects.create(
        ticket=ticket, key=f"test:{next(_numbers)}", kind=kind, body=body, written_at=at
    )


def make_article(code: str = "returns", **fields) -> KnowledgeArticle:
    return KnowledgeArticle.objects.create(
        code=code,
        title=fields.pop("title", "Returns"),
        body=fields.pop("body", "You can return unused goods within 30 days of delivery."),
        title_zh=fields.pop("title_zh", "退货"),
        body_zh=fields.pop("body_zh", "未使用的商品可在收货后30天内退货。"),
        **fields,
    )
