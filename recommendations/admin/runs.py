"""The scorecards of recommenders."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from access.read_only import ReadOnly
from decisions.text import render
from recommendations.models import TASK, RecommenderRun


@admin.register(RecommenderRun)
class RecommenderRunAdmin(ReadOnly, ModelAdmin):
    """The scorecard, with every past run."""

    list_display = ["created_at", "state", "model", "value", "baseline", "baseline_value", "said"]
    list_display_links = ["created_at"]
    list_filter = ["state"]
    fields = [
        "created_at",
        "state",
        "said",
        "model",
        "metrics",
        "params",
        "row_count",
        "data_from",
        "data_until",
        "seed",
        "code_version",
        "device",
        "duration_seconds",
        "artefact_bytes",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecommenderRun]:
        return super().get_queryset(request).filter(task=TASK)

    @admin.display(description=_("verdict"))
    def said(self, run: RecommenderRun) -> str:
        return render(run.verdict)
