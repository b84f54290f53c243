"""Forecasts: one row per SKU and night, and a page with the past, the gaps and the fan."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from access.figures import figure, percent
from access.read_only import ReadOnly
from inventory.admin import forecast_page
from inventory.charts import Fan, fan_chart
from inventory.frames import sku_days
from inventory.models import CategoryForecast, DemandForecast, WarehouseForecast
from inventory.services.warehouse_forecast_file import csv_lines

WEEK_DAYS = 7
WHOLE_SHOP = _("whole shop")


@admin.register(DemandForecast)
class DemandForecastAdmin(ReadOnly, ModelAdmin):
    list_display = ["sku", "product", "as_of", "next_week", "next_month", "method_or_reason"]
    list_display += ["history_days", "stockout_days"]
    list_display_links = ["as_of"]
    list_filter = ["as_of", "method", ("model_run", admin.EmptyFieldListFilter)]
    list_filter_submit = True
    search_fields = ["variant__sku", "variant__product__name", "variant__product__name_zh"]
    list_select_related = ["variant__product", "model_run"]
    fields = ["variant", "chart", ("as_of", "method_or_reason", "model_run")]
    fields += [("next_week", "next_month"), ("history_days", "stockout_days")]
    readonly_fields = ["chart", "method_or_reason", "next_week", "next_month"]
    show_full_result_count = False

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "inventory_forecast"
        return [
            path("sku/<str:sku>/", view(forecast_page.page), name=f"{name}_page"),
            path(
                "sku/<str:sku>/what-if/", view(forecast_page.what_if_part), name=f"{name}_what_if"
            ),
            *super().get_urls(),
        ]

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, row: DemandForecast) -> str:
        address = reverse("admin:inventory_forecast_page", args=[row.variant.sku])
        return format_html('<a href="{}" class="font-semibold">{}</a>', address, row.variant.sku)

    @display(description=_("product"))
    def product(self, row: DemandForecast) -> str:
        return str(row.variant.product)

    @display(description=_("next 7 days (units)"))
    def next_week(self, row: DemandForecast) -> str:
        return _sum(row.mean_units[:WEEK_DAYS])

    @display(description=_("next 28 days (units)"))
    def next_month(self, row: DemandForecast) -> str:
        return _sum(row.mean_units)

    @display(description=_("method"))
    def method_or_reason(self, row: DemandForecast) -> str:
        if not row.is_refused:
            return row.method
        text = ngettext(
            "no forecast: %(days)s day of history is missing",
            "no forecast: %(days)s days of history are missing",
            row.days_missing,
        )
        return text % {"days": row.days_missing}

    @display(description=_("past and forecast"))
    def chart(self, row: DemandForecast) -> str:
        if row.is_refused:
            return gettext("There is nothing to draw yet.")
        past = sku_days(row.variant_id, row.as_of)
        return fan_chart(
            Fan(
                starts_on=row.as_of + timedelta(days=1),
                units=past.units,
                out_of_stock=past.out_of_stock,
                mean=row.mean_units,
                quantiles=row.quantile_units,
            )
        )


def _sum(units: list[float]) -> str:
    return figure(sum(units), 1) if units else "–"


@admin.register(CategoryForecast)
class CategoryForecastAdmin(ReadOnly, ModelAdmin):
    """The sum of each category's SKUs, and how sure it is."""

    list_display = ["name", "as_of", "skus", "units", "interval"]
    list_display_links = None
    list_filter = ["as_of"]
    list_filter_submit = True
    search_fields = ["category__name", "category__name_zh"]
    list_select_related = ["category"]
    show_full_result_count = False

    @display(description=_("category"), ordering="category__name")
    def name(self, row: CategoryForecast) -> str:
        return str(row.category or WHOLE_SHOP)

    @display(description=_("next 28 days (units)"), ordering="mean_units")
    def units(self, row: CategoryForecast) -> str:
        return figure(row.mean_units)

    @display(description=_("four times in five between"))
    def interval(self, row: CategoryForecast) -> str:
        return f"{figure(row.low_units)} – {figure(row.high_units)}"


@admin.register(WarehouseForecast)
class WarehouseForecastAdmin(ReadOnly, ModelAdmin):
    """Each warehouse's part of a SKU's forecast."""

    list_display = ["sku", "warehouse", "as_of", "share_of_sku", "units", "interval"]
    list_display_links = None
    list_filter = ["warehouse", "forecast__as_of"]
    list_filter_submit = True
    search_fields = ["forecast__variant__sku"]
    list_select_related = ["forecast__variant", "warehouse"]
    show_full_result_count = False
    actions_list = ["as_csv"]

    @action(description=_("Newest night as CSV"), url_path="csv", icon="download")
    def as_csv(self, request: HttpRequest) -> HttpResponse:
        """Nobody's personal data: who may see the list may take it out."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer = StreamingHttpResponse(csv_lines(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="warehouse-forecasts.csv"'
        return answer

    @display(description=_("SKU"))
    def sku(self, row: WarehouseForecast) -> str:
        sku = row.forecast.variant.sku
        address = reverse("admin:inventory_forecast_page", args=[sku])
        return format_html('<a href="{}" class="font-semibold">{}</a>', address, sku)

    @display(description=_("as of"))
    def as_of(self, row: WarehouseForecast) -> date:
        return row.forecast.as_of

    @display(description=_("share"), ordering="share")
    def share_of_sku(self, row: WarehouseForecast) -> str:
        return percent(row.share)

    @display(description=_("next 28 days (units)"))
    def units(self, row: WarehouseForecast) -> str:
        return _sum(row.mean_units)

    @display(description=_("a day, four times in five"))
    def interval(self, row: WarehouseForecast) -> str:
        low, high = (
            figure(sum(row.quantile_units[level]) / len(row.mean_units), 1)
            for level in ("0.1", "0.9")
        )
        return f"{low} – {high}"
