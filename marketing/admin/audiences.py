"""The audience explorer in the back office: all segments in figures, and some beside each other."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from marketing.admin.base import csv_file
from marketing.models import Segment
from marketing.pages import audiences as shown
from marketing.services.audiences import audience_figures, segment_comparisons

NEEDS = "marketing.view_segment"
PER_PAGE, MOST_ROWS = 25, 1_000
GROWTH = ("week", "day")


def urls(site: AdminSite) -> list[URLPattern]:
    """Below marketing/segment/."""

    def page(view: Any) -> Any:
        return site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(_allowed(site, view)))

    return [
        path("explorer/", page(_explorer), name="marketing_audiences"),
        path("explorer/compare/", page(_compare), name="marketing_audience_compare"),
    ]


def _allowed(site: AdminSite, view: Any) -> Any:
    def allowed(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(NEEDS):
            raise PermissionDenied
        return view(site, request)

    return allowed


def _explorer(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """GET shows what was counted last; POST asks jobs to count this page's segments anew."""
    rows = Segment.objects.order_by("-is_builtin", "code")
    if text := request.GET.get("q", "").strip()[:100].replace("\x00", ""):
        rows = rows.filter(name__icontains=text) | rows.filter(name_zh__icontains=text) | rows.filter(code__icontains=text)  # fmt: skip
    if request.GET.get("as") == "csv":
        return csv_file("audiences", shown.file_rows(list(rows[:MOST_ROWS])))
    found = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    segments = list(found.object_list)
    if request.method == "POST":
        asked = sum(audience_figures.ask_refresh(one, request.user) for one in segments)
        _say(request, asked)
        return redirect(request.get_full_path())
    context = {
        **site.each_context(request),
        "title": _("Audience explorer"),
        "lines": shown.lines_of(segments),
        "page": found,
        "q": text,
        "most": segment_comparisons.MOST,
        "may_campaign": request.user.has_perm("marketing.add_campaign"),
        "may_brief": request.user.has_perm("marketing.add_brief"),
        "may_add": request.user.has_perm("marketing.add_segment"),
        "may_freeze": request.user.has_perm("marketing.add_audience"),
    }
    return TemplateResponse(request, "marketing/audiences.html", context)


def _say(request: HttpRequest, asked: int) -> None:
    if asked:
        text = ngettext("%(n)s count was asked for; reload the page in a moment.", "%(n)s counts were asked for; reload the page in a moment.", asked)  # fmt: skip
        messages.success(request, text % {"n": asked})
    else:
        messages.info(request, _("All of it is being counted already."))


def _compare(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """One to MOST segments by `s`, in the order of their codes."""
    codes = sorted(set(request.GET.getlist("s")))
    segments = list(
        Segment.objects.filter(code__in=[code[:40] for code in codes[:100] if "\x00" not in code])
        .order_by("code")[: segment_comparisons.MOST + 1]
    )  # fmt: skip
    if not segments or len(segments) > segment_comparisons.MOST:
        text = _("Choose one to %(most)s segments.") % {"most": segment_comparisons.MOST}
        messages.warning(request, text)
        return redirect("admin:marketing_audiences")
    weeks = _choice(request.GET.get("weeks"), segment_comparisons.WEEKS_BACK, 24)
    by = _choice(request.GET.get("by"), GROWTH, "week")
    if request.method == "POST":
        _say(request, segment_comparisons.ask_refresh(segments, weeks, request.user))
        return redirect(request.get_full_path())
    overlap = shown.overlap_of(segments) if len(segments) > 1 else None
    curves = shown.curves_of(segments, weeks)
    growth = shown.growth_of(segments, by)
    if request.GET.get("as") == "csv":
        return csv_file("comparison", shown.comparison_rows(segments, overlap, curves, growth))
    waits = (len(segments) > 1 and overlap is None) or any(
        not one.get("is_counted") and "refusal" not in one for one in curves
    )
    context = {
        **site.each_context(request),
        "title": _("Segments compared") if len(segments) > 1 else str(segments[0]),
        "back": reverse("admin:marketing_audiences"),
        "segments": segments,
        "overlap": overlap,
        "curves": curves,
        "chart": shown.curve_chart(curves),
        "periods": range(1, max((len(one.get("points", [])) for one in curves), default=0) + 1),
        "growth": growth,
        "weeks": weeks,
        "all_weeks": segment_comparisons.WEEKS_BACK,
        "by": by,
        "waits": waits,
        "freeze": freeze_link(segments) if request.user.has_perm("marketing.add_audience") else "",
        "since": segment_comparisons.followed_since(weeks, timezone.now()),
        "query": request.GET.urlencode(),
    }
    return TemplateResponse(request, "marketing/audience_compare.html", context)


def freeze_link(segments: list[Segment]) -> str:
    query = urlencode([("segment", one.code) for one in segments])
    return f"{reverse('admin:marketing_audience_freeze')}?{query}"


def _choice(text: str | None, known: Any, usual: Any) -> Any:
    return next((one for one in known if str(one) == text), usual)
