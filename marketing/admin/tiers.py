"""Tier programmes in the back office: the list, terms with their preview, the ledger, the payback."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import figure
from marketing.admin.base import csv_file
from marketing.admin.desk import link
from marketing.admin.tier_forms import TermsForm, may_change
from marketing.frames.tiers import data_ends
from marketing.models import TierProgramme
from marketing.pages import tiers as shown
from marketing.pages.previews import MAY_SEE_PEOPLE
from marketing.services.audiences.counting import TookTooLongError
from marketing.services.tiers import programmes
from marketing.services.tiers.previews import preview
from shop.money import MoneyError

COLOURS = {"draft": "info", "live": "success", "stopped": "warning"}
DECIDES = "marketing.decide_tierprogramme"
REFUSALS = (programmes.TierError, TookTooLongError, MoneyError)


@admin.register(TierProgramme)
class TierProgrammeAdmin(ModelAdmin):
    list_display = ["title", "state_label", "measured_by", "members", "checked_at"]
    list_display_links = None
    list_filter = ["state"]
    search_fields = ["name", "name_zh", "code"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[TierProgramme]:
        return super().get_queryset(request).annotate(member_count=Count("memberships"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What somebody was in is stopped, not forgotten."""
        if obj is not None and obj.moves.exists():
            return False
        return super().has_delete_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "marketing_tierprogramme"
        both = require_http_methods(["GET", "HEAD", "POST"])
        return [
            path("<int:pk>/page/", view(both(self.page)), name=f"{name}_page"),
            path("<int:pk>/do/", view(require_POST(self.do)), name=f"{name}_do"),
            path("<int:pk>/payback/", view(require_GET(self.payback)), name=f"{name}_payback"),
            path("<int:pk>/ledger.csv", view(require_GET(self.ledger)), name=f"{name}_ledger"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._terms(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        programme = self.get_object(request, object_id)
        if programme is None:
            return redirect("admin:marketing_tierprogramme_changelist")
        return redirect("admin:marketing_tierprogramme_page", programme.pk)

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._terms(request, get_object_or_404(TierProgramme, pk=pk))

    def _terms(self, request: HttpRequest, programme: TierProgramme | None) -> HttpResponse:
        """Preview first: what is saved is what was looked at, or whatever was typed since."""
        changes = self.has_change_permission(request) if programme else True
        changes = changes and may_change(programme)
        if request.method == "POST" and not changes:
            raise PermissionDenied
        form = TermsForm(programme, request.POST if request.method == "POST" else None)
        context: dict[str, Any] = {"preview": None, "problem": ""}
        if request.method == "POST" and form.is_valid():
            try:
                if request.POST.get("verb") == "save":
                    return self._saved(request, programme, form)
                at = data_ends(timezone.now())
                context["preview"] = shown.preview_lines(preview(form.terms, at, programme))
            except REFUSALS as refusal:
                context["problem"] = str(refusal)
        may_see = request.user.has_perm(MAY_SEE_PEOPLE)
        if programme:
            context |= shown.programme_page(programme, may_see=may_see)
        context |= {
            "form": form, "may_change": changes, "may_see": may_see,
            "may_decide": request.user.has_perm(DECIDES),
        }  # fmt: skip
        title = str(programme) if programme else _("New tier programme")
        return self._answer(request, "marketing/tier_programme.html", title, context)

    def _saved(
        self, request: HttpRequest, programme: TierProgramme | None, form: TermsForm
    ) -> HttpResponse:
        if programme is None:
            programme = programmes.create_programme(form.code, form.terms)
        else:
            changed = programmes.change_programme(programme, form.terms)
            if changed.state == "live" and changed.revision != programme.revision:
                programmes.ask_look(changed)
        messages.success(request, _("Saved."))
        return redirect("admin:marketing_tierprogramme_page", programme.pk)

    def do(self, request: HttpRequest, pk: int) -> HttpResponse:
        """start, stop."""
        if not request.user.has_perm(DECIDES):
            raise PermissionDenied
        verbs = {"start": programmes.start, "stop": programmes.stop}
        verb = verbs.get(request.POST.get("verb", ""))
        if verb is None:
            return HttpResponseBadRequest("unknown verb")
        try:
            verb(get_object_or_404(TierProgramme, pk=pk), by=request.user)
            messages.success(request, _("Done; everybody is being looked at."))
        except programmes.TierError as refusal:
            messages.error(request, str(refusal))
        return redirect("admin:marketing_tierprogramme_page", pk)

    def payback(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        programme = get_object_or_404(TierProgramme, pk=pk)
        title = _("%(programme)s: what it brought") % {"programme": programme}
        context = shown.payback_page(programme)
        return self._answer(request, "marketing/tier_payback.html", title, context)

    def ledger(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        programme = get_object_or_404(TierProgramme, pk=pk)
        return csv_file(f"tier_moves_{programme.code}", shown.ledger_rows(programme))

    def _answer(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        around = {
            "title": title,
            "opts": self.model._meta,
            "list_url": reverse("admin:marketing_tierprogramme_changelist"),
        }
        site = self.admin_site.each_context(request)
        return TemplateResponse(request, template, {**site, **around, **context})

    @admin.display(description=gettext_lazy("programme"), ordering="name")
    def title(self, programme: TierProgramme) -> str:
        address = reverse("admin:marketing_tierprogramme_page", args=[programme.pk])
        return link(address, programme)

    @display(description=gettext_lazy("state"), label=COLOURS)
    def state_label(self, programme: TierProgramme) -> tuple[str, str]:
        return programme.state, programme.get_state_display()

    @admin.display(description=gettext_lazy("measured by"), ordering="figure")
    def measured_by(self, programme: TierProgramme) -> str:
        return programme.get_figure_display()

    @admin.display(description=gettext_lazy("members"), ordering="member_count")
    def members(self, programme: Any) -> str:
        return figure(programme.member_count)
