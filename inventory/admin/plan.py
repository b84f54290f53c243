"""What the plan must keep to, as forms; what it came to, to read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.read_only import ReadOnly
from inventory.models import (
    PlannedPurchase,
    PurchaseBudget,
    ReplenishmentPlan,
    ServiceTarget,
    WarehouseSpace,
)
from shop.money import format_money


@admin.register(ServiceTarget)
class ServiceTargetAdmin(ModelAdmin):
    list_display = ["__str__", "measure", "target_rate", "holding_rate", "shortage_rate"]
    fields = [("abc", "xyz"), ("measure", "target_rate"), ("holding_rate", "shortage_rate")]
    show_full_result_count = False


@admin.register(PurchaseBudget)
class PurchaseBudgetAdmin(ModelAdmin):
    list_display = ["starts_on", "ends_on", "amount"]
    fields = [("starts_on", "ends_on"), "amount_minor"]
    show_full_result_count = False

    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, budget: PurchaseBudget) -> str:
        return format_money(budget.amount_minor)


@admin.register(WarehouseSpace)
class WarehouseSpaceAdmin(ModelAdmin):
    list_display = ["warehouse", "capacity_litres"]
    fields = ["warehouse", "capacity_litres"]
    list_select_related = ["warehouse"]
    show_full_result_count = False


@admin.register(ReplenishmentPlan)
class ReplenishmentPlanAdmin(ReadOnly, ModelAdmin):
    list_display = ["as_of", "method", "weeks", "skus", "cost", "gap", "greedy", "nothing"]
    ordering = ["-as_of"]
    show_full_result_count = False

    @display(description=_("expected cost"), ordering="cost_minor")
    def cost(self, plan: ReplenishmentPlan) -> str:
        return format_money(plan.cost_minor)

    @display(description=_("at most above the best"))
    def gap(self, plan: ReplenishmentPlan) -> str:
        return f"{plan.gap_rate:.1%}"

    @display(description=_("simple rule's cost"), ordering="greedy_minor")
    def greedy(self, plan: ReplenishmentPlan) -> str:
        return format_money(plan.greedy_minor)

    @display(description=_("cost of doing nothing"), ordering="nothing_minor")
    def nothing(self, plan: ReplenishmentPlan) -> str:
        return format_money(plan.nothing_minor)


@admin.register(PlannedPurchase)
class PlannedPurchaseAdmin(ReadOnly, ModelAdmin):
    list_display = ["order_on", "supplier", "warehouse", "variant", "units", "arrives_on"]
    list_filter = ["supplier", "warehouse"]
    list_filter_submit = True
    search_fields = ["variant__sku"]
    list_select_related = ["supplier", "warehouse", "variant"]
    show_full_result_count = False
