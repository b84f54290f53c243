"""Personas in the back office: the cards, one persona with its evidence, and its name."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import figure, percent
from access.read_only import ReadOnly
from marketing.models import Persona, PersonaMember, PersonaSnapshot
from marketing.pages.personas import cards_page, persona_page
from marketing.pages.previews import MAY_SEE_PEOPLE
from marketing.services.customers import personas


@admin.register(Persona)
class PersonaAdmin(ReadOnly, ModelAdmin):
    """The list is the page of cards; the night makes the rows, a person gives them names."""

    search_fields = ["name", "name_zh", "evident_name", "evident_name_zh", "code"]

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "marketing_persona"
        return [
            path("<slug:code>/page/", view(require_GET(self.page)), name=f"{name}_page"),
            path("<slug:code>/do/", view(require_POST(self.do)), name=f"{name}_do"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._answer(request, "marketing/personas.html", _("Personas"), cards_page())

    def page(self, request: HttpRequest, code: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        persona = get_object_or_404(Persona, code=code)
        shown = persona_page(persona, may_see=request.user.has_perm(MAY_SEE_PEOPLE))
        return self._answer(request, "marketing/persona.html", str(persona), shown)

    def do(self, request: HttpRequest, code: str) -> HttpResponse:
        """rename: the shop's own name. segment: make the segment of its members and go there."""
        verb = request.POST.get("verb", "")
        needed = {"rename": "marketing.change_persona", "segment": "marketing.add_segment"}
        if verb not in needed:
            return HttpResponseBadRequest("unknown verb")
        if not request.user.has_perm(needed[verb]):
            raise PermissionDenied
        persona = get_object_or_404(Persona, code=code)
        if verb == "segment":
            segment = personas.segment_of(persona)
            return redirect("admin:marketing_segment_change", segment.pk)
        try:
            personas.rename(persona, request.POST.get("name", ""), request.POST.get("name_zh", ""))
        except personas.PersonaError as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, persona, [{"changed": {"fields": ["name", "name_zh"]}}])
            messages.success(request, _("It is called “%(name)s” now.") % {"name": persona})
        return redirect("admin:marketing_persona_page", code)

    def _answer(
        self, request: HttpRequest, template: str, title: str, shown: dict[str, Any]
    ) -> HttpResponse:
        may = request.user.has_perm
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "list_url": reverse("admin:marketing_persona_changelist"),
            "may_rename": may("marketing.change_persona"),
            "may_segment": may("marketing.add_segment"),
            "may_brief": may("marketing.add_brief"),
            "may_campaign": may("marketing.add_campaign"),
            "may_run": may("decisions.view_modelrun"),
            **shown,
        }
        return TemplateResponse(request, template, context)


class RowAdmin(ReadOnly, ModelAdmin):
    list_per_page = 50
    show_full_result_count = False


@admin.register(PersonaSnapshot)
class PersonaSnapshotAdmin(RowAdmin):
    list_display = ["persona", "as_of", "customers", "of_all", "again", "kept", "moved"]
    list_select_related = ["persona"]
    search_fields = ["persona__code", "evident_name", "evident_name_zh"]

    @display(description=gettext_lazy("share"), ordering="share")
    def of_all(self, row: PersonaSnapshot) -> str:
        return percent(row.share)

    @display(description=gettext_lazy("Comes again in other samples"), ordering="recovery")
    def again(self, row: PersonaSnapshot) -> str:
        return figure(row.recovery, 2)

    @display(description=gettext_lazy("Share of it kept"), ordering="kept_share")
    def kept(self, row: PersonaSnapshot) -> str:
        return figure(row.kept_share, 2)

    @display(description=gettext_lazy("Middle moved"), ordering="shift")
    def moved(self, row: PersonaSnapshot) -> str:
        return figure(row.shift, 2)


@admin.register(PersonaMember)
class PersonaMemberAdmin(RowAdmin):
    list_display = ["customer", "persona", "since", "as_of"]
    list_select_related = ["customer", "persona"]
    list_filter = ["persona"]
    search_fields = ["customer__code", "customer__name", "customer__email"]
