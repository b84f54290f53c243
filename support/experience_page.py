"""How conversations went for customers: whether the score can be trusted, by month, and why it is low."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from decisions.models import ModelRun
from decisions.services.model_runs import live_run
from decisions.text import render as render_sentence
from support import cause_frames as frames
from support.ml.shares import FLOOR
from support.models import AspectMention, ConversationScore, CustomerExperience, Ticket
from support.services.experience_training import LEAST_ANSWERS, TASK

ROWS = 20
MOST_CUSTOMERS = 10
MOST_NAMED = 3  # causes beside one conversation


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("support.view_conversationscore"):
        raise PermissionDenied
    run = live_run(TASK)
    context = admin.site.each_context(request) | {"title": _("Experience"), "run": run}
    if run is None:
        refused = ModelRun.objects.filter(task=TASK).order_by("-pk").first()
        answers = Ticket.objects.filter(csat__isnull=False).count()
        why = render_sentence(refused.verdict) if refused else ""
        context |= {"why": why, "answers": answers, "least": LEAST_ANSWERS}
        return render(request, "support/experience.html", context)
    rows = frames.scored(timezone.now())
    cause = request.GET.get("cause", "")
    cause = cause if cause in frames.CAUSES else ""
    chosen = frames.with_cause(rows, cause) if cause else rows
    worst = chosen.select_related("ticket__customer").order_by("score", "-opened_at", "-pk")
    found = Paginator(worst, ROWS).get_page(request.GET.get("page"))
    context |= _figures(run) | {
        "months": frames.months_of(rows),
        "causes": [_cause(one) for one in frames.causes_of(rows)],
        "cause": frames.cause_label(cause) if cause else "",
        "query": urlencode({"cause": cause}) if cause else "",
        "found": found,
        "rows": [_conversation(row) for row in found],
        "customers": CustomerExperience.objects.select_related("customer")[:MOST_CUSTOMERS],
        "floor": FLOOR,
        "low": frames.LOW,
    }
    return render(request, "support/experience.html", context)


def of_ticket(ticket: Ticket, user: Any) -> dict[str, Any]:
    """What the inbox says of a conversation and its customer; scores for those who may see them."""
    spoken = AspectMention.objects.filter(reading__message__ticket=ticket)
    found: dict[str, Any] = {"spoken_of": list(spoken.order_by("written_at", "pk")[:ROWS])}
    if not user.has_perm("support.view_conversationscore"):
        return found
    row = ConversationScore.objects.filter(ticket=ticket).first()
    found["experience"] = _conversation(row) if row else None
    if ticket.customer_id:
        scores = CustomerExperience.objects.filter(customer=ticket.customer_id)
        found["customer_experience"] = scores.first()
    return found


def _figures(run: ModelRun) -> dict[str, Any]:
    metrics = run.metrics
    return {
        "own": metrics["own"],
        "baseline": metrics[run.baseline],
        "baseline_name": _BASELINES[run.baseline](),
        "ranks": metrics["rank_correlation"],
        "repurchase": metrics["repurchase"],
    }


_BASELINES = {
    "mood_alone": lambda: _("mood alone"),
    "wait_alone": lambda: _("wait alone"),
    "intent_alone": lambda: _("kind of question alone"),
}


def _cause(one: frames.Cause) -> dict[str, Any]:
    return {
        "cause": one,
        "label": frames.cause_label(one.name),
        "link": f"?{urlencode({'cause': one.name})}#xp-conversations",
    }


def _conversation(row: ConversationScore) -> dict[str, Any]:
    names = list(row.causes)[:MOST_NAMED]
    return {"row": row, "causes": [frames.cause_label(name) for name in names]}
