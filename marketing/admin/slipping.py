"""Who is slipping away: the page, its file, and a list of exactly these for a campaign."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from access.figures import points
from marketing.admin.base import csv_file
from marketing.pages import slipping as shown
from marketing.services.audiences import frozen

NEEDS, MAY_SEE_PEOPLE = "marketing.view_customerprediction", "shop.view_customer"
PER_PAGE = 50


def urls(site: AdminSite) -> list[URLPattern]:
    """Below marketing/customerprediction/."""

    def page(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(NEEDS):
            raise PermissionDenied
        return _freeze(request) if request.method == "POST" else _page(site, request)

    view = site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(page))
    return [path("slipping/", view, name="marketing_slipping")]


def _rise(text: str | None) -> float:
    return next((one for one in shown.RISES if str(one) == text), shown.USUAL)


def _page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    rise, may_see = _rise(request.GET.get("rise")), request.user.has_perm(MAY_SEE_PEOPLE)
    if request.GET.get("as") == "csv":
        return csv_file("slipping_away", shown.file_rows(rise, may_see=may_see))
    found = Paginator(shown.slipping(rise), PER_PAGE).get_page(request.GET.get("p"))
    context = {
        **site.each_context(request),
        "title": _("Slipping away"),
        "lines": shown.lines_of(list(found.object_list), may_see=may_see),
        "page": found,
        "rise": rise,
        "rises": [(one, points(one)) for one in shown.RISES],
        "why_nobody": "" if found.object_list else shown.why_nobody(),
        "as_of": found.object_list[0].prediction.as_of if found.object_list else None,
        "may_freeze": request.user.has_perm("marketing.add_audience"),
        "may_see": may_see,
        "key": uuid4(),
    }
    return TemplateResponse(request, "marketing/slipping.html", context)


def _freeze(request: HttpRequest) -> HttpResponse:
    """A kept list of those on the page, from where a campaign for it is made. Two clicks, one list."""
    if not request.user.has_perm("marketing.add_audience"):
        raise PermissionDenied
    rise, key = _rise(request.POST.get("rise")), _uuid(request.POST.get("key", ""))
    if key is None:
        return HttpResponseBadRequest("no key")
    day = date_format(timezone.localdate(), "SHORT_DATE_FORMAT")
    name = _("Slipping away, %(day)s") % {"day": day}
    wanted = frozen.Freeze(name, shown.slipping_rule(rise))
    try:
        made: Any = frozen.ask_frozen(wanted, key=f"user:{request.user.pk}:{key}", by=request.user)
    except frozen.AudienceError as error:
        messages.error(request, str(error))
        return redirect("admin:marketing_slipping")
    messages.success(request, _("The list is being written; make the campaign for it from here."))
    return redirect("admin:marketing_audience_page", made.pk)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
