"""Flash sales: the list, the draft's form, and the page of one with its buttons."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import figure, percent
from decisions.services.receipts import DecisionClosedError
from inventory.admin.flash_sale_form import FlashSaleForm
from inventory.admin.lost_demand import right
from inventory.models import FlashSale
from inventory.services import flash_sales as service
from inventory.services.flash_sale_report import LineReport, SaleReport, SkuReport, report_of
from inventory.services.flash_sales import FlashSaleError
from shop.money import format_money

COLOURS = {
    "draft": "info",
    "approved": "warning",
    "running": "success",
    "ended": "info",
    "cancelled": "danger",
}


@admin.register(FlashSale)
class FlashSaleAdmin(ModelAdmin):
    form = FlashSaleForm
    list_display = ["title", "state_label", "window", "sku_count", "units_aside"]
    list_display_links = None
    list_filter = ["state"]
    list_per_page = 50
    search_fields = ["name", "name_zh", "lines__variant__sku"]
    show_full_result_count = False
    list_before_template = "inventory/flash_sales_none.html"
    warn_unsaved_form = True
    actions = None
    fields = [("name", "name_zh"), "starts_at", "ends_at", "lines"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlashSale]:
        found = super().get_queryset(request)
        return found.annotate(
            skus=Count("lines__variant", distinct=True), aside=Sum("lines__units")
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"has_none": not FlashSale.objects.exists()}
        return super().changelist_view(request, (extra_context or {}) | more)

    def has_change_permission(self, request: HttpRequest, obj: FlashSale | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: FlashSale | None = None) -> bool:
        return False  # on its page, by the service

    def get_fields(self, request: HttpRequest, obj: FlashSale | None = None) -> list[Any]:
        if obj is not None and not self.has_change_permission(request, obj):
            return self.fields[:-1]
        return self.fields

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "inventory_flashsale"
        return [
            path("<int:pk>/sale/", view(require_GET(self.page)), name=f"{name}_page"),
            path("<int:pk>/sale/do/", view(require_POST(self.do)), name=f"{name}_do"),
            *super().get_urls(),
        ]

    def save_model(
        self, request: HttpRequest, obj: FlashSale, form: FlashSaleForm, change: bool
    ) -> None:
        try:
            made = service.save_draft(form.draft(), sale=obj if change else None, by=request.user)
        except FlashSaleError as refusal:  # approved by somebody else while this form was open
            messages.error(request, str(refusal))
        else:
            obj.__dict__.update(made.__dict__)

    def response_add(self, request, obj, post_url_continue=None) -> HttpResponse:
        if obj.pk is None:  # refused after all; the reason is on the page
            return redirect("admin:inventory_flashsale_changelist")
        return redirect("admin:inventory_flashsale_page", obj.pk)

    def response_change(self, request, obj) -> HttpResponse:
        return redirect("admin:inventory_flashsale_page", obj.pk)

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        sale = get_object_or_404(FlashSale.objects.select_related("decision"), pk=pk)
        found = report_of(sale)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": str(sale),
            "sale": sale,
            "colour": COLOURS[sale.state],
            "zone": timezone.get_current_timezone_name(),
            "report": found,
            "figures": _figures(found),
            "lines": [_line(one) for one in found.lines],
            "skus": [_sku(one) for one in found.skus],
            "planned": {
                "source": found.source,
                "needs": found.needs,
                "is_too_late": found.is_too_late,
            },
            "may_change": request.user.has_perm("inventory.change_flashsale"),
            "may_delete": request.user.has_perm("inventory.delete_flashsale"),
            "may_approve": request.user.has_perm(service.PERMISSION),
        }
        return TemplateResponse(request, "inventory/flash_sale.html", context)

    def do(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The step that the button names."""
        sale, verb = get_object_or_404(FlashSale, pk=pk), request.POST.get("verb", "")
        needed = {"approve": service.PERMISSION, "cancel": service.PERMISSION}
        needed["delete"] = "inventory.delete_flashsale"
        if verb not in needed:
            return HttpResponseBadRequest("unknown verb")
        if not request.user.has_perm(needed[verb]):
            raise PermissionDenied
        try:
            if verb == "delete":
                service.delete_draft(sale)
                messages.success(request, gettext("Deleted; the plan is as it was without it."))
                return redirect("admin:inventory_flashsale_changelist")
            if verb == "approve":
                service.approve_flash_sale(sale, by=request.user)
                messages.success(request, gettext("Approved: prices and units stand."))
            else:
                service.cancel_flash_sale(sale, by=request.user)
                messages.success(request, gettext("Called off: prices ended, units are back."))
        except FlashSaleError as refusal:
            for reason in refusal.reasons:
                messages.error(request, reason)
        except DecisionClosedError as refusal:
            messages.warning(request, str(refusal))
        return redirect("admin:inventory_flashsale_page", pk)

    @display(description=_("flash sale"), ordering="name")
    def title(self, sale: FlashSale) -> str:
        address = reverse("admin:inventory_flashsale_page", args=[sale.pk])
        return format_html('<a href="{}" class="font-semibold">{}</a>', address, sale)

    @display(description=_("state"), label=COLOURS)
    def state_label(self, sale: FlashSale) -> tuple[str, str]:
        return sale.state, sale.get_state_display()

    @display(description=_("window"), ordering="starts_at")
    def window(self, sale: FlashSale) -> str:
        return f"{_moment(sale.starts_at)} – {_moment(sale.ends_at)}"

    @display(description=_("SKUs"), ordering="skus")
    def sku_count(self, sale: FlashSale) -> str:
        return right(figure(sale.skus))

    @display(description=_("units set aside"), ordering="aside")
    def units_aside(self, sale: FlashSale) -> str:
        return right(figure(sale.aside or 0))


def _moment(at: Any) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def _figures(found: SaleReport) -> list[dict[str, str]]:
    """The row of cards; of a draft only what is known of it."""
    shown = [{"label": gettext("Units to set aside"), "value": figure(found.units), "note": ""}]
    if found.left is None:
        return shown
    at_former = found.at_former_price_minor
    given = None if at_former is None else at_former - found.revenue_minor
    return [
        {"label": gettext("Units left"), "value": figure(found.left),
         "note": gettext("of %s set aside") % figure(found.units)},
        {"label": gettext("Units sold"), "value": figure(found.sold),
         "note": gettext("of these SKUs in its window, set aside or not")},
        {"label": gettext("Revenue"), "value": format_money(found.revenue_minor),
         "note": gettext("less what was cancelled")},
        {"label": gettext("The same units at the price before"), "value": format_money(at_former),
         "note": gettext("given away: %s") % format_money(given)},
    ]  # fmt: skip


def _line(one: LineReport) -> dict[str, Any]:
    return {
        "line": one.line,
        "price": format_money(one.line.price_minor),
        "before": format_money(one.before_minor),
        "reduction": "–" if one.percent is None else f"−{percent(one.percent)}",
        "available": one.available,
        "left": one.left,
        "in_carts": one.in_carts,
        "from_quota": one.from_quota,
    }


def _sku(one: SkuReport) -> dict[str, Any]:
    return {
        "sku": one.sku,
        "units": one.units,
        "revenue": format_money(one.revenue_minor),
        "before": format_money(one.before_minor),
    }
