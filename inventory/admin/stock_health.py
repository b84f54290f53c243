"""Stock health: the shop on one page, the SKUs as a list, a file of all."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display

from access.figures import figure, percent
from access.read_only import ReadOnly
from inventory.admin.lost_demand import WithTables, right
from inventory.bar_charts import day_bars, share_bars
from inventory.models import SkuHealth
from inventory.services.stock_health import stock_health_totals
from shop.money import format_money

AGES = (_("up to 30 days"), _("31–90 days"), _("91–180 days"), _("181–365 days"), _("over a year"))


@admin.register(SkuHealth)
class SkuHealthAdmin(ReadOnly, WithTables):
    list_display = ["sku", "product", "on_hand_", "stock_value", "turns_", "gmroi_", "excess"]
    list_display += ["old", "risk_7", "risk_28"]
    list_display_links = None
    list_filter = [("out_risk_28", RangeNumericFilter), ("excess_units", RangeNumericFilter)]
    list_filter_submit = True
    list_per_page = 50
    search_fields = ["variant__sku", "variant__product__name", "variant__product__name_zh"]
    list_select_related = ["variant__product"]
    show_full_result_count = False
    actions_list = ["overview_link"]

    def get_urls(self) -> list:
        page = self.admin_site.admin_view(self.overview)
        return [path("overview/", page, name="inventory_stock_health"), *super().get_urls()]

    def overview(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        totals = stock_health_totals()
        context = admin.site.each_context(request) | {
            "title": gettext("Stock health"),
            "opts": self.opts,
            "totals": totals,
            "stock": format_money(totals.stock_minor),
            "excess": format_money(totals.excess_minor),
            "ages": share_bars(
                [
                    (str(name), minor, format_money(minor))
                    for name, minor in zip(AGES, totals.age_minor, strict=True)
                ]
            ),
            "out": totals.as_of
            and day_bars(
                totals.as_of + timedelta(days=1),
                totals.out_by_day,
                gettext("SKUs expected to be sold out, by day"),
            ),
            "out_last": totals.out_by_day[-1],
        }
        return TemplateResponse(request, "inventory/stock_health.html", context)

    @action(description=_("Overview"), url_path="to-overview", icon="monitoring")
    def overview_link(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        address = reverse("admin:inventory_stock_health")
        return HttpResponse(status=302, headers={"Location": address})

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, row: SkuHealth) -> str:
        address = reverse("admin:inventory_forecast_page", args=[row.variant.sku])
        return format_html(
            '<a href="{}" class="font-semibold" style="white-space:nowrap">{}</a>',
            address,
            row.variant.sku,
        )

    @display(description=_("product"))
    def product(self, row: SkuHealth) -> str:
        return str(row.variant.product)

    @display(description=_("on hand"), ordering="on_hand")
    def on_hand_(self, row: SkuHealth) -> str:
        return right(figure(row.on_hand))

    @display(description=_("at cost"), ordering="stock_minor")
    def stock_value(self, row: SkuHealth) -> str:
        return right(_money(row.stock_minor))

    @display(description=_("turns a year"))
    def turns_(self, row: SkuHealth) -> str:
        if row.cogs_minor is None:
            return right("–")
        from inventory.ml.stock_health import turns  # numpy: not at start-up

        return right(figure(turns(row.cogs_minor, row.average_stock_minor, row.days), 1))

    @display(description=_("GMROI a year"))
    def gmroi_(self, row: SkuHealth) -> str:
        from inventory.ml.stock_health import gmroi  # numpy: not at start-up

        if row.cogs_minor is None:
            return right("–")
        margin = row.revenue_minor - row.cogs_minor
        return right(figure(gmroi(margin, row.average_stock_minor, row.days), 1))

    @display(description=_("excess at cost"), ordering="excess_minor")
    def excess(self, row: SkuHealth) -> str:
        return right(_money(row.excess_minor))

    @display(description=_("units over half a year old"))
    def old(self, row: SkuHealth) -> str:
        return right(figure(sum(row.age_units[3:])))

    @display(description=_("out in 7 days"))
    def risk_7(self, row: SkuHealth) -> str:
        return right(percent(row.out_risk[6] if row.out_risk else None))

    @display(description=_("out in 28 days"), ordering="out_risk_28")
    def risk_28(self, row: SkuHealth) -> str:
        return right(percent(row.out_risk_28))


def _money(minor: int | None) -> str:
    return "–" if minor is None else format_money(minor)
