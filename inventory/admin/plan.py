"""What the plan must keep to, as forms; what it came to, to read."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import percent, significant
from access.read_only import ReadOnly
from inventory.bindings import text_of
from inventory.models import (
    PlannedPurchase,
    PurchaseBudget,
    ReplenishmentPlan,
    ServiceTarget,
    WarehouseSpace,
)
from shop.money import format_money

SHOWN = 50  # limits of one plan
OF_MONEY = {"budget", "minimum_order"}  # limits in minor units


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


def _lines(limits: list[dict[str, Any]]) -> str:
    """A limit a line, the first SHOWN of them: what it is, where, when, and how far it is used.

    What was agreed before is off the limit already, which may leave less than none of it.
    """
    said = [_line(one) for one in limits[:SHOWN]]
    if len(limits) > SHOWN:
        said.append(gettext("and %(number)s more") % {"number": len(limits) - SHOWN})
    return format_html_join("", "<div>{}</div>", ((one,) for one in said))


def _line(limit: dict[str, Any]) -> str:
    where = " · ".join(limit[name] for name in ("supplier", "warehouse") if limit.get(name))
    weeks = sorted({limit[key] + 1 for key in ("week", "first_week", "last_week") if key in limit})
    said = format_money if limit["constraint"] in OF_MONEY else partial(significant, digits=10)
    figures = {name: limit.get(name) for name in ("limit", "used", "over")}
    shown = {
        name: said(round(value) if said is format_money else value)
        for name, value in figures.items()
        if value is not None
    }
    parts = [where, gettext("week %(week)s") % {"week": "–".join(map(str, weeks))} if weeks else ""]
    parts += (
        [gettext("%(used)s of %(limit)s") % shown] if "used" in shown and limit["limit"] > 0 else []
    )
    parts += [gettext("%(over)s too much") % shown] if "over" in shown else []
    return f"{text_of(limit)} ({', '.join(part for part in parts if part)})"


@admin.register(ReplenishmentPlan)
class ReplenishmentPlanAdmin(ReadOnly, ModelAdmin):
    list_display = ["as_of", "method", "weeks", "skus", "cost", "gap", "greedy", "nothing"]
    fields = [
        ("as_of", "method"), ("weeks", "skus"), ("cost", "gap"), ("greedy", "nothing"),
        "binding", "broken",
    ]  # fmt: skip
    ordering = ["-as_of"]
    show_full_result_count = False

    @display(description=_("what binds"))
    def binding(self, plan: ReplenishmentPlan) -> str:
        return _lines(plan.constraints) or gettext("nothing")

    @display(description=_("what cannot be kept"))
    def broken(self, plan: ReplenishmentPlan) -> str:
        return _lines(plan.violations) or gettext("nothing")

    @display(description=_("expected cost"), ordering="cost_minor")
    def cost(self, plan: ReplenishmentPlan) -> str:
        return format_money(plan.cost_minor)

    @display(description=_("at most above the best"))
    def gap(self, plan: ReplenishmentPlan) -> str:
        return percent(plan.gap_rate, 1)

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
