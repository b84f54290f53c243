"""Segments with a live count, and the audiences frozen from them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from marketing.admin import audiences as audience_views
from marketing.admin import cohorts as cohort_views
from marketing.admin import frozen as frozen_views
from marketing.admin.base import ReadOnlyAdmin
from marketing.admin.rule_field import RuleField, RuleWidget
from marketing.definitions.rules import RuleError
from marketing.models import Audience, Segment
from marketing.pages.segments import segment_preview
from marketing.services.audiences.segment_edits import may_delete


class SegmentForm(forms.ModelForm):
    rule = RuleField(required=False, label=gettext_lazy("rule"))

    class Meta:
        model = Segment
        fields = [
            "name", "name_zh", "code", "description", "description_zh", "rule", "is_tracked",
        ]  # fmt: skip


@admin.register(Segment)
class SegmentAdmin(ModelAdmin):
    form = SegmentForm
    list_display = ["__str__", "about", "last_count", "counted_at", "is_builtin"]
    list_filter = ["is_builtin"]
    search_fields = ["name", "name_zh", "code"]
    prepopulated_fields = {"code": ["name"]}
    change_form_after_template = "marketing/segment_after.html"
    fieldsets = [
        (None, {"fields": ["rule"]}),
        (
            gettext_lazy("Name"),
            {"fields": ["name", "name_zh", "code", "description", "description_zh", "is_tracked"]},
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(require_POST(self.preview))
        return [
            path("preview/", preview, name="marketing_segment_preview"),
            *audience_views.urls(self.admin_site),
            *cohort_views.urls(self.admin_site),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Count, reachable and ten customers of the rule in the form, saved or not."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rule = RuleField(required=False).clean(
                RuleWidget().value_from_datadict(request.POST, {}, "rule")
            )
            context = {"preview": segment_preview(rule)}
        except (forms.ValidationError, RuleError) as error:
            problem = error.messages[0] if isinstance(error, forms.ValidationError) else str(error)
            return TemplateResponse(
                request, "marketing/rule_problem.html", {"problem": problem}, status=400
            )
        return TemplateResponse(request, "marketing/segment_preview.html", context)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        segment = self.get_object(request, object_id) if object_id else None
        extra = {"preview": segment_preview(segment.rule)} if segment else {}
        if segment and request.user.has_perm("marketing.add_audience"):
            extra["freeze"] = audience_views.freeze_link([segment])
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **extra}
        )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict:
        return {} if obj else self.prepopulated_fields

    def get_fieldsets(self, request: HttpRequest, obj: Segment | None = None) -> list:
        """A built-in rule is read below as sentences; only its name is anybody's to change."""
        sets = list(super().get_fieldsets(request, obj))
        return sets[1:] if obj and obj.is_builtin else sets

    def get_readonly_fields(self, request: HttpRequest, obj: Segment | None = None) -> list[str]:
        """The night's campaigns find the built-in segments by code, so code and rule stay."""
        return ["code", "rule"] if obj and obj.is_builtin else []

    def has_delete_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:
        if obj and not may_delete(obj):
            return False
        return super().has_delete_permission(request, obj)


@admin.register(Audience)
class AudienceAdmin(ReadOnlyAdmin):
    """Lists that are kept have a page of their own; the form shows what a campaign drew."""

    list_select_related = ["segment"]
    search_fields = ["name", "segment__name", "segment__code"]

    def get_urls(self) -> list[URLPattern]:
        return [*frozen_views.urls(self.admin_site), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return frozen_views.list_page(self.admin_site, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """The campaign's form chooses among lists that a campaign may still be made for."""
        if request.GET.get("field_name") == "frozen_audience":
            queryset = queryset & Audience.objects.usable()
        return super().get_search_results(request, queryset, search_term)
