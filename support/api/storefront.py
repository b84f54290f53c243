"""A customer's conversation: opened once, read and continued by whoever holds its address."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.problems import Problem
from access.api.views import StorefrontView
from shop.models import Customer
from support.api import serializers as shapes
from support.models import Channel, Message, MessageKind, Ticket
from support.services.tickets import (
    NewTicket,
    TicketClosedError,
    add_inbound,
    open_ticket,
    rate_conversation,
)

SAID = ("id", "kind", "body", "written_at")


class Conversations(StorefrontView):
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.ConversationIn, responses={201: shapes.ConversationOut})
    def post(self, request: Request) -> Response:
        """Ask a question. The `id` in the answer is the conversation's address: keep it private."""
        said = self.checked(shapes.ConversationIn, request.data)
        customer = known_customer(said["customer"], said["email"])
        ticket = open_ticket(
            NewTicket(
                body=said["body"],
                subject=said["subject"],
                key=f"api:{service_key(request)}",
                customer=customer,
                email=said["email"],
                channel=channel_for(said["customer"], said["email"], customer),
            )
        )
        return Response(conversation_row(ticket), status=201)


class ConversationMessages(StorefrontView):
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=shapes.MessageOut(many=True))
    def get(self, request: Request, id: UUID) -> Response:
        """What was said on both sides, newest first; notes of the shop are not among it."""
        said = Message.objects.filter(ticket=ticket_of(id)).exclude(kind=MessageKind.NOTE)
        return self.page(said.values("pk", *SAID), lambda page: [_plain(row) for row in page])

    @extend_schema(request=shapes.MessageIn, responses={201: shapes.MessageOut})
    def post(self, request: Request, id: UUID) -> Response:
        """Say more; a solved question is open again, a closed one is refused."""
        body = self.checked(shapes.MessageIn, request.data)["body"]
        try:
            message = add_inbound(ticket_of(id), body, key=f"api:{service_key(request)}")
        except TicketClosedError as error:
            raise Problem("conflict", "The conversation is closed; open a new one.") from error
        return Response({name: getattr(message, name) for name in SAID}, status=201)


class ConversationRating(StorefrontView):
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.RatingIn, responses=shapes.RatingIn)
    def post(self, request: Request, id: UUID) -> Response:
        """How the customer found the conversation, 1 (bad) to 5 (good); a later answer replaces it."""
        csat = self.checked(shapes.RatingIn, request.data)["csat"]
        rate_conversation(ticket_of(id), csat)
        return Response({"csat": csat})


def known_customer(code: str, email: str) -> Customer | None:
    """The customer whose code and address both fit, or whose address it is.

    A code alone proves nothing: with it one could ask about somebody else's orders.
    """
    if not email:
        return None
    found = Customer.objects.filter(email__iexact=email).first()
    return found if found and (not code or found.code == code) else None


def channel_for(code: str, email: str, customer: Customer | None) -> str:
    """By e-mail wherever an address was given, unless the shop vouched for code and address: only
    then may an answer about orders stand where the asker can read it."""
    return Channel.WEB if email and not (code and customer) else Channel.CHAT


def ticket_of(public_id: UUID) -> Ticket:
    found = Ticket.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def conversation_row(ticket: Ticket) -> dict:
    return {
        "id": str(ticket.public_id),
        "number": ticket.number,
        "state": ticket.state,
        "with_person": ticket.handoffs.filter(resolved_at__isnull=True).exists(),
    }


def _plain(row: dict) -> dict:
    return {name: row[name] for name in SAID}
