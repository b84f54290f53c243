"""Clearance drafts: looked at here, decided on their receipt."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import figure
from access.read_only import ReadOnly
from inventory.models import ClearanceDraft
from shop.money import format_money

COLOURS = {"proposed": "warning", "approved": "success", "refused": "danger", "dropped": "info"}


@admin.register(ClearanceDraft)
class ClearanceDraftAdmin(ReadOnly, ModelAdmin):
    list_display = ["sku", "product", "reason", "state_label", "excess_units", "reduction"]
    list_display += ["sells", "worth", "audience_customers", "ends_on", "receipt"]
    list_filter = ["state", "reason"]
    search_fields = ["variant__sku", "variant__product__name", "variant__product__name_zh"]
    list_select_related = ["variant__product", "decision"]
    show_full_result_count = False
    fields = ["variant", ("reason", "state_label"), ("excess_units", "sells", "extra_units")]
    fields += [("reduction", "worth"), ("starts_on", "ends_on"), "audience_customers"]
    fields += ["receipt", "picked_up_by"]
    readonly_fields = ["state_label", "sells", "reduction", "worth", "receipt"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClearanceDraft]:
        return super().get_queryset(request).select_related("variant__product", "decision")

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, row: ClearanceDraft) -> str:
        return format_html('<span style="white-space:nowrap">{}</span>', row.variant.sku)

    @display(description=_("product"))
    def product(self, row: ClearanceDraft) -> str:
        return str(row.variant.product)

    @display(description=_("state"), label=COLOURS)
    def state_label(self, row: ClearanceDraft) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("reduction"), ordering="discount_percent")
    def reduction(self, row: ClearanceDraft) -> str:
        price = format_money(row.price_minor, row.currency)
        return f"−{row.discount_percent} % → {price}"

    @display(description=_("sells (80 %)"), ordering="expected_units")
    def sells(self, row: ClearanceDraft) -> str:
        bounds = (row.expected_units, row.expected_low_units, row.expected_high_units)
        return "{} ({} – {})".format(*map(figure, bounds))

    @display(description=_("earns (80 %)"), ordering="decision__expected_minor")
    def worth(self, row: ClearanceDraft) -> str:
        found = row.decision
        if found is None or found.expected_minor is None:
            return "–"
        bounds = (found.expected_minor, found.expected_low_minor, found.expected_high_minor)
        return "{} ({} – {})".format(*(format_money(one, row.currency) for one in bounds))

    @display(description=_("decision"))
    def receipt(self, row: ClearanceDraft) -> str:
        if row.decision is None:
            return "–"
        address = reverse("admin:decisions_decision_change", args=[row.decision.pk])
        return format_html('<a href="{}">{}</a>', address, row.decision.get_state_display())
