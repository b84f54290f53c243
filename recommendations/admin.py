"""Receipts and scorecards as lists, and the page that says why a product is where it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from access.read_only import ReadOnly
from decisions.text import render
from recommendations.models import KIND, TASK, Recommendation, RecommenderRun
from shop.models import Customer

PLACEMENTS = [("home", _("home page")), ("product", _("product page")), ("cart", _("cart"))]


class WhyForm(forms.Form):
    """Whose list to look at."""

    placement = forms.ChoiceField(choices=PLACEMENTS, initial="home", label=_("Placement"))
    customer = forms.CharField(required=False, max_length=64, label=_("Customer number"))
    visitor = forms.CharField(required=False, max_length=64, label=_("Visitor"))
    sku = forms.CharField(
        required=False,
        max_length=2000,
        label=_("SKU"),
        help_text=_("The page's SKU, or the cart's SKUs with commas between."),
    )

    def clean_customer(self) -> Customer | None:
        code = self.cleaned_data["customer"].strip()
        if not code:
            return None
        found = Customer.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("There is no customer with this number."))
        return found

    def clean_sku(self) -> tuple[str, ...]:
        text = self.cleaned_data["sku"]
        return tuple(sku.strip() for sku in text.split(",") if sku.strip())[:200]

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if fields.get("placement", "home") != "home" and not fields.get("sku"):
            self.add_error("sku", _("This placement needs a SKU."))
        return fields


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
        why = path("why/", self.admin_site.admin_view(self.why), name="recommendations_why")
        return [why, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recommendation]:
        return super().get_queryset(request).filter(kind=KIND)

    @admin.display(description=_("decision"))
    def headline_text(self, receipt: Recommendation) -> str:
        return render(receipt.headline)

    @admin.display(description=_("first reason"))
    def reason(self, receipt: Recommendation) -> str:
        return receipt.why_text

    def why(self, request: HttpRequest) -> HttpResponse:
        """The list as the shop would show it now, with sources, scores, reasons and gates."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = WhyForm(request.GET or {"placement": "home"})
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Why is this here?"),
            "form": form,
            "found": _explained(form.cleaned_data) if form.is_valid() else None,
        }
        return TemplateResponse(request, "recommendations/why.html", context)


def _explained(chosen: dict[str, Any]) -> Any:
    from recommendations.services.asking import Ask  # these load numeric libraries
    from recommendations.services.explaining import explain

    ask = Ask(
        placement=chosen["placement"],
        customer=chosen["customer"],
        visitor=chosen["visitor"].strip(),
        skus=chosen["sku"],
    )
    return explain(ask)


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
