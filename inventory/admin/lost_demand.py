"""What was wanted and not there: the list, one SKU's days, and the events behind a day."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display

from access.figures import figure, percent
from access.read_only import ReadOnly
from inventory.models import LostDemand, LostDemandDay, LostQuery, SubstituteList
from inventory.services.lost_demand_file import csv_lines
from inventory.services.lost_evidence import evidence_of_day, searches_of
from inventory.services.substitutes import substitutes_of
from shop.models import Variant

NUMBER = "display:block;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"
MOST_DAYS = 60
MOST_SEARCHES = 200


def estimate(row: LostDemand | LostDemandDay) -> str:
    """12.4 (5 to 21), or that there is none."""
    if row.estimated_units is None:
        return gettext("not estimated")
    shown = (figure(row.estimated_units, 1), *map(_whole, (row.low_units, row.high_units)))
    return gettext("%s (%s to %s)") % shown


def _whole(value: float | None) -> str:
    return figure(value or 0)


def right(text: str) -> str:
    return format_html('<span style="{}">{}</span>', NUMBER, text)


class WithTables(ModelAdmin):
    """Its pages hold tables of the back office's own."""

    class Media:
        css: ClassVar = {"all": ["backroom/backroom.css"]}


@admin.register(LostDemand)
class LostDemandAdmin(ReadOnly, WithTables):
    list_display = ["sku", "product", "hours_out", "people_", "other_views_", "waiting"]
    list_display += ["searches_", "tickets_", "estimated"]
    list_display_links = ["sku"]
    list_filter = [("people", RangeNumericFilter), ("waitlist_units", RangeNumericFilter)]
    list_filter_submit = True
    list_per_page = 50
    search_fields = ["variant__sku", "variant__product__name", "variant__product__name_zh"]
    list_select_related = ["variant__product"]
    ordering = ["-estimated_units", "-people", "pk"]
    fields = [("variant", "weeks"), ("total", "rate"), "days", "instead"]
    readonly_fields = ["weeks", "total", "rate", "days", "instead"]
    show_full_result_count = False
    actions_list = ["queries", "as_csv"]

    def get_urls(self) -> list:
        day = path(
            "<int:pk>/days/<slug:on>/",
            self.admin_site.admin_view(self.evidence),
            name="inventory_lostdemand_evidence",
        )
        return [day, *super().get_urls()]

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, row: LostDemand) -> str:
        return format_html('<span style="white-space:nowrap">{}</span>', row.variant.sku)

    @display(description=_("product"))
    def product(self, row: LostDemand) -> str:
        return str(row.variant.product)

    @display(description=_("hours out"), ordering="out_of_stock_seconds")
    def hours_out(self, row: LostDemand) -> str:
        """On the days on which somebody wanted it."""
        return right(_whole(row.out_of_stock_seconds / 3600))

    @display(description=_("people"), ordering="people")
    def people_(self, row: LostDemand) -> str:
        return right(_whole(row.people))

    @display(description=_("other views"), ordering="other_views")
    def other_views_(self, row: LostDemand) -> str:
        return right(_whole(row.other_views))

    @display(description=_("units waited for"), ordering="waitlist_units")
    def waiting(self, row: LostDemand) -> str:
        return right(_whole(row.waitlist_units))

    @display(description=_("searches"), ordering="searches")
    def searches_(self, row: LostDemand) -> str:
        return right(_whole(row.searches))

    @display(description=_("tickets"), ordering="tickets")
    def tickets_(self, row: LostDemand) -> str:
        return right(_whole(row.tickets))

    @display(description=_("estimated units (80 %)"), ordering="estimated_units")
    def estimated(self, row: LostDemand) -> str:
        return right(estimate(row))

    @display(description=_("estimated units (80 %)"))
    def total(self, row: LostDemand) -> str:
        return estimate(row)

    @display(description=_("weeks"))
    def weeks(self, row: LostDemand) -> str:
        return f"{row.first_day:%Y-%m-%d} – {row.last_day:%Y-%m-%d}"

    @display(description=_("units per look while it was there"))
    def rate(self, row: LostDemand) -> str:
        if row.units_per_look is None:
            return gettext("The shop has too few looks or orders in these weeks to learn from.")
        said = gettext(
            "%(rate)s, from %(units)s units in %(looks)s looks, drawn to the shop's rate"
        )
        return said % {
            "rate": figure(row.units_per_look, 3),
            "units": _whole(row.units_sold),
            "looks": _whole(row.looks_available),
        }

    @display(description=_("days"))
    def days(self, row: LostDemand) -> str:
        found = LostDemandDay.objects.filter(
            variant=row.pk, day__gte=row.first_day, day__lte=row.last_day
        )[:MOST_DAYS]
        lines = [
            {
                "day": day,
                "hours": day.out_of_stock_seconds / 3600,
                "estimate": estimate(day),
                "link": reverse("admin:inventory_lostdemand_evidence", args=[row.pk, day.day]),
            }
            for day in found
        ]
        return render_to_string("inventory/lost_days.html", {"lines": lines})

    @display(description=_("taken instead"))
    def instead(self, row: LostDemand) -> str:
        return _instead(row.pk)

    @action(description=_("Searches without a result"), url_path="queries", icon="search_off")
    def queries(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponse(
            status=302, headers={"Location": reverse("admin:inventory_lostquery_changelist")}
        )

    @action(description=_("CSV by day"), url_path="csv", icon="download")
    def as_csv(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer = StreamingHttpResponse(csv_lines(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="lost-demand.csv"'
        return answer

    def evidence(self, request: HttpRequest, pk: int, on: str) -> HttpResponse:
        """Every event, movement and entry that one day was counted from."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        day = _day_of(pk, on)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{day.variant.sku}: {day.day:%Y-%m-%d}",
            "opts": self.opts,
            "day": day,
            "estimate": estimate(day),
            "found": evidence_of_day(day),
        }
        return TemplateResponse(request, "inventory/lost_evidence.html", context)


def _day_of(pk: int, on: str) -> LostDemandDay:
    counted = LostDemandDay.objects.select_related("variant__product")
    try:
        day = counted.filter(variant=pk, day=date.fromisoformat(on)).first()
    except (ValueError, OverflowError) as error:  # no date, no key
        raise Http404 from error
    if day is None:
        raise Http404
    return day


def _instead(variant_id: int) -> str:
    """The learned substitutes of a SKU as a table."""
    pairs = substitutes_of([variant_id])[variant_id]
    known = Variant.objects.select_related("product").in_bulk([one.variant_id for one in pairs])
    lines = [
        {
            "variant": known[one.variant_id],
            "pair": one,
            "extra": "{} ({} – {})".format(
                *(percent(rate, 1) for rate in (one.taken_rate, one.low_rate, one.high_rate))
            ),
            "otherwise": percent(one.base_rate, 1),
        }
        for one in pairs
        if one.variant_id in known
    ]
    return render_to_string("inventory/substitutes.html", {"lines": lines})


@admin.register(LostQuery)
class LostQueryAdmin(ReadOnly, WithTables):
    list_display = ["query", "searches", "people", "names", "first_day", "last_day"]
    list_select_related = ["product", "category"]
    list_filter = [
        ("product", admin.EmptyFieldListFilter),
        ("category", admin.EmptyFieldListFilter),
    ]
    search_fields = ["query"]
    ordering = ["-searches", "query"]
    fields = [("query", "names"), ("searches", "people"), ("first_day", "last_day"), "events"]
    readonly_fields = ["names", "events"]
    show_full_result_count = False

    @display(description=_("its words name"))
    def names(self, row: LostQuery) -> str:
        named = row.product or row.category
        if named is None:
            return gettext("nothing the shop has")
        kind = "product" if row.product else "category"
        address = reverse(f"admin:shop_{kind}_change", args=[named.pk])
        return format_html('<a href="{}">{}</a>', address, named)

    @display(description=_("searches"))
    def events(self, row: LostQuery) -> str:
        lines = searches_of(row)[:MOST_SEARCHES]
        return render_to_string("inventory/lost_searches.html", {"lines": lines})


@admin.register(SubstituteList)
class SubstituteListAdmin(ReadOnly, WithTables):
    list_display = ["variant", "product", "lost_sessions", "best", "as_of"]
    list_select_related = ["variant__product"]
    search_fields = ["variant__sku", "variant__product__name"]
    ordering = ["-lost_sessions", "pk"]
    fields = [("variant", "lost_sessions", "as_of"), "instead"]
    readonly_fields = ["instead"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubstituteList]:
        return super().get_queryset(request).select_related("variant__product")

    @display(description=_("product"))
    def product(self, row: SubstituteList) -> str:
        return str(row.variant.product)

    @display(description=_("extra share that took the best one"))
    def best(self, row: SubstituteList) -> str:
        return percent(row.pairs[0]["taken_rate"], 1) if row.pairs else "–"

    @display(description=_("taken instead"))
    def instead(self, row: SubstituteList) -> str:
        return _instead(row.pk)
