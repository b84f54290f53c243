"""Suppliers and what they deliver."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from access.figures import figure, percent
from access.read_only import ReadOnly
from inventory.admin import scorecard_page
from inventory.models import LeadTimeEstimate, PriceBreak, Supplier, SupplierItem
from inventory.models.purchase_orders import INCOMING
from shop.money import format_money


@admin.register(Supplier)
class SupplierAdmin(ModelAdmin):
    list_display = [
        "name",
        "code",
        "email",
        "lead_time_days",
        "review_period_days",
        "items_shown",
        "open_orders",
        "scorecard",
        "is_active",
    ]
    list_filter = ["is_active", "currency"]
    list_filter_submit = True
    search_fields = ["code", "name", "email"]
    fields = [
        ("code", "name"),
        ("email", "currency"),
        ("lead_time_days", "lead_time_sd_days", "review_period_days"),
        ("order_cost_minor", "minimum_order_minor"),
        ("capacity_litres", "capacity_kg"),
        "is_active",
    ]
    show_full_result_count = False

    def get_urls(self) -> list:
        page = self.admin_site.admin_view(scorecard_page.page)
        own = path("scorecard/<str:code>/", page, name="inventory_supplier_scorecard")
        return [own, *super().get_urls()]

    @display(description=_("scorecard"))
    def scorecard(self, supplier: Any) -> str:
        address = reverse("admin:inventory_supplier_scorecard", args=[supplier.code])
        return format_html('<a href="{}">{}</a>', address, _("open"))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(
                item_count=Count("items", distinct=True),
                open_count=Count(
                    "purchase_orders",
                    filter=Q(purchase_orders__state__in=INCOMING),
                    distinct=True,
                ),
            )
        )

    @display(description=_("SKUs"), ordering="item_count")
    def items_shown(self, supplier: Any) -> str:
        url = reverse("admin:inventory_supplieritem_changelist")
        return format_html(
            '<a href="{}?supplier__id__exact={}">{}</a>', url, supplier.pk, supplier.item_count
        )

    @display(description=_("open orders"), ordering="open_count")
    def open_orders(self, supplier: Any) -> str:
        url = reverse("admin:inventory_purchaseorder_changelist")
        return format_html(
            '<a href="{}?supplier__id__exact={}">{}</a>', url, supplier.pk, supplier.open_count
        )


class PriceBreakInline(TabularInline):
    model = PriceBreak
    extra = 0
    fields = ["from_units", "unit_cost_minor"]


@admin.register(SupplierItem)
class SupplierItemAdmin(ModelAdmin):
    inlines = [PriceBreakInline]
    list_display = ["variant", "supplier", "supplier_sku", "cost", "moq", "pack_size", "lead_time"]
    list_display += ["is_preferred", "is_alternative"]
    list_filter = ["is_preferred", "is_alternative", "supplier"]
    list_filter_submit = True
    search_fields = ["variant__sku", "supplier_sku", "supplier__name"]
    list_select_related = ["variant", "supplier"]
    autocomplete_fields = ["variant", "supplier"]
    show_full_result_count = False

    @display(description=_("unit cost"), ordering="unit_cost_minor")
    def cost(self, item: SupplierItem) -> str:
        return format_money(item.unit_cost_minor, item.supplier.currency)

    @display(description=_("lead time (days)"))
    def lead_time(self, item: SupplierItem) -> int:
        return item.effective_lead_time_days


@admin.register(LeadTimeEstimate)
class LeadTimeEstimateAdmin(ReadOnly, ModelAdmin):
    """What receipts say; a row without a SKU is the supplier as a whole."""

    list_display = ["supplier", "variant", "as_of", "deliveries", "open_orders", "promised"]
    list_display += ["mean", "p50", "p90", "delay", "fill"]
    list_filter = ["supplier"]
    list_filter_submit = True
    search_fields = ["supplier__name", "supplier__code", "variant__sku"]
    list_select_related = ["supplier", "variant"]
    show_full_result_count = False

    @display(description=_("promised (days)"))
    def promised(self, row: LeadTimeEstimate) -> int:
        return row.supplier.lead_time_days

    @display(description=_("mean (days)"), ordering="mean_days")
    def mean(self, row: LeadTimeEstimate) -> str:
        return figure(row.mean_days, 1)

    @display(description=_("median (days)"), ordering="p50_days")
    def p50(self, row: LeadTimeEstimate) -> str:
        return figure(row.p50_days)

    @display(description=_("P90 (days)"), ordering="p90_days")
    def p90(self, row: LeadTimeEstimate) -> str:
        return figure(row.p90_days)

    @display(description=_("delay (days)"), ordering="delay_days")
    def delay(self, row: LeadTimeEstimate) -> str:
        return figure(row.delay_days, 1, signed=True)

    @display(description=_("fill rate"), ordering="fill_rate")
    def fill(self, row: LeadTimeEstimate) -> str:
        return percent(row.fill_rate, 1)
