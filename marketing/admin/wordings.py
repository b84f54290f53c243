"""Rulings on wordings in the back office: asked for beside a refused sentence, decided in a list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketing.admin.base import ReadOnlyAdmin
from marketing.models import RulingState, WordingRuling
from marketing.pages.wordings import rulings_page
from marketing.services.content import wordings

MAY_ASK = "marketing.add_wordingruling"
MAY_DECIDE = "marketing.decide_wordingruling"


@admin.register(WordingRuling)
class WordingRulingAdmin(ReadOnlyAdmin):
    fields = [
        "sentence", "language", "reason", "state", ("asked_by", "asked_at"),
        ("decided_by", "decided_at"),
    ]  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "marketing_wordingruling"
        return [
            path("ask/", view(require_POST(self.ask)), name=f"{name}_ask"),
            path("<int:pk>/decide/", view(require_POST(self.decide)), name=f"{name}_decide"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Rulings on wordings"),
            "may_decide": request.user.has_perm(MAY_DECIDE),
            **rulings_page(request.GET.get("state", ""), request.GET.get("p")),
        }
        return TemplateResponse(request, "marketing/rulings.html", context)

    def ask(self, request: HttpRequest) -> HttpResponse:
        """From the page that shows the refused sentence, and back to it."""
        if not request.user.has_perm(MAY_ASK):
            raise PermissionDenied
        said = request.POST
        try:
            wordings.ask(
                said.get("sentence", ""),
                language=said.get("language", ""),
                reason=said.get("reason", ""),
                by=request.user,
            )
            messages.success(request, _("Asked for. It clears the sentence once it is approved."))
        except wordings.WordingError as error:
            messages.error(request, str(error))
        return redirect(_back(request))

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(MAY_DECIDE):
            raise PermissionDenied
        ruling = get_object_or_404(WordingRuling, pk=pk)
        try:
            if "approve" in request.POST:
                done = wordings.approve(ruling, request.user)
                said = _("Approved: the sentence passes from now on.")
            else:
                done = wordings.withdraw(ruling, request.user)
                said = _("Withdrawn; live copy that rested on it was pulled.")
                if ruling.state == RulingState.PENDING:
                    said = _("Declined.")
        except wordings.WordingError as error:
            messages.error(request, str(error))
            return redirect(_back(request))
        if done:
            messages.success(request, said)
        else:
            messages.warning(request, _("Somebody decided this already."))
        return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Only to a page of this program."""
    wanted = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return reverse("admin:marketing_wordingruling_changelist")
