"""Evidence, the ledger of claims, the rules of the markets, the shop's voice and glossary."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, URLField
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from access.read_only import ReadOnly
from marketing.models import (
    BrandVoice,
    ClaimRecord,
    Evidence,
    EvidenceState,
    EvidenceUse,
    GlossaryTerm,
    PolicyRule,
)
from marketing.services.campaigns import text_rules
from marketing.services.content import evidence as documents
from marketing.services.content.evidence_records import open_revision
from marketing.services.journeys import journey_review

SENTENCES_SHOWN = 50


class WithAddress:
    """For forms with a web address: without a scheme it is taken for https."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]


class UseInline(ReadOnly, TabularInline):
    model = EvidenceUse
    fields = ["sentence", "kind", "language", "product", "attached_by", "attached_at"]
    extra = 0
    max_num = 100


@admin.register(Evidence)
class EvidenceAdmin(WithAddress, ModelAdmin):
    list_display = [
        "title", "code", "revision", "state_label", "valid_from", "valid_until", "added_by",
        "decided_by",
    ]  # fmt: skip
    list_filter = ["state"]
    list_select_related = ["added_by", "decided_by"]
    search_fields = ["title", "excerpt", "code"]
    list_per_page = 50
    inlines = [UseInline]
    actions = None
    actions_detail = ["approve", "revise", "withdraw"]

    def get_fields(self, request: HttpRequest, obj: Evidence | None = None) -> list[Any]:
        dates = ("valid_from", "valid_until")
        if obj is None:
            return ["title", "code", "file", "url", "excerpt", dates]
        keeps = ["keeps_uses", "proven_before"] if obj.revision > 1 else []
        return [
            "title", ("code", "revision"), "document", "url", "excerpt", dates, *keeps, "state",
            "added_by", "decided_by", "decided_at",
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Evidence | None = None) -> list[str]:
        """What was approved is not changed afterwards: a new document is added instead."""
        if obj is None:
            return []
        fixed = [
            "code", "revision", "document", "proven_before", "state", "added_by", "decided_by",
            "decided_at",
        ]  # fmt: skip
        if obj.state == EvidenceState.PENDING:
            return fixed
        return [*fixed, "title", "url", "excerpt", "valid_from", "valid_until", "keeps_uses"]

    def has_delete_permission(self, request: HttpRequest, obj: Evidence | None = None) -> bool:
        return False  # it is withdrawn, not forgotten

    def save_model(self, request: HttpRequest, obj: Evidence, form: Any, change: bool) -> None:
        if not change:
            obj.added_by = request.user
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = path("<int:pk>/file/", view(require_GET(self.file)), name="marketing_evidence_file")
        return [own, *super().get_urls()]

    def file(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Handed out as a file, never shown as a page of this program."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = get_object_or_404(Evidence, pk=pk)
        if not found.file or not found.file.storage.exists(found.file.name):
            raise Http404
        name = found.file.name.rsplit("/", 1)[-1]
        answer = FileResponse(found.file.open("rb"), as_attachment=True, filename=name)
        answer["X-Content-Type-Options"] = "nosniff"
        return answer

    @admin.display(description=gettext_lazy("proven before"))
    def proven_before(self, found: Evidence) -> str:
        """What whoever approves it vouches for, where it proves the same."""
        before = EvidenceUse.objects.filter(
            evidence__code=found.code, evidence__revision=found.revision - 1
        ).order_by("pk")
        rows = ((use.sentence,) for use in before[:SENTENCES_SHOWN])
        return format_html_join(mark_safe("<br>"), "{}", rows) or "–"

    @admin.display(description=gettext_lazy("file"))
    def document(self, found: Evidence) -> str:
        if not found.file:
            return "–"
        address = reverse("admin:marketing_evidence_file", args=[found.pk])
        return format_html('<a href="{}">{}</a>', address, found.file.name.rsplit("/", 1)[-1])

    @display(
        description=gettext_lazy("state"),
        label={
            "approved": "success",
            "withdrawn": "danger",
            "pending": "warning",
            "expired": "danger",
        },
    )
    def state_label(self, found: Evidence) -> tuple[str, str]:
        if found.state == EvidenceState.APPROVED and not found.is_valid(timezone.now()):
            early = found.valid_from > timezone.localdate()
            return ("pending", _("not valid yet")) if early else ("expired", _("expired"))
        return found.state, found.get_state_display()

    @action(
        description=gettext_lazy("Approve: it proves what it says"),
        url_path="approve",
        permissions=["change"],
    )
    def approve(self, request: HttpRequest, object_id: int) -> HttpResponse:
        found = get_object_or_404(Evidence, pk=object_id)
        try:
            if documents.approve_evidence(found, request.user):
                messages.success(request, _("Approved; it can be attached to sentences now."))
            else:
                messages.warning(request, _("Somebody decided this already."))
        except documents.EvidenceError as error:
            messages.error(request, str(error))
        return redirect("admin:marketing_evidence_change", object_id)

    @action(description=gettext_lazy("New revision"), url_path="revise", permissions=["change"])
    def revise(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """A copy that waits for approval; until then everything rests on the one before."""
        found = get_object_or_404(Evidence, pk=object_id)
        newest = open_revision(found, by=request.user)
        messages.info(request, _("This revision waits for approval: change it here."))
        return redirect("admin:marketing_evidence_change", newest.pk)

    @action(
        description=gettext_lazy("Withdraw: pull what rests on it"),
        url_path="withdraw",
        permissions=["change"],
    )
    def withdraw(self, request: HttpRequest, object_id: int) -> HttpResponse:
        found = get_object_or_404(Evidence, pk=object_id)
        if documents.withdraw_evidence(found, request.user):
            messages.success(request, _("Withdrawn; live copy that rested on it was pulled."))
        else:
            messages.warning(request, _("Somebody decided this already."))
        return redirect("admin:marketing_evidence_change", object_id)


@admin.register(ClaimRecord)
class ClaimRecordAdmin(ReadOnly, ModelAdmin):
    list_display = ["sentence", "kind", "ground", "version", "state_label", "verified_at", "where"]
    list_filter = ["kind", "state"]
    list_select_related = ["copy", "candidate", "evidence", "journey_version__journey"]
    search_fields = ["sentence", "source"]
    list_per_page = 50
    show_full_result_count = False

    @display(
        description=gettext_lazy("state"),
        label={"live": "success", "pulled": "danger", "ended": "info"},
    )
    def state_label(self, claim: ClaimRecord) -> tuple[str, str]:
        return claim.state, claim.get_state_display()

    @admin.display(description=gettext_lazy("rests on"))
    def ground(self, claim: ClaimRecord) -> str:
        if claim.evidence is None:
            return claim.source
        address = reverse("admin:marketing_evidence_change", args=[claim.evidence_id])
        return format_html('<a href="{}">{}</a>', address, claim.evidence.title)

    @admin.display(description=gettext_lazy("published in"))
    def where(self, claim: ClaimRecord) -> str:
        if claim.copy:
            address = reverse("admin:marketing_campaign_path", args=[claim.copy.campaign_id])
            return format_html('<a href="{}">{}</a>', address, claim.copy)
        if claim.journey_version:
            address = reverse(
                "admin:marketing_journey_page", args=[claim.journey_version.journey_id]
            )
            return format_html('<a href="{}">{}</a>', address, claim.journey_version.journey)
        assert claim.candidate is not None  # the database promises one of the three
        address = reverse("admin:marketing_brief_page", args=[claim.candidate.brief_id])
        return format_html('<a href="{}">{}</a>', address, claim.candidate)


@admin.register(PolicyRule)
class PolicyRuleAdmin(WithAddress, ModelAdmin):
    list_display = ["__str__", "market", "severity_label", "check_kind", "is_active", "law"]
    list_filter = ["market", "severity", "check_kind", "is_active"]
    search_fields = ["title", "title_zh", "source", "words", "code"]
    list_per_page = 50
    actions = None
    fieldsets = [
        (None, {"fields": [("title", "title_zh"), ("market", "severity"), "is_active"]}),
        (gettext_lazy("Source"), {"fields": ["source", "source_url"]}),
        (gettext_lazy("Check"), {"fields": ["check_kind", ("words", "exceptions"), "code"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: PolicyRule | None = None) -> list[str]:
        return ["code"] if obj else []

    def save_model(self, request: HttpRequest, obj: PolicyRule, form: Any, change: bool) -> None:
        """What the rule forbids from now on is pulled with it: the page saves in one transaction."""
        super().save_model(request, obj, form, change)
        journey_review.pull_forbidden()
        text_rules.pull_forbidden()

    def has_delete_permission(self, request: HttpRequest, obj: PolicyRule | None = None) -> bool:
        return False  # it would come back at the next update: switch it off

    @display(description=gettext_lazy("severity"), label={"block": "danger", "warn": "warning"})
    def severity_label(self, rule: PolicyRule) -> tuple[str, str]:
        return rule.severity, rule.get_severity_display()

    @admin.display(description=gettext_lazy("source"))
    def law(self, rule: PolicyRule) -> str:
        if not rule.source_url:
            return rule.source
        return format_html('<a href="{}" rel="noreferrer">{}</a>', rule.source_url, rule.source)


@admin.register(GlossaryTerm)
class GlossaryTermAdmin(ModelAdmin):
    list_display = ["term", "kind", "instead_of", "language", "note"]
    list_filter = ["kind", "language"]
    search_fields = ["term", "instead_of"]
    list_per_page = 50

    def save_model(self, request: HttpRequest, obj: GlossaryTerm, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        journey_review.pull_forbidden()
        text_rules.pull_forbidden()


OF_THE_VOICE = "marketing_brandvoice_"


@admin.register(BrandVoice)
class BrandVoiceAdmin(ModelAdmin):
    list_display = ["__str__", "persona", "updated_at"]
    fields = ["persona", "guidance", "examples"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BrandVoice]:
        return super().get_queryset(request).filter(pk=1)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Every page's menu asks this: only a page of the voice itself looks whether there is one."""
        allowed = super().has_add_permission(request)
        match = request.resolver_match
        if not allowed or match is None or not (match.url_name or "").startswith(OF_THE_VOICE):
            return allowed
        return not BrandVoice.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: BrandVoice | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: BrandVoice, form: Any, change: bool) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)
