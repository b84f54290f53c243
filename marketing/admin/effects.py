"""The effect report of a campaign, and of a journey or one of its steps: page and CSV."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketing.admin.base import csv_file
from marketing.models import Campaign, Journey
from marketing.pages import effect_tables as tables
from marketing.pages import effects as shown
from marketing.services.effects.effect_building import Effects
from marketing.services.effects.effect_snapshots import (
    ATTRIBUTION,
    Report,
    ask_refresh,
    effect_report,
)

NEEDS = "marketing.view_campaign"


def urls(site: AdminSite) -> list[URLPattern]:
    """Below marketing/campaign/."""
    return [
        path(
            "<int:pk>/effects/",
            site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(_of_campaign(site))),
            name="marketing_campaign_effects",
        ),
        path(
            "journeys/<int:pk>/effects/",
            site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(_of_journey(site))),
            name="marketing_journey_effects",
        ),
    ]


def _of_campaign(site: AdminSite) -> Any:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        _allow(request)
        campaign = get_object_or_404(Campaign, pk=pk)
        back = reverse("admin:marketing_campaign_path", args=[pk])
        return _answer(site, request, campaign, back)

    return view


def _of_journey(site: AdminSite) -> Any:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        _allow(request)
        journey = get_object_or_404(Journey.objects.select_related("live_version"), pk=pk)
        back = reverse("admin:marketing_journey_page", args=[pk])
        return _answer(site, request, journey, back, request.GET.get("step", "")[:40])

    return view


def _allow(request: HttpRequest) -> None:
    if not request.user.has_perm(NEEDS):
        raise PermissionDenied


def _answer(
    site: AdminSite, request: HttpRequest, subject: Campaign | Journey, back: str, step: str = ""
) -> HttpResponse:
    """GET shows; POST asks a job to count anew."""
    if request.method == "POST":
        if ask_refresh(subject, step, request.user):
            messages.success(request, _("It is being counted; reload the page in a moment."))
        return redirect(request.get_full_path())
    report = effect_report(subject, step=step)
    if report.effects and request.GET.get("as") == "csv":
        return _file(subject, report.effects)
    context = {
        **site.each_context(request),
        "title": str(subject),
        "subject": subject,
        "step": step,
        "back": back,
        "report": report,
        "effects": report.effects,
        "is_journey": isinstance(subject, Journey),
        **(_shown(subject, report, report.effects) if report.effects else {}),
    }
    return TemplateResponse(request, "marketing/effects.html", context)


def _shown(subject: Campaign | Journey, report: Report, effects: Effects) -> dict[str, Any]:
    metrics = effects.metrics
    kind = "campaign" if isinstance(subject, Campaign) else "journey"
    return {
        "sentences": [shown.sentence_html(msgid, metrics) for msgid in effects.sentences],
        "funnel": shown.rows_of(shown.FUNNEL, metrics),
        "caused": shown.rows_of(shown.CAUSED, metrics),
        "went": shown.rows_of(shown.WENT, metrics),
        "guardrail": shown.rows_of(shown.GUARDRAIL, metrics),
        "rest": shown.rows_of(shown.BESIDE, metrics),
        "belief": shown.rows_of(shown.BELIEF, metrics),
        "against": [shown.against_html(one, metrics) for one in effects.against],
        "variants": shown.rows_of(shown.VARIANTS, metrics),
        "arm_table": tables.arm_table(effects, is_step=kind == "journey"),
        "discounts": tables.discount_table(effects.discounts) if effects.discounts else None,
        "explored": shown.rows_of(shown.DISCOUNT, metrics),
        "arms": shown.arm_rows(metrics),
        "parts": tables.part_table(effects.parts) if effects.parts else None,
        "attribution": shown.attribution_rows(report.attribution, f"{kind}:{subject.pk}"),
        "attribution_is_cut": report.attribution_is_cut,
        "attribution_days": ATTRIBUTION.days,
    }


def _file(subject: Any, effects: Effects) -> HttpResponse:
    return csv_file(f"effects_{slugify(str(subject)) or subject.pk}", shown.file_rows(effects))
