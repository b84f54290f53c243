"""The inbox: what waits on the left, the conversation in the middle, the customer on the right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from decisions.kinds import CannotCarryOutError
from decisions.services.receipts import DecisionClosedError
from shop.models import Order
from shop.money import format_money
from support import experience_page
from support.models import Draft, DraftState, HandoffCause, Intent, Ticket, TicketState
from support.services import handoffs, replies, tickets

MOST_ROWS = 60
MOST_MESSAGES = 200
MOST_ORDERS = 5
VIEWS = ("open", "mine", "pending", "solved", "all")
UPSET, PLEASED = -0.2, 0.35  # of −1 … 1: quiet labels only, nothing is decided by them


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("support.view_ticket"):
        raise PermissionDenied
    view = request.GET.get("view", "open")
    view = view if view in VIEWS else "open"
    search = _plain(request.GET.get("q", "").strip()[:100])
    now = timezone.now()
    rows = list(_listed(request, view, search)[:MOST_ROWS])
    chosen = _chosen(_plain(request.GET.get("ticket", "")), rows)
    context = admin.site.each_context(request) | {
        "title": _("Inbox"),
        "views": _views(request, view),
        "search": search,
        "rows": [_row(ticket, now) for ticket in rows],
        "is_cut": len(rows) == MOST_ROWS,
        "is_asked": "ticket" in request.GET,
        "query": urlencode({"view": view, "q": search}),
        "may_change": request.user.has_perm("support.change_ticket"),
    }
    if chosen:
        context |= _conversation(chosen, now) | _customer(chosen, request.user)
        context |= experience_page.of_ticket(chosen, request.user)
    return render(request, "support/inbox.html", context)


def _plain(text: str) -> str:
    """Without NUL, which PostgreSQL takes in no comparison."""
    return text.replace("\x00", "")


@require_POST
def act(request: HttpRequest, number: str) -> HttpResponse:
    """One verb on one ticket; back to the same place with what came of it."""
    if not request.user.has_perm("support.change_ticket"):
        raise PermissionDenied
    verb = _VERBS.get(request.POST.get("verb", ""))
    if verb is None:
        return HttpResponseBadRequest("unknown verb")
    ticket = get_object_or_404(Ticket.objects.select_related("customer"), number=number)
    try:
        messages.success(request, verb(request, ticket))
    except tickets.StateChangeError:
        messages.error(request, _("Somebody moved this ticket meanwhile."))
    except (replies.DraftClosedError, DecisionClosedError, Draft.DoesNotExist):
        messages.error(request, _("This draft was sent or replaced meanwhile."))
    except (replies.NoAddressError, replies.EmptyReplyError, CannotCarryOutError) as error:
        messages.error(
            request, _(_REFUSALS[type(error)]) if type(error) in _REFUSALS else str(error)
        )
    query = {"view": request.POST.get("view", "open"), "ticket": number}
    return redirect(f"{reverse('admin:support_inbox')}?{urlencode(query)}")


def _listed(request: HttpRequest, view: str, search: str) -> QuerySet[Ticket]:
    rows = Ticket.objects.select_related("customer", "assigned_to")
    if view == "mine":
        rows = rows.filter(assigned_to=request.user).exclude(state=TicketState.CLOSED)
    elif view != "all":
        rows = rows.filter(state=view)
    if search:
        rows = rows.filter(
            Q(number__iexact=search)
            | Q(subject__icontains=search)
            | Q(customer__name__icontains=search)
            | Q(customer__email__iexact=search)
            | Q(order__number__iexact=search)
        )
    if view in ("open", "mine"):
        return rows.order_by(F("sla_due_at").asc(nulls_last=True), "pk")
    return rows.order_by("-opened_at", "-pk")


def _chosen(number: str, rows: list[Ticket]) -> Ticket | None:
    """The ticket asked for, even when the filter does not show it; else the first of the list."""
    if number:
        found = Ticket.objects.select_related("customer", "order", "assigned_to")
        return found.filter(number=number).first()
    return rows[0] if rows else None


def _views(request: HttpRequest, chosen: str) -> list[dict[str, Any]]:
    counts = Ticket.objects.aggregate(
        open=Count("pk", filter=Q(state=TicketState.OPEN)),
        mine=Count("pk", filter=Q(assigned_to=request.user) & ~Q(state=TicketState.CLOSED)),
        pending=Count("pk", filter=Q(state=TicketState.PENDING)),
    )
    names = {
        "open": _("Open"),
        "mine": _("Mine"),
        "pending": _("Waiting for customer"),
        "solved": _("Solved"),
        "all": _("All"),
    }
    return [
        {"key": key, "name": names[key], "count": counts.get(key), "is_chosen": key == chosen}
        for key in VIEWS
    ]


def _row(ticket: Ticket, now: datetime) -> dict[str, Any]:
    waits = ticket.state == TicketState.OPEN and not ticket.first_response_at
    return {
        "ticket": ticket,
        "who": _who(ticket),
        "due_at": ticket.sla_due_at if waits else None,
        "is_late": waits and ticket.is_late(now),
        "far": _distance(ticket.sla_due_at, now) if waits and ticket.sla_due_at else "",
    }


def _distance(due: datetime, now: datetime) -> str:
    """Minutes or hours or days, one unit: what an agent sorts a morning by."""
    return timesince(min(due, now), max(due, now), depth=1)


def _who(ticket: Ticket) -> str:
    return str(ticket.customer or ticket.email or _("Unknown customer"))


def _conversation(ticket: Ticket, now: datetime) -> dict[str, Any]:
    spoken = ticket.messages.select_related("author").order_by("-written_at", "-id")
    draft = (
        Draft.objects.filter(ticket=ticket, state=DraftState.OPEN)
        .select_related("decision")
        .first()
    )
    handoff = ticket.handoffs.filter(resolved_at__isnull=True).select_related("to_user").first()
    return {
        "ticket": ticket,
        "who": _who(ticket),
        "row": _row(ticket, now),
        "messages_shown": list(spoken[:MOST_MESSAGES])[::-1],
        "draft": draft,
        "handoff": handoff,
        "mood": _mood(ticket.sentiment),
        "is_unsure": not ticket.intent_is_sure,
        "intents": Intent.choices,
        "goes_by_mail": ticket.channel in replies.BY_MAIL,
    }


def _mood(sentiment: float | None) -> str:
    if sentiment is None:
        return ""
    if sentiment < UPSET:
        return _("upset")
    return _("pleased") if sentiment > PLEASED else _("calm")


def _customer(ticket: Ticket, user: Any) -> dict[str, Any]:
    """Orders and value for those who may see orders; other tickets for everybody here."""
    if ticket.customer is None:
        return {}
    others = ticket.customer.tickets.exclude(pk=ticket.pk).order_by("-opened_at")
    found: dict[str, Any] = {"others": list(others[:MOST_ORDERS])}
    if user.has_perm("shop.view_order"):
        orders = Order.objects.filter(customer=ticket.customer).exclude(state="cancelled")
        sums = orders.values("currency").annotate(n=Count("pk"), minor=Sum("total_minor"))
        recent = Order.objects.filter(customer=ticket.customer)[:MOST_ORDERS]
        found |= {
            "sums": [
                {"n": row["n"], "money": format_money(row["minor"], row["currency"])}
                for row in sums.order_by("currency")
            ],
            "orders": [
                {"order": order, "money": format_money(order.total_minor, order.currency)}
                for order in recent
            ],
        }
    return found


def _send(request: HttpRequest, ticket: Ticket) -> str:
    body = request.POST.get("body", "").replace("\r\n", "\n")
    draft_id = request.POST.get("draft", "")
    if draft_id.isdecimal():
        draft = Draft.objects.select_related("decision", "ticket__customer").get(
            pk=draft_id, ticket=ticket
        )
        replies.send_draft(draft, body, by=request.user)
    else:
        key = request.POST.get("key", "")[:64]
        replies.send_reply(ticket, body, key=f"inbox:{key}", by=request.user)
    return _("The reply to %(who)s is on its way.") % {"who": _who(ticket)}


def _discard(request: HttpRequest, ticket: Ticket) -> str:
    draft = Draft.objects.select_related("decision").get(
        pk=request.POST.get("draft") or 0, ticket=ticket
    )
    replies.discard_draft(draft, by=request.user)
    return _("The draft is discarded; nothing was sent.")


def _note(request: HttpRequest, ticket: Ticket) -> str:
    body = request.POST.get("body", "").strip()
    if not body:
        raise replies.EmptyReplyError(ticket.number)
    key = request.POST.get("key", "")[:64]
    tickets.add_note(ticket, body, key=f"inbox:{key}", by=request.user)
    return _("The note is kept; the customer does not see it.")


def _take(request: HttpRequest, ticket: Ticket) -> str:
    tickets.assign(ticket, request.user)
    return _("The ticket is yours.")


def _intent(request: HttpRequest, ticket: Ticket) -> str:
    intent = request.POST.get("intent", "")
    if intent in Intent.values:
        tickets.correct_intent(ticket, intent)
    return _("Thank you: the next night learns from it.")


def _hand_off(request: HttpRequest, ticket: Ticket) -> str:
    key = f"inbox:{request.POST.get('key', '')[:64]}"
    handoffs.hand_off(ticket, HandoffCause.AGENT, key=key, by=request.user)
    return _("The ticket is handed to a colleague.")


def _mover(state: str, done: Any) -> Callable[[HttpRequest, Ticket], str]:
    def change(request: HttpRequest, ticket: Ticket) -> str:
        tickets.move(ticket, state)
        return _(done)

    return change


_VERBS: dict[str, Callable[[HttpRequest, Ticket], str]] = {
    "send": _send,
    "discard": _discard,
    "note": _note,
    "take": _take,
    "intent": _intent,
    "hand_off": _hand_off,
    "solve": _mover(TicketState.SOLVED, gettext_noop("The ticket is solved.")),
    "reopen": _mover(TicketState.OPEN, gettext_noop("The ticket is open again.")),
}
_REFUSALS = {
    replies.NoAddressError: gettext_noop("No address is known to answer to."),
    replies.EmptyReplyError: gettext_noop("There is nothing to send."),
}
