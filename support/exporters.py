"""Tickets with what the customer wrote first, and the help texts."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from shop.exporters.registry import Row, exporter
from support.models import IntentSource, KnowledgeArticle, Message, MessageKind, Ticket

TICKET_COLUMNS = (
    "number", "customer", "order", "email", "subject", "body", "channel", "state", "intent",
    "created_at", "first_response_at", "csat",
)  # fmt: skip
ARTICLE_COLUMNS = ("code", "title", "body", "title_zh", "body_zh", "intent", "is_published")
NAMED_BY_A_PERSON = (IntentSource.AGENT, IntentSource.IMPORT)


def tickets() -> QuerySet[Ticket]:
    first = Message.objects.filter(ticket=OuterRef("pk"), kind=MessageKind.INBOUND)
    asked = Subquery(first.order_by("written_at", "pk").values("body")[:1])
    return Ticket.objects.select_related("customer", "order").annotate(asked=asked)


def tickets_left_out() -> list[str]:
    written = Ticket.objects.annotate(written=Count("messages")).aggregate(units=Sum("written"))
    silent = tickets().filter(asked=None).count()
    later = (written["units"] or 0) - (Ticket.objects.count() - silent)
    return [
        *([f"{later} later messages of these tickets"] if later else []),
        *([f"{silent} tickets in which no customer wrote"] if silent else []),
    ]


@exporter("tickets", tickets, TICKET_COLUMNS, left_out=tickets_left_out)
def ticket_rows(page: list[Ticket]) -> Iterable[Row]:
    """An intent only where a person named it: the shop's own model learns from what it reads."""
    for row in page:
        if row.asked is None:
            continue
        copied = ("number", "email", "subject", "channel", "state")
        yield {name: getattr(row, name) for name in copied} | {
            "customer": row.customer.code if row.customer else None,
            "order": row.order.number if row.order else None,
            "body": row.asked,
            "intent": row.intent if row.intent_source in NAMED_BY_A_PERSON else None,
            "created_at": row.opened_at,
            "first_response_at": row.first_response_at,
            "csat": row.csat,
        }


@exporter("knowledge", KnowledgeArticle, ARTICLE_COLUMNS)
def article_rows(page: list[KnowledgeArticle]) -> Iterable[Row]:
    return ({name: getattr(row, name) for name in ARTICLE_COLUMNS} for row in page)
