"""What is known and foreseen of each customer, to read: the night writes it."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from access.figures import percent
from access.read_only import ReadOnly
from marketing.admin import slipping as slipping_views
from marketing.admin.base import ReadOnlyAdmin
from marketing.models import AcquisitionCost, CustomerPrediction, CustomerProfile
from marketing.pages.customer_value import short_interval
from shop.money import format_money


@admin.register(CustomerProfile)
class CustomerProfileAdmin(ReadOnly, ModelAdmin):
    list_per_page = 50
    show_full_result_count = False
    list_display = [
        "customer", "stage", "recency_days", "frequency", "spent", "scores", "last_order_at",
    ]  # fmt: skip
    list_filter = ["stage"]
    search_fields = ["customer__code", "customer__name", "customer__email"]
    list_select_related = ["customer"]

    @admin.display(description=gettext_lazy("spent"), ordering="monetary_minor")
    def spent(self, profile: CustomerProfile) -> str:
        return format_money(profile.monetary_minor)

    @admin.display(description=gettext_lazy("R F M scores"))
    def scores(self, profile: CustomerProfile) -> str:
        found = (profile.recency_score, profile.frequency_score, profile.monetary_score)
        return " ".join("–" if score is None else str(score) for score in found)


@admin.register(CustomerPrediction)
class CustomerPredictionAdmin(ReadOnly, ModelAdmin):
    list_per_page = 50
    show_full_result_count = False
    list_display = ["customer", "alive", "propensity", "worth", "next_order", "as_of"]
    search_fields = ["customer__code", "customer__name", "customer__email"]
    list_select_related = ["customer"]

    def get_urls(self) -> list[URLPattern]:
        return [*slipping_views.urls(self.admin_site), *super().get_urls()]

    @admin.display(description=gettext_lazy("still a customer"), ordering="p_alive")
    def alive(self, found: CustomerPrediction) -> str:
        return with_note(percent(found.p_alive), short_interval(found, "p_alive"))

    @admin.display(description=gettext_lazy("order in 30 days"), ordering="propensity_30")
    def propensity(self, found: CustomerPrediction) -> str:
        return with_note(percent(found.propensity_30), short_interval(found, "propensity_30"))

    @admin.display(description=gettext_lazy("spend in 90 days"), ordering="spend_90_minor")
    def worth(self, found: CustomerPrediction) -> str:
        low, high = found.spend_90_low_minor, found.spend_90_high_minor
        ends = "" if None in (low, high) else f"{format_money(low)}–{format_money(high)}"
        return with_note(format_money(found.spend_90_minor), ends)

    @admin.display(description=gettext_lazy("next order"), ordering="next_order_on")
    def next_order(self, found: CustomerPrediction) -> str:
        if found.next_order_on is None:
            return "–"
        ends = (found.next_order_from, found.next_order_until)
        span = "–".join(date_format(end, "SHORT_DATE_FORMAT") if end else "…" for end in ends)
        return with_note(date_format(found.next_order_on, "SHORT_DATE_FORMAT"), span)


@admin.register(AcquisitionCost)
class AcquisitionCostAdmin(ReadOnlyAdmin):
    """Files bring them; the cohort page reads them."""

    list_display = ["month", "channel", "amount", "source"]
    list_select_related = ["channel"]

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, cost: AcquisitionCost) -> str:
        return format_money(cost.amount_minor)


def with_note(value: str, interval: str) -> str:
    """The figure, and its 80 % interval in small."""
    if not interval:
        return value
    return format_html('{} <span class="bk-note">{}</span>', value, interval)
