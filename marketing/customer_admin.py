"""What is known and foreseen of each customer, to read: the night writes it."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from access.read_only import ReadOnly
from marketing.models import CustomerPrediction, CustomerProfile
from marketing.value_page import percent
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
    list_display = ["customer", "alive", "propensity", "worth", "next_order_on", "as_of"]
    search_fields = ["customer__code", "customer__name", "customer__email"]
    list_select_related = ["customer"]

    @admin.display(description=gettext_lazy("still a customer"), ordering="p_alive")
    def alive(self, found: CustomerPrediction) -> str:
        return percent(found.p_alive)

    @admin.display(description=gettext_lazy("order in 30 days"), ordering="propensity_30")
    def propensity(self, found: CustomerPrediction) -> str:
        return percent(found.propensity_30)

    @admin.display(description=gettext_lazy("spend in 90 days"), ordering="spend_90_minor")
    def worth(self, found: CustomerPrediction) -> str:
        return format_money(found.spend_90_minor)
