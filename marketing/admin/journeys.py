"""Journeys in the back office: the list, and a page on which one is read, changed and let live."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from access.read_only import ReadOnly
from marketing.admin import journey_editor
from marketing.admin.desk import link
from marketing.models import EnrolmentState, Journey, JourneyVersion, PulledStep
from marketing.pages.journeys import journey_page
from marketing.services.journeys import journeys

COLOURS = {"draft": "info", "live": "success", "paused": "warning"}
STARTER = {
    "trigger": {"on": "joined"},
    "exits": [],
    "steps": [
        {
            "id": "hello",
            "send": "email",
            "texts": {"en": {"subject": "Welcome to {shop}", "body": "{greeting}\n\n{link}"}},
        }
    ],
}


@admin.register(Journey)
class JourneyAdmin(ModelAdmin):
    list_display = ["title", "state_label", "under_way", "finished", "live_since"]
    list_display_links = None
    search_fields = ["name", "name_zh", "code"]
    list_filter = ["state"]
    actions = None
    actions_list = ["add_ready_made"]
    fields = [("name", "name_zh"), "code", "holdout_rate"]
    prepopulated_fields = {"code": ["name"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Journey]:
        states = {
            "under_way_count": EnrolmentState.UNDER_WAY,
            "finished_count": EnrolmentState.FINISHED,
        }
        counts = {
            name: Count("enrolments", filter=Q(enrolments__state=state))
            for name, state in states.items()
        }
        return super().get_queryset(request).annotate(**counts)

    @admin.display(description=gettext_lazy("journey"), ordering="name")
    def title(self, journey: Journey) -> str:
        return link(reverse("admin:marketing_journey_page", args=[journey.pk]), journey)

    @display(description=gettext_lazy("state"), label=COLOURS)
    def state_label(self, journey: Journey) -> tuple[str, str]:
        return journey.state, journey.get_state_display()

    @admin.display(description=gettext_lazy("under way"), ordering="under_way_count")
    def under_way(self, journey: Journey) -> int:
        return journey.under_way_count

    @admin.display(description=gettext_lazy("finished"), ordering="finished_count")
    def finished(self, journey: Journey) -> int:
        return journey.finished_count

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "marketing_journey"
        return [
            path("<int:pk>/page/", view(require_GET(self.page)), name=f"{name}_page"),
            path("<int:pk>/page/do/", view(require_POST(self.do)), name=f"{name}_do"),
            *journey_editor.urls(self.admin_site),
            *super().get_urls(),
        ]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict:
        return {} if obj else self.prepopulated_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Journey | None = None) -> list[str]:
        return ["code"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Journey | None = None) -> bool:
        """Who was on the road stays on record; only a draft that nobody entered may go."""
        if obj is not None and obj.enrolments.exists():
            return False
        return super().has_delete_permission(request, obj)

    @action(
        description=gettext_lazy("Add the ready-made journeys"),
        url_path="add-ready-made",
        permissions=["change"],
    )
    def add_ready_made(self, request: HttpRequest) -> HttpResponse:
        made = journeys.ensure_ready_made()
        said = (
            _("%(count)s journeys added as drafts.") if made else _("They are all there already.")
        )
        messages.success(request, said % {"count": made} if made else said)
        return redirect("admin:marketing_journey_changelist")

    def response_add(self, request, obj, post_url_continue=None) -> HttpResponse:
        if not obj.versions.exists():
            journeys.save_version(obj, STARTER, author=request.user)
        return redirect("admin:marketing_journey_page", obj.pk)

    def response_change(self, request, obj) -> HttpResponse:
        return redirect("admin:marketing_journey_page", obj.pk)

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        journey = get_object_or_404(Journey.objects.select_related("live_version"), pk=pk)
        number = request.GET.get("version", "")
        version = (
            journey.versions.filter(number=int(number)).first() if number.isdecimal() else None
        )
        return self._shown(request, journey, version)

    def do(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One verb, named by the button. A definition that is refused stays in the field."""
        if not request.user.has_perm("marketing.change_journey"):
            raise PermissionDenied
        journey = get_object_or_404(Journey.objects.select_related("live_version"), pk=pk)
        verb = VERBS.get(request.POST.get("verb", ""))
        if verb is None:
            return HttpResponseBadRequest("unknown verb")
        try:
            messages.success(request, verb(journey, request.user, request.POST))
        except journeys.JourneyError as error:
            messages.error(request, str(error))
            if "definition" in request.POST:
                text = request.POST["definition"]
                return self._shown(request, journey, None, text=text, status=400)
        return redirect("admin:marketing_journey_page", pk)

    def _shown(
        self,
        request: HttpRequest,
        journey: Journey,
        version: JourneyVersion | None,
        *,
        text: str = "",
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(journey),
            "may_change": request.user.has_perm("marketing.change_journey"),
            **journey_page(journey, version),
        }
        if text:
            context["text"], context["is_raw"] = text, True
        return TemplateResponse(request, "marketing/journey.html", context, status=status)


@admin.register(PulledStep)
class PulledStepAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "version",
        "step",
        "arm",
        "language",
        "sentence",
        "state",
        "pulled_at",
        "decided_by",
    ]
    list_filter = ["state"]
    list_select_related = ["version__journey"]
    list_per_page = 50


def _save(journey: Journey, by: Any, data: QueryDict) -> str:
    try:
        definition = json.loads(data.get("definition", ""))
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno, "problem": error.msg}
        raise journeys.JourneyError(
            _("Line %(line)s, column %(column)s: %(problem)s.") % place
        ) from error
    version = journeys.save_version(journey, definition, author=by)
    return _("Version %(number)s is saved; it is not live yet.") % {"number": version.number}


def _go_live(journey: Journey, by: Any, data: QueryDict) -> str:
    number = data.get("version", "")
    version = get_object_or_404(journey.versions, number=int(number) if number.isdecimal() else 0)
    journeys.go_live(journey, version)
    return _("Version %(number)s is live.") % {"number": version.number}


def _pause(journey: Journey, by: Any, data: QueryDict) -> str:
    journeys.pause(journey)
    return _("Paused: nobody enters and nothing is sent.")


def _resume(journey: Journey, by: Any, data: QueryDict) -> str:
    journeys.resume(journey)
    return _("It goes on.")


def _stop(journey: Journey, by: Any, data: QueryDict) -> str:
    left = journeys.stop(journey)
    return _("Stopped; %(count)s customers left it.") % {"count": left}


def _pulled(journey: Journey, data: QueryDict) -> PulledStep:
    pk = data.get("pulled", "")
    rows = PulledStep.objects.filter(version__journey=journey).select_related("version__journey")
    return get_object_or_404(rows, pk=int(pk) if pk.isdecimal() and len(pk) < 16 else 0)


def _release(journey: Journey, by: Any, data: QueryDict) -> str:
    journeys.release_step(_pulled(journey, data), by)
    return _("It goes on: those who wait there get the message.")


def _skip(journey: Journey, by: Any, data: QueryDict) -> str:
    journeys.skip_step(_pulled(journey, data), by)
    return _("Skipped: those who wait there go on without the message.")


VERBS: dict[str, Callable[[Journey, Any, QueryDict], str]] = {
    "save": _save,
    "go_live": _go_live,
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "release": _release,
    "skip": _skip,
}
