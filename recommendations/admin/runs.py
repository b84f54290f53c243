"""The scorecards of recommenders: the trend of every training, and what was tried out says."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import figure, points, significant
from access.read_only import ReadOnly
from decisions import pages
from decisions.models import Job, JobState
from decisions.services import jobs
from decisions.templatetags.receipts import STATE_COLOURS
from decisions.text import render, words
from recommendations.charts import Point, trend
from recommendations.models import TASK, RecommenderRun
from recommendations.words import placement_name

JUDGE = "judge_recommender"
RUNS_DRAWN = 60


@admin.register(RecommenderRun)
class RecommenderRunAdmin(ReadOnly, ModelAdmin):
    """Every past run; comparing two and rolling back are on the run's own page."""

    list_display = ["created_at", "state_label", "model", "value_text", "said"]
    list_display_links = ["created_at"]
    list_filter = ["state"]
    list_before_template = "recommendations/trend.html"
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        judge = self.admin_site.admin_view(require_POST(self.judge))
        own = path("<int:pk>/judge/", judge, name="recommendations_run_judge")
        return [own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecommenderRun]:
        return super().get_queryset(request).filter(task=TASK)

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, run: RecommenderRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=gettext_lazy("against its baseline"), ordering="value")
    def value_text(self, run: RecommenderRun) -> str:
        return f"{significant(run.value)} / {significant(run.baseline_value)} {run.baseline}"

    @display(description=gettext_lazy("verdict"))
    def said(self, run: RecommenderRun) -> str:
        return render(run.verdict)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict | None = None
    ) -> HttpResponse:
        runs = list(RecommenderRun.objects.filter(task=TASK).order_by("-pk")[:RUNS_DRAWN])[::-1]
        extra = {"trend": trend([_point(run) for run in runs], _metric(runs)), "drawn": len(runs)}
        return super().changelist_view(request, {**(extra_context or {}), **extra})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "",
        extra_context: dict | None = None,
    ) -> HttpResponse:  # fmt: skip
        run = self._row(request, object_id)
        may_change = request.user.has_perm("decisions.change_modelrun")
        job = _judged(run)
        return TemplateResponse(
            request,
            "recommendations/run.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": str(run),
                "list_url": reverse("admin:recommendations_recommenderrun_changelist"),
                **pages.run_page(run, other_id=request.GET.get("with", ""), may_change=may_change),
                "job": job,
                "judged": _lines(_result(run, job)),
                "has_seen_it": _result(run, job).get("has_seen_it", False),
                "promotion": run.params.get("promotion", {}),
                "gate": _gate_text(run),
                "may_judge": request.user.has_perm("decisions.add_job") and _has_file(run),
            },
        )

    def judge(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask a worker; two clicks while it works are one job."""
        run = self._row(request, str(pk))
        if not request.user.has_perm("decisions.add_job"):
            raise PermissionDenied
        last = _judged(run)
        if last is None or last.is_finished:
            key = f"{JUDGE}:{run.pk}:after:{last.pk if last else 0}"
            payload = {"run_id": run.pk, "at": timezone.now().isoformat()}
            jobs.enqueue(JUDGE, payload, key=key, requested_by=request.user)
        messages.success(request, _("It is on its way; load this page again for its result."))
        return redirect("admin:recommendations_recommenderrun_change", pk)

    def _row(self, request: HttpRequest, object_id: str) -> RecommenderRun:
        if not self.has_view_permission(request):
            raise PermissionDenied
        pk = int(object_id) if object_id.isdecimal() and len(object_id) < 19 else 0
        return get_object_or_404(self.get_queryset(request), pk=pk)


def _metric(runs: list[RecommenderRun]) -> str:
    return words(runs[-1].metric) if runs else ""


def _point(run: RecommenderRun) -> Point:
    text = f"#{run.pk} · {run.model} · {run.get_state_display()} · {significant(run.value)}"
    return Point(
        at=timezone.localtime(run.created_at),
        value=run.value,
        baseline=run.baseline_value,
        is_live=run.state == "live",
        url=reverse("admin:recommendations_recommenderrun_change", args=[run.pk]),
        text=text,
    )


def _judged(run: RecommenderRun) -> Job | None:
    return Job.objects.filter(kind=JUDGE, payload__run_id=run.pk).order_by("-pk").first()


def _has_file(run: RecommenderRun) -> bool:
    return bool(run.artefact) and run.file_deleted_at is None


def _result(run: RecommenderRun, job: Job | None) -> dict[str, Any]:
    """What a person asked for last, else what the night found before it let the run serve."""
    if job is not None:
        return job.result if job.state == JobState.SUCCEEDED else {}
    return run.params.get("promotion", {}).get("judged", {})


def _gate_text(run: RecommenderRun) -> str:
    """The chosen model beside the source that did best on the newest quarter."""
    gate = run.params.get("gate", {})
    if not gate or gate["against"] == run.model:
        return ""
    said = {
        "model": run.model,
        "source": gate["against"],
        "metric": words(run.metric),
        "difference": figure(gate["difference"], 4, signed=True),
        "low": figure(gate["low"], 4, signed=True),
        "high": figure(gate["high"], 4, signed=True),
    }
    if gate["is_behind"]:
        return _("On the newest quarter %(model)s is behind %(source)s, the best single source there: %(metric)s %(difference)s (%(low)s to %(high)s). So it does not serve.") % said  # fmt: skip
    return _("On the newest quarter beside %(source)s, the best single source there: %(metric)s %(difference)s (%(low)s to %(high)s).") % said  # fmt: skip


def _lines(result: dict[str, Any]) -> list[dict[str, Any]]:
    """One line per placement: the verdict or the refusal, and the figures."""
    from recommendations.services.off_policy import refusal_text, verdict_text

    found = result.get("placements", {})
    return [
        {
            "name": placement_name(code).capitalize(),
            "text": refusal_text(one) or verdict_text(one),
            "refused": bool(one.get("refused")),
            "estimates": [] if one.get("refused") else _estimates(one),
            "figures": one,
        }
        for code, one in found.items()
    ]


def _estimates(one: dict[str, Any]) -> list[dict[str, str]]:
    names = {"dr": "DR", "snips": "SNIPS", "ips": "IPS", "shown": _("what was shown")}
    return [
        {
            "name": label,
            "value": points(one[name][0], 2),
            "interval": f"{points(one[name][1], 2)} – {points(one[name][2], 2)}",
        }
        for name, label in names.items()
    ]
