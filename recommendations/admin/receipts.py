"""The receipts of recommendations, and the addresses of the pages about them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from access.read_only import ReadOnly
from decisions.text import render
from recommendations.admin import report, why
from recommendations.models import KIND, Recommendation


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnly, ModelAdmin):
    list_display = ["created_at", "subject", "headline_text", "reason", "model_run"]
    list_display_links = ["created_at"]
    list_select_related = ["model_run"]
    search_fields = ["subject"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    fields = [
        "created_at",
        "subject",
        "headline_text",
        "reason",
        "model_run",
        "output",
        "score_parts",
        "constraints_hit",
        "inputs",
        "code_version",
    ]

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        own = [
            path("why/", view(why.page), name="recommendations_why"),
            path("report/", view(report.page), name="recommendations_report"),
            path("report/file/", view(report.export), name="recommendations_report_file"),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recommendation]:
        return super().get_queryset(request).filter(kind=KIND)

    @admin.display(description=_("decision"))
    def headline_text(self, receipt: Recommendation) -> str:
        return render(receipt.headline)

    @admin.display(description=_("first reason"))
    def reason(self, receipt: Recommendation) -> str:
        return receipt.why_text
