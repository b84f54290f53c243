"""The first page: the night in one line, at most ten decisions by money, four figures of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.charts import sparkline
from config.figures import figures_of, last_full_day
from config.night import NIGHT_KIND
from config.night_steps import STEPS
from decisions.kinds import CannotCarryOutError, find_kind
from decisions.models import Decision, Job, JobState, ModelRun, RunState
from decisions.services import receipts
from decisions.templatetags.receipts import figure, is_minor, translated
from decisions.text import render as read
from decisions.text import words
from shop.models import Order, Product, StockLevel
from shop.money import format_money

LATER = timedelta(hours=20)


@dataclass(frozen=True)
class Card:
    """A decision as the brief shows it."""

    decision: Decision
    worth: str
    interval: str
    may_decide: bool
    edit_url: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard callback."""
    now = timezone.now()
    context["title"] = _("Brief")
    if not request.user.has_perm("decisions.view_decision"):
        context["no_role"] = True
        return context
    context["new_shop"] = new_shop_steps()
    context["night"] = night_summary()
    context["waiting_count"] = Decision.objects.waiting(now).count()
    context["cards"] = [card_of(decision, request.user) for decision in _brief_rows(now)]
    day = last_full_day(now)
    context["day"] = day
    context["is_yesterday"] = day == timezone.localdate(now) - timedelta(days=1)
    may_see = day and request.user.has_perm("shop.view_order")
    context["figures"] = [
        {"figure": figure, "spark": sparkline(figure.history)}
        for figure in (figures_of(day) if may_see else [])
    ]
    return context


def _brief_rows(now) -> list[Decision]:
    return list(Decision.objects.morning_brief(now).select_related("model_run"))


def card_of(decision: Decision, user: Any) -> Card:
    kind = find_kind(decision.kind)  # None: the app that made it is gone
    low, high = decision.expected_low_minor, decision.expected_high_minor
    interval = ""
    if low is not None and high is not None:
        interval = _("80 %%: %(low)s to %(high)s") % {
            "low": format_money(low, decision.currency),
            "high": format_money(high, decision.currency),
        }
    return Card(
        decision=decision,
        worth=format_money(decision.expected_minor, decision.currency)
        if decision.expected_minor is not None
        else "",
        interval=interval,
        may_decide=kind is not None and user.has_perm(kind.permission),
        edit_url=kind.edit_url(decision) if kind and kind.edit_url else "",
    )


def night_summary() -> dict[str, Any] | None:
    """The last night: its steps, and which models went live or were refused, with the reason."""
    job = Job.objects.filter(kind=NIGHT_KIND).first()
    if job is None:
        return None
    steps = [_step_line(step) for step in job.steps.order_by("id")]
    runs = ModelRun.objects.filter(job__parent=job).order_by("id")[:20]
    return {
        "job": job,
        "steps": steps,
        "live": [run for run in runs if run.state in (RunState.LIVE, RunState.RETIRED)],
        "refused": [run for run in runs if run.state == RunState.REFUSED],
        "failed": [step for step in steps if step["job"].state == JobState.FAILED],
    }


def _step_line(job: Job) -> dict[str, Any]:
    """A step in the merchant's words: what it made, or why it was left out."""
    labels = {step.name: step.label for step in STEPS}
    result = job.result or {}
    skipped = result.get("skipped", {})
    summary = result.get("summary") or {}
    made = [
        f"{words(name)} {_plain(name, value)}"
        for name, value in summary.items()
        if _is_plain(value)
    ]
    return {
        "job": job,
        "label": _(labels[step]) if (step := job.payload.get("step")) in labels else job.kind,
        "text": read(skipped) or " · ".join(made),
        "skipped": bool(skipped),
    }


def _is_plain(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _plain(name: str, value: Any) -> str:
    """A value of a step's summary; a text may be a message id."""
    if is_minor(name):
        return format_money(value)
    return translated(figure(value)) if isinstance(value, str) else figure(value)


def new_shop_steps() -> list[dict[str, Any]]:
    """The way to the first brief; empty once all of it is done."""
    steps = [
        {
            "done": Product.objects.exists() and Order.objects.exists(),
            "title": _("Bring your orders"),
            "text": _("Products, prices and customers come with them."),
            "command": "python manage.py import_data orders orders.csv",
        },
        {
            "done": StockLevel.objects.exists(),
            "title": _("Count your stock"),
            "text": _("What is not available is never recommended, what runs out is reordered."),
            "command": "python manage.py import_data stock stock.csv",
        },
        {
            "done": Job.objects.filter(kind="night", state="succeeded").exists(),
            "title": _("Run the night"),
            "text": _("Models train, prove themselves and fill this page with decisions."),
            "command": "python manage.py run_nightly",
        },
    ]
    return [] if all(step["done"] for step in steps) else steps


@staff_member_required
@require_GET
def night_fragment(request: HttpRequest) -> HttpResponse:
    """The night's steps, asked for again and again while it runs."""
    if not request.user.has_perm("decisions.view_decision"):
        raise PermissionDenied
    return render(request, "backoffice/night.html", {"night": night_summary()})


@staff_member_required
@require_GET
def receipt_fragment(request: HttpRequest, pk: str) -> HttpResponse:
    """A decision's receipt, shown beside the brief."""
    if not request.user.has_perm("decisions.view_decision"):
        raise PermissionDenied
    decision = get_object_or_404(Decision.objects.select_related("model_run"), pk=pk)
    context = {"card": card_of(decision, request.user), "decision": decision}
    return render(request, "backoffice/receipt.html", context)


@staff_member_required
@require_POST
def decide(request: HttpRequest, pk: str, verb: str) -> HttpResponse:
    """Approve, refuse (with a reason) or put off one decision; back to where the person was."""
    decision = get_object_or_404(Decision, pk=pk)
    note = request.POST.get("note", "").strip()
    try:
        if verb == "approve":
            receipts.approve(decision, request.user, note=note)
            messages.success(request, _("Approved: %(what)s") % {"what": decision})
        elif verb == "refuse":
            receipts.refuse(decision, request.user, note=note)
            messages.success(request, _("Refused: %(what)s") % {"what": decision})
        elif verb == "later":
            receipts.snooze(decision, timezone.now() + LATER, request.user)
            messages.success(request, _("Shown again tomorrow: %(what)s") % {"what": decision})
        else:
            return HttpResponseBadRequest("approve, refuse or later")
    except CannotCarryOutError as error:
        messages.error(request, str(error))
    except receipts.DecisionClosedError:
        messages.warning(request, _("Somebody decided this already: %(what)s") % {"what": decision})
    return redirect(reverse("admin:index"))
