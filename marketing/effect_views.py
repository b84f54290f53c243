"""The effect report of a campaign, and of a journey or one of its steps: page and CSV."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from marketing import effect_pages as shown
from marketing.models import Campaign, Journey
from marketing.services.effects import Effects, attribution, campaign_effects, journey_effects

NEEDS = "marketing.view_campaign"
# What models of attribution look back on.
ATTRIBUTION = timedelta(days=90)


def urls(site: AdminSite) -> list[URLPattern]:
    """Below marketing/campaign/."""
    return [
        path(
            "<int:pk>/effects/",
            site.admin_view(require_GET(_of_campaign(site))),
            name="marketing_campaign_effects",
        ),
        path(
            "journeys/<int:pk>/effects/",
            site.admin_view(require_GET(_of_journey(site))),
            name="marketing_journey_effects",
        ),
    ]


def _of_campaign(site: AdminSite) -> Any:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        _allow(request)
        campaign = get_object_or_404(Campaign, pk=pk)
        back = reverse("admin:marketing_campaign_path", args=[pk])
        return _answer(site, request, campaign, campaign_effects(campaign), back)

    return view


def _of_journey(site: AdminSite) -> Any:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        _allow(request)
        journey = get_object_or_404(Journey, pk=pk)
        step = request.GET.get("step", "")[:40]
        effects = journey_effects(journey, step=step)
        back = reverse("admin:marketing_journey_page", args=[pk])
        return _answer(site, request, journey, effects, back)

    return view


def _allow(request: HttpRequest) -> None:
    if not request.user.has_perm(NEEDS):
        raise PermissionDenied


def _answer(
    site: AdminSite, request: HttpRequest, subject: Any, effects: Effects | None, back: str
) -> HttpResponse:
    if effects and request.GET.get("as") == "csv":
        return _file(subject, effects)
    context = {
        **site.each_context(request),
        "title": str(subject),
        "subject": subject,
        "back": back,
        "effects": effects,
        **(_shown(subject, effects) if effects else {}),
    }
    return TemplateResponse(request, "marketing/effects.html", context)


def _shown(subject: Any, effects: Effects) -> dict[str, Any]:
    metrics = effects.metrics
    now = timezone.now()
    shared, is_cut = attribution(now - ATTRIBUTION, now)
    kind = "campaign" if isinstance(subject, Campaign) else "journey"
    return {
        "sentences": [shown.sentence_html(msgid, metrics) for msgid in effects.sentences],
        "funnel": shown.rows_of(shown.FUNNEL, metrics),
        "caused": shown.rows_of(shown.CAUSED, metrics),
        "went": shown.rows_of(shown.WENT, metrics),
        "guardrail": shown.rows_of(("unsubscribe_rate", "unsubscribe_margin"), metrics),
        "rest": shown.rows_of(
            ("days_until_sold_out", "unknown_cost_units", "variance_saved"), metrics
        ),
        "arms": shown.arm_rows(metrics),
        "attribution": shown.attribution_rows(shared, f"{kind}:{subject.pk}"),
        "attribution_is_cut": is_cut,
        "attribution_days": ATTRIBUTION.days,
    }


def _file(subject: Any, effects: Effects) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"effects_{slugify(str(subject)) or subject.pk}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(answer).writerows(shown.file_rows(effects))
    return answer
