"""API keys: made here, shown once, rotated and revoked here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from access.models import ApiKey, IdempotentAnswer
from access.read_only import ReadOnly
from access.services.keys import (
    IssuedKey,
    KeyClosedError,
    issue_key,
    revoke_key,
    rotate_key,
)

FIELDS = ["name", "user", "is_publishable", "rate_per_minute", "expires_at"]


class RotationDialog(BaseDialogForm):
    overlap_hours = forms.IntegerField(
        label=_("Hours for which the old key stays valid"),
        min_value=0,
        max_value=24 * 30,
        initial=24,
        widget=UnfoldAdminIntegerFieldWidget,
    )


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    list_display = ["name", "begins_with", "for_", "rate_per_minute", "state", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix"]
    autocomplete_fields = ["user"]
    actions = ["revoke_chosen"]
    actions_detail = ["rotate", "revoke"]
    warn_unsaved_form = True

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        if obj is None:
            return FIELDS
        return [*FIELDS, "begins_with", "state", "created_at", "last_used_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        """A key keeps its owner for life: else a storefront's key could become the owner's."""
        if obj is None:
            return []
        return ["user", "is_publishable", "begins_with", "state", "created_at", "last_used_at"]

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False  # revoked, not deleted: whose key it was stays known

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "rate_per_minute", "expires_at"])
            return
        issued = issue_key(
            obj.name,
            user=obj.user,
            publishable=obj.is_publishable,
            rate_per_minute=obj.rate_per_minute,
            expires_at=obj.expires_at,
        )
        obj.__dict__.update(issued.key.__dict__)
        request.issued = issued

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> Any:
        return self._secret_page(request, request.issued)

    def _secret_page(self, request: HttpRequest, issued: IssuedKey) -> TemplateResponse:
        """Shown in the answer to this request and nowhere else: not in a message, not in a log."""
        context = self.admin_site.each_context(request) | {
            "title": issued.key.name,
            "issued": issued,
            "opts": self.model._meta,
        }
        return TemplateResponse(
            request,
            "access/secret.html",
            context,
            headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        )

    @action(
        description=_("Rotate"),
        permissions=["change"],
        icon="autorenew",
        url_path="rotate",
    )
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks, POST rotates and shows the new secret once."""
        key = get_object_or_404(ApiKey.objects.select_related("user"), pk=object_id)
        form = RotationDialog(request=request, object_id=object_id, data=request.POST or None)
        if form.is_valid():
            try:
                hours = form.cleaned_data["overlap_hours"]
                return self._secret_page(request, rotate_key(key, overlap_hours=hours))
            except KeyClosedError as refusal:
                form.add_error(None, str(refusal))
        context = self.admin_site.each_context(request)
        context |= {"title": key.name, "form": form, "key": key, "opts": self.model._meta}
        return TemplateResponse(request, "access/rotate.html", context)

    @action(
        description=_("Revoke"),
        permissions=["change"],
        icon="block",
        dialog={
            "title": _("Revoke the key"),
            "description": _("Programs that use it are refused at once. This cannot be undone."),
            "form_class": None,
            "form_submit_text": _("Revoke"),
        },
    )
    def revoke(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        revoke_key(get_object_or_404(ApiKey, pk=object_id))
        messages.success(request, _("The key is revoked."))
        address = reverse("admin:access_apikey_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": address})

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke_chosen(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        for key in chosen:
            revoke_key(key)
        messages.success(request, _("The keys are revoked."))

    @display(description=_("begins with"), ordering="prefix")
    def begins_with(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @display(
        description=_("opens"),
        label={"merchant": "warning", "storefront": "info", "browsers": "success"},
    )
    def for_(self, key: ApiKey) -> tuple[str, Any]:
        if key.user:
            return "merchant", key.user.get_username()
        if key.is_publishable:
            return "browsers", _("events from browsers")
        return "storefront", _("storefront")

    @display(
        description=_("state"),
        label={"valid": "success", "ending": "warning", "expired": "info", "revoked": "danger"},
    )
    def state(self, key: ApiKey) -> tuple[str, Any]:
        if key.revoked_at:
            return "revoked", _("revoked")
        if not key.is_valid(timezone.now()):
            return "expired", _("expired")
        return ("ending", _("ending")) if key.expires_at else ("valid", _("valid"))


@admin.register(IdempotentAnswer)
class IdempotentAnswerAdmin(ReadOnly, ModelAdmin):
    list_display = ["created_at", "scope", "key", "status"]
    search_fields = ["scope", "key"]
    show_full_result_count = False
    exclude = ["body"]  # an answer may hold personal data; its address is enough to look into
