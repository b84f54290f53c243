"""Briefs in the back office: write one, compare its candidates, prove, edit and choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from decisions.services import jobs
from marketing.admin.desk import link
from marketing.admin.wordings import MAY_ASK
from marketing.models import Brief, BriefItem, Candidate, Evidence
from marketing.models.briefs import PARTS
from marketing.pages.briefs import brief_page
from marketing.services.content import briefs, evidence

JOB_COLOURS = {"queued": "info", "running": "info", "succeeded": "success", "failed": "danger"}


class BriefItemInline(TabularInline):
    model = BriefItem
    extra = 1
    min_num = 1
    max_num = briefs.MAX_PRODUCTS
    validate_min = True
    raw_id_fields = ["variant"]
    fields = ["position", "variant"]


@admin.register(Brief)
class BriefAdmin(ModelAdmin):
    list_display = ["title", "segment", "language", "state_label", "chosen", "created_at"]
    list_display_links = None
    list_filter = ["channel", "goal", "language"]
    list_select_related = ["segment", "job"]
    search_fields = ["instructions"]
    list_per_page = 50
    show_full_result_count = False
    inlines = [BriefItemInline]
    actions = None
    raw_id_fields = ["campaign"]
    fieldsets = [
        (
            None,
            {"fields": [("channel", "goal"), ("segment", "persona"), "campaign", ("language", "tone"), "market"]},
        ),
        (
            gettext_lazy("What to write"),
            {
                "fields": [
                    "instructions", ("must_say", "must_not_say"), ("max_characters", "count"),
                ]
            },
        ),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brief]:
        return super().get_queryset(request).prefetch_related("candidates")

    @admin.display(description=gettext_lazy("brief"))
    def title(self, brief: Brief) -> str:
        return link(reverse("admin:marketing_brief_page", args=[brief.pk]), brief)

    @display(description=gettext_lazy("state"), label=JOB_COLOURS)
    def state_label(self, brief: Brief) -> tuple[str, str]:
        return (brief.job.state, brief.job.get_state_display()) if brief.job else ("", "–")

    @admin.display(description=gettext_lazy("chosen"))
    def chosen(self, brief: Brief) -> str:
        found = [c for c in brief.candidates.all() if c.state == "chosen"]
        return (found[0].subject or found[0].body[:50]) if found else "–"

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "marketing_brief"
        return [
            path("<int:pk>/page/", view(require_GET(self.page)), name=f"{name}_page"),
            path("<int:pk>/live/", view(require_GET(self.live)), name=f"{name}_live"),
            path("<int:pk>/do/", view(require_POST(self.do)), name=f"{name}_do"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Brief | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Brief | None = None) -> bool:
        return False  # its candidates may be live

    def save_model(self, request: HttpRequest, obj: Brief, form: Any, change: bool) -> None:
        obj.created_by = request.user
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        briefs.ask_for_candidates(form.instance, by=request.user)

    def response_add(self, request, obj, post_url_continue=None) -> HttpResponse:
        return redirect("admin:marketing_brief_page", obj.pk)

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        return TemplateResponse(request, "marketing/brief.html", self._context(request, pk))

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes while candidates are being written."""
        return TemplateResponse(request, "marketing/brief_live.html", self._context(request, pk))

    def do(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("marketing.add_brief"):
            raise PermissionDenied
        brief = get_object_or_404(Brief.objects.select_related("job"), pk=pk)
        verb = VERBS.get(request.POST.get("verb", ""))
        if verb is None:
            return HttpResponseBadRequest("unknown verb")
        try:
            messages.success(request, verb(brief, request.user, request.POST))
        except (briefs.BriefError, evidence.EvidenceError) as error:
            messages.error(request, str(error))
        return redirect("admin:marketing_brief_page", pk)

    def _context(self, request: HttpRequest, pk: int) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Brief.objects.select_related("segment", "persona", "campaign", "job", "created_by")
        brief = get_object_or_404(rows, pk=pk)
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(brief),
            "list_url": reverse("admin:marketing_brief_changelist"),
            "may_change": request.user.has_perm("marketing.add_brief"),
            "may_attach": request.user.has_perm("marketing.add_evidenceuse"),
            "may_rule": request.user.has_perm(MAY_ASK),
            "back": reverse("admin:marketing_brief_page", args=[pk]),
            **brief_page(brief),
        }


Verb = Callable[[Brief, Any, QueryDict], str]


def write_more(brief: Brief, by: Any, data: QueryDict) -> str:
    briefs.ask_for_candidates(brief, by=by)
    return _("Another round is being written.")


def stop(brief: Brief, by: Any, data: QueryDict) -> str:
    if brief.job is None or not jobs.cancel(brief.job, by=by):
        raise briefs.BriefError(_("Nothing is being written any more."))
    return _("Asked to stop; it ends at its next step.")


def choose(brief: Brief, by: Any, data: QueryDict) -> str:
    candidate = briefs.choose_candidate(_candidate(brief, data), by=by, at=timezone.now())
    if candidate.decision_id:
        return _("Chosen. The new description waits for approval on the brief.")
    if candidate.copy_id:
        return _("Chosen: it is the campaign's text now.")
    return _("Chosen. Copy the finished text from its card.")


def edit(brief: Brief, by: Any, data: QueryDict) -> str:
    candidate = _candidate(brief, data)
    parts = {part: data[part] for part in PARTS if part in data}
    briefs.edit_candidate(candidate, parts, at=timezone.now())
    if candidate.state == "refused":
        raise briefs.BriefError(_("Kept, but refused: the card says why."))
    return _("Saved, and every claim is proven.")


def attach(brief: Brief, by: Any, data: QueryDict) -> str:
    """A person says that a document proves this sentence, of the first product or of the shop."""
    if not by.has_perm("marketing.add_evidenceuse"):
        raise PermissionDenied
    pk = data.get("evidence", "")
    document = get_object_or_404(Evidence, pk=int(pk) if pk.isdecimal() else 0)
    item = brief.items.select_related("variant__product").first()
    evidence.attach(
        document,
        data.get("sentence", ""),
        kind=data.get("kind", ""),
        language=brief.language,
        product=None if data.get("of_shop") or item is None else item.variant.product,
        by=by,
    )
    return _("Attached: the sentence rests on “%(title)s” now.") % {"title": document}


VERBS: dict[str, Verb] = {
    "write_more": write_more,
    "stop": stop,
    "choose": choose,
    "edit": edit,
    "attach": attach,
}


def _candidate(brief: Brief, data: QueryDict) -> Candidate:
    number = data.get("candidate", "")
    return get_object_or_404(
        brief.candidates.select_related("brief"), pk=int(number) if number.isdecimal() else 0
    )
