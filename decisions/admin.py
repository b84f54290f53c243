"""Jobs, model runs and decisions in the back office: to be read; changed only by named verbs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, OrderBy, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from access.figures import figure, significant
from access.read_only import ReadOnly
from decisions import pages
from decisions.kinds import CannotCarryOutError, all_kinds, find_kind
from decisions.models import Decision, DecisionState, Job, LivePeriod, ModelRun
from decisions.services import jobs, model_runs, receipts
from decisions.services.artefacts import ArtefactError
from decisions.templatetags.receipts import STATE_COLOURS, job_label, kind_label
from decisions.text import words

LATER = timedelta(hours=20)


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    """Rows that code writes. The detail is a page of its own, not a form."""

    page_template: ClassVar[str] = ""
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True

    class Media:
        css = {"all": ["backroom/decisions.css"]}

    def may(self, request: HttpRequest, verb: str) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.{verb}_{self.opts.model_name}")

    def row(self, request: HttpRequest, pk: Any) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        raise NotImplementedError

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        try:
            pk = self.opts.pk.to_python(object_id)
        except Exception as error:  # noqa: BLE001  (every field type raises its own)
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(error))
        row = self.row(request, pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(row),
            "list_url": self.list_url(),
            **self.page_context(request, row),
        }
        return TemplateResponse(request, self.page_template, context)

    def list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def back_to(self, pk: Any) -> HttpResponse:
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", pk)


class KindFilter(admin.SimpleListFilter):
    """By the kind's own words; the values come from the register, not from a scan of the table."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ReadOnlyAdmin) -> Iterable:
        if model_admin.model is Job:
            return pages.kind_choices()
        return [(kind.name, kind.label) for kind in all_kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    page_template = "decisions/job.html"
    list_display = ["what", "state_label", "bar", "attempts", "created_at", "took", "requested_by"]
    list_filter = ["state", KindFilter]
    search_fields = ["kind", "key"]
    list_select_related = ["requested_by"]
    actions = ["cancel_jobs", "retry_jobs"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        found = super().get_queryset(request).select_related("requested_by", "parent")
        if request.resolver_match and request.resolver_match.url_name.endswith("changelist"):
            return found.filter(parent=None)  # steps stand on the page of what they belong to
        return found

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "<int:pk>/live/", self.admin_site.admin_view(self.live), name="decisions_job_live"
            ),
            path(
                "<int:pk>/<slug:verb>/",
                self.admin_site.admin_view(require_POST(self.verb)),
                name="decisions_job_verb",
            ),
        ]
        # Before the admin's catch-all, after its "<path>/change/".
        return [*super().get_urls()[:-1], *own, *super().get_urls()[-1:]]

    def page_context(self, request: HttpRequest, row: Job) -> dict[str, Any]:
        return pages.job_page(row, may_change=self.may(request, "change"))

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self.row(request, pk)
        context = self.page_context(request, job)
        return TemplateResponse(request, "decisions/job_live.html", context)

    def verb(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        job = self.row(request, pk)
        if not self.may(request, "change"):
            raise PermissionDenied
        done = {"cancel": jobs.cancel, "retry": jobs.retry}.get(verb, lambda job: False)(job)
        if done:
            messages.success(request, _("%(job)s: done.") % {"job": job})
        else:
            messages.warning(request, _("%(job)s has changed meanwhile.") % {"job": job})
        return self.back_to(pk)

    def has_change_jobs_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "change")

    @action(description=gettext_lazy("Cancel"), permissions=["change_jobs"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        count = sum(jobs.cancel(job) for job in queryset)
        messages.success(request, _("%(count)s asked to stop.") % {"count": count})

    @action(description=gettext_lazy("Run again"), permissions=["change_jobs"])
    def retry_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        count = sum(jobs.retry(job) for job in queryset)
        messages.success(request, _("%(count)s queued again.") % {"count": count})

    @display(description=gettext_lazy("Job"), ordering="kind")
    def what(self, job: Job) -> str:
        return f"{job_label(job)} #{job.pk}"

    @display(description=gettext_lazy("State"), ordering="state", label=STATE_COLOURS)
    def state_label(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=gettext_lazy("Progress"))
    def bar(self, job: Job) -> str:
        percent = job.progress_percent
        context = {"percent": percent, "state": job.state, "running": job.state == "running"}
        return render_to_string("decisions/bar.html", context)

    @display(description=gettext_lazy("Attempt"))
    def attempts(self, job: Job) -> str:
        return f"{job.attempt} / {job.max_attempts}"

    @display(description=gettext_lazy("Seconds"))
    def took(self, job: Job) -> str:
        return figure(job.seconds, 1)


@admin.register(ModelRun)
class ModelRunAdmin(ReadOnlyAdmin):
    page_template = "decisions/model_run.html"
    list_display = [
        "what", "state_label", "gate", "rows", "data_until_on", "live_since", "took", "device",
    ]  # fmt: skip
    list_filter = ["task", "state"]
    search_fields = ["task", "model", "data_hash"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelRun]:
        open_periods = LivePeriod.objects.filter(ended_at=None)
        live = Prefetch("live_periods", queryset=open_periods, to_attr="open_periods")
        return super().get_queryset(request).prefetch_related(live)

    def get_urls(self) -> list[URLPattern]:
        verb = self.admin_site.admin_view(require_POST(self.make_live))
        own = [path("<int:pk>/live/", verb, name="decisions_modelrun_verb")]
        return [*super().get_urls()[:-1], *own, *super().get_urls()[-1:]]

    def page_context(self, request: HttpRequest, row: ModelRun) -> dict[str, Any]:
        other_id, may_change = request.GET.get("with", ""), self.may(request, "change")
        return pages.run_page(row, other_id=other_id, may_change=may_change)

    def make_live(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self.row(request, pk)
        if not self.may(request, "change"):
            raise PermissionDenied
        reason = request.POST.get("note", "").strip()
        if not reason:
            messages.error(request, _("Say why."))
            return self.back_to(pk)
        try:
            model_runs.make_live(run, reason=reason, by=request.user)
            messages.success(request, _("%(run)s serves now.") % {"run": run})
        except (model_runs.NotFitError, model_runs.LiveChangedError, ArtefactError) as error:
            messages.error(request, str(error))
        return self.back_to(pk)

    @display(description=gettext_lazy("Run"), ordering="task")
    def what(self, run: ModelRun) -> str:
        return f"{words(run.task)} #{run.pk} · {run.model}"

    @display(description=gettext_lazy("State"), ordering="state", label=STATE_COLOURS)
    def state_label(self, run: ModelRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=gettext_lazy("Against its baseline"))
    def gate(self, run: ModelRun) -> str:
        sign = (
            "–" if None in (run.value, run.baseline_value) else "✓" if run.beats_baseline else "✗"
        )
        parts = [
            sign,
            run.metric,
            significant(run.value),
            "/",
            significant(run.baseline_value),
            run.baseline,
        ]
        return " ".join(parts)

    @display(description=gettext_lazy("Rows"), ordering="row_count")
    def rows(self, run: ModelRun) -> str:
        return figure(run.row_count)

    @display(description=gettext_lazy("Data until"), ordering="data_until")
    def data_until_on(self, run: ModelRun) -> Any:
        return timezone.localtime(run.data_until).date()

    @display(description=gettext_lazy("Live since"))
    def live_since(self, run: ModelRun) -> Any:
        return run.open_periods[0].began_at if run.open_periods else None

    @display(description=gettext_lazy("Seconds"), ordering="duration_seconds")
    def took(self, run: ModelRun) -> str:
        return figure(run.duration_seconds, 1)


@admin.register(LivePeriod)
class LivePeriodAdmin(ReadOnlyAdmin):
    list_display = ["task", "run", "began_at", "ended_at", "reason", "changed_by"]
    list_filter = ["task"]
    list_select_related = ["run", "changed_by"]

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        pk = int(object_id) if object_id.isdecimal() else 0
        return redirect("admin:decisions_modelrun_change", self.row(request, pk).run_id)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    page_template = "decisions/decision.html"
    list_display = ["what", "kind_words", "state_label", "worth", "until", "made_at"]
    list_filter = ["state", KindFilter]
    search_fields = ["subject", "key", "id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        return super().get_queryset(request).select_related("model_run", "decided_by")

    def get_ordering(self, request: HttpRequest) -> list:
        return [OrderBy(F("expected_minor"), descending=True, nulls_last=True), "-created_at"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                "<uuid:pk>/replay/",
                view(require_GET(self.replay)),
                name="decisions_decision_replay",
            ),
            path(
                "<uuid:pk>/<slug:verb>/",
                view(require_POST(self.verb)),
                name="decisions_decision_verb",
            ),
        ]
        return [*super().get_urls()[:-1], *own, *super().get_urls()[-1:]]

    def page_context(self, request: HttpRequest, row: Decision) -> dict[str, Any]:
        kind, now = find_kind(row.kind), timezone.now()
        return {
            "decision": row,
            "is_open": row.is_open and (row.deadline_at is None or row.deadline_at >= now),
            "may_decide": bool(kind) and request.user.has_perm(kind.permission),
            "edit_url": kind.edit_url(row) if kind and kind.edit_url else "",
        }

    def replay(self, request: HttpRequest, pk: Any) -> HttpResponse:
        decision = self.row(request, pk)
        context: dict[str, Any] = {"decision": decision}
        try:
            context["again"], context["equal"] = receipts.replay(decision)
        except (receipts.NotReplayableError, KeyError) as error:
            context["problem"] = str(error)
        return TemplateResponse(request, "decisions/replay.html", context)

    def verb(self, request: HttpRequest, pk: Any, verb: str) -> HttpResponse:
        decision, note = self.row(request, pk), request.POST.get("note", "").strip()
        try:
            if verb == "approve":
                receipts.approve(decision, request.user, note=note)
            elif verb == "refuse":
                receipts.refuse(decision, request.user, note=note)
            elif verb == "later":
                receipts.snooze(decision, timezone.now() + LATER, request.user)
            else:
                return HttpResponseBadRequest("approve, refuse or later")
            messages.success(request, _("%(what)s: done.") % {"what": decision})
        except receipts.DecisionClosedError as error:
            messages.warning(request, str(error))
        except CannotCarryOutError as error:
            messages.error(request, str(error))
        return self.back_to(pk)

    @display(description=gettext_lazy("Decision"))
    def what(self, decision: Decision) -> str:
        return str(decision) or decision.subject

    @display(description=gettext_lazy("Kind"), ordering="kind")
    def kind_words(self, decision: Decision) -> str:
        return kind_label(decision)

    @display(description=gettext_lazy("State"), ordering="state", label=STATE_COLOURS)
    def state_label(self, decision: Decision) -> tuple[str, str]:
        return decision.state, DecisionState(decision.state).label

    @display(description=gettext_lazy("Until"), ordering="deadline_at")
    def until(self, decision: Decision) -> Any:
        return decision.deadline_at

    @display(description=gettext_lazy("Made at"), ordering="created_at")
    def made_at(self, decision: Decision) -> Any:
        return decision.created_at

    @display(description=gettext_lazy("Worth"), ordering="expected_minor")
    def worth(self, decision: Decision) -> str:
        return render_to_string("decisions/worth.html", {"decision": decision})
