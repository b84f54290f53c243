"""Personal data in the back office: what is held on a customer, erasures, and the proof of each."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from access.read_only import ReadOnly
from privacy.models import Erasure, ErasureState, Ground
from privacy.pages import models_of, steps_of
from privacy.services import erasures
from privacy.services.erasures import ErasureError
from privacy.services.held import archive_of
from privacy.services.previews import preview
from shop.models import Customer

COLOURS = {"asked": "info", "running": "info", "proven": "success", "found": "danger", "refused": "warning"}  # fmt: skip
MAY_ASK, MAY_DECIDE = "privacy.add_erasure", "privacy.decide_erasure"
MAY_TAKE_OUT = "privacy.export_person"


@admin.register(Erasure)
class ErasureAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "title",
        "state_",
        "ground_",
        "asked_at",
        "asked_by",
        "decided_by",
        "finished_at",
    ]
    list_filter = [("state", ChoicesDropdownFilter)]
    list_select_related = ["asked_by", "decided_by"]
    list_per_page = 50
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any, *checks: Any) -> Any:
            for check in checks:
                view = check(view)
            return self.admin_site.admin_view(view)

        look = require_http_methods(["GET", "HEAD"])
        return [
            path("customer/<int:pk>/", page(self.customer, look), name="privacy_customer"),
            path("customer/<int:pk>/ask/", page(self.ask, require_POST), name="privacy_ask"),
            path("customer/<int:pk>/all/", page(self.take_out, require_GET), name="privacy_export"),
            path("<int:pk>/decide/", page(self.decide, require_POST), name="privacy_decide"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("working")

    @display(description=gettext_lazy("erasure"))
    def title(self, erasure: Erasure) -> str:
        return str(erasure)

    @display(description=gettext_lazy("state"), label=COLOURS)
    def state_(self, erasure: Erasure) -> tuple[str, str]:
        return erasure.state, ErasureState(erasure.state).label

    @display(description=gettext_lazy("ground"))
    def ground_(self, erasure: Erasure) -> str:
        return str(Ground(erasure.ground).label)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        erasure = self.get_object(request, object_id)
        if not self.has_view_permission(request, erasure):
            raise PermissionDenied
        if erasure is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return self._page(
            request,
            "privacy/erasure.html",
            str(erasure),
            erasure=erasure,
            colour=COLOURS[erasure.state],
            steps=steps_of(erasure),
            models=models_of(erasure),
            may_decide=request.user.has_perm(MAY_DECIDE) and erasure.state == ErasureState.ASKED,
            back=reverse("admin:privacy_erasure_changelist"),
        )

    def customer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What stands about her and what would become of it."""
        her = self._customer(request, pk)
        seen = preview(her)
        return self._page(
            request,
            "privacy/customer.html",
            _("Personal data of %(who)s") % {"who": her},
            her=her,
            lines=seen.lines,
            obstacles=seen.obstacles,
            grounds=Ground.choices,
            known=erasures.erasures_of(her.code),
            may_ask=request.user.has_perm(MAY_ASK) and not her.is_pseudonym,
            may_take_out=request.user.has_perm(MAY_TAKE_OUT) and not her.is_pseudonym,
            back=reverse("admin:shop_customer_change", args=[her.pk]),
        )

    def ask(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(MAY_ASK):
            raise PermissionDenied
        her = self._customer(request, pk)
        ground = request.POST.get("ground", "")
        try:
            if request.POST.get("code", "").strip() != her.code:
                raise ErasureError(_("Type the customer's code to confirm."))
            chosen = ground if ground in Ground.values else Ground.HER_WISH.value
            erasure = erasures.ask(her, by=request.user, ground=chosen)
        except ErasureError as error:
            messages.error(request, str(error))
            return redirect("admin:privacy_customer", her.pk)
        messages.success(request, _("Asked for. Nothing is removed until it is approved."))
        return redirect("admin:privacy_erasure_change", erasure.pk)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(MAY_DECIDE):
            raise PermissionDenied
        erasure = get_object_or_404(Erasure, pk=pk)
        verb = erasures.approve if "approve" in request.POST else erasures.refuse
        try:
            verb(erasure, by=request.user)
        except ErasureError as error:
            messages.error(request, str(error))
        return redirect("admin:privacy_erasure_change", erasure.pk)

    def take_out(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Everything held on her, as one archive."""
        if not request.user.has_perm(MAY_TAKE_OUT):
            raise PermissionDenied
        return archive_answer(self._customer(request, pk))

    def _customer(self, request: HttpRequest, pk: int) -> Customer:
        if not request.user.has_perms(["shop.view_customer", "privacy.view_erasure"]):
            raise PermissionDenied
        return get_object_or_404(Customer, pk=pk)

    def _page(self, request: HttpRequest, template: str, title: str, **shown: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            **shown,
        }
        return TemplateResponse(request, template, context)


def archive_answer(customer: Customer) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(
        archive_of(customer, at=timezone.now()), content_type="application/zip"
    )
    answer["Content-Disposition"] = f'attachment; filename="customer-{customer.pk}.zip"'
    return answer
