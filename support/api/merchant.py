"""Tickets for staff and their programs, by role. A reply goes the same way as from the inbox."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.problems import Problem
from access.api.views import MerchantView
from decisions.kinds import CannotCarryOutError
from decisions.services.receipts import DecisionClosedError
from support.api import serializers as shapes
from support.models import Draft, DraftState, Message, Ticket
from support.services import replies

PLAIN = (
    *("number", "subject", "state", "channel", "language", "intent", "intent_confidence"),
    *("sentiment", "urgency", "opened_at", "sla_due_at", "first_response_at"),
)
PATHS = {"customer": "customer__code", "order": "order__number"}
SAID = ("id", "kind", "body", "written_at")
MOST_MESSAGES = 200
REFUSALS = {
    replies.NoAddressError: "No address is known to answer to.",
    replies.EmptyReplyError: "There is nothing to send.",
    replies.DraftClosedError: "The draft was sent or replaced meanwhile.",
    DecisionClosedError: "The draft was sent or refused meanwhile.",
    CannotCarryOutError: "The reply cannot be sent.",
}


class Tickets(MerchantView):
    needs = {"GET": "support.view_ticket"}

    @extend_schema(parameters=[shapes.TicketFilter], responses=shapes.TicketOut(many=True))
    def get(self, request: Request) -> Response:
        """Tickets, newest first."""
        chosen = self.checked(shapes.TicketFilter, request.query_params)
        paths = {"state": "state", "intent": "intent", "customer": "customer__code"}
        rows = Ticket.objects.filter(**{paths[name]: value for name, value in chosen.items()})
        return self.page(rows.values("pk", *PLAIN, *PATHS.values()), _shaped)


class TicketDetail(MerchantView):
    needs = {"GET": "support.view_ticket"}

    @extend_schema(responses=shapes.TicketDetailOut)
    def get(self, request: Request, number: str) -> Response:
        """One ticket with its conversation, the draft that waits, and the open hand-off."""
        ticket = ticket_of(number)
        [row] = _shaped(Ticket.objects.filter(pk=ticket.pk).values(*PLAIN, *PATHS.values()))
        said = ticket.messages.order_by("-written_at", "-id").values(*SAID)[:MOST_MESSAGES]
        draft = Draft.objects.filter(ticket=ticket, state=DraftState.OPEN)
        handoff = ticket.handoffs.filter(resolved_at__isnull=True)
        row["messages"] = list(said)[::-1]
        row["draft"] = draft.values("id", "body", "language", "citations").first()
        row["handoff"] = handoff.values("cause", "created_at").first()
        return Response(row)


class TicketReplies(MerchantView):
    needs = {"POST": "support.change_ticket"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.ReplyIn, responses={201: shapes.MessageOut})
    def post(self, request: Request, number: str) -> Response:
        """Send a reply; with `draft`, the text is kept beside the draft that it came from."""
        said = self.checked(shapes.ReplyIn, request.data)
        ticket = ticket_of(number)
        try:
            message = _send(request, ticket, said)
        except tuple(REFUSALS) as error:
            raise Problem("conflict", REFUSALS[type(error)]) from error
        return Response({name: getattr(message, name) for name in SAID}, status=201)


def ticket_of(number: str) -> Ticket:
    found = Ticket.objects.select_related("customer").filter(number=number).first()
    if found is None:
        raise Http404
    return found


def _send(request: Request, ticket: Ticket, said: dict) -> Message:
    if said["draft"] is None:
        return replies.send_reply(
            ticket, said["body"], key=f"api:{service_key(request)}", by=request.user
        )
    draft = Draft.objects.select_related("decision", "ticket__customer")
    found = draft.filter(pk=said["draft"], ticket=ticket).first()
    if found is None:
        raise Http404
    return replies.send_draft(found, said["body"], by=request.user)


def _shaped(page: QuerySet | list[dict]) -> list[dict]:
    return [
        {name: row[name] for name in PLAIN} | {name: row[path] for name, path in PATHS.items()}
        for row in page
    ]
