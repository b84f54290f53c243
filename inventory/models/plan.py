"""What the plan must keep to, and what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ServiceMeasure(models.TextChoices):
    CYCLE_SERVICE = "cycle_service", _("cycle service level")
    FILL_RATE = "fill_rate", _("fill rate")


class ServiceTarget(models.Model):
    """What a class of SKUs is promised, and what its stock and its shortages cost.

    abc: by the money that the forecast brings; xyz: by how steady demand is (docs/plan.md).
    """

    abc = models.CharField(_("ABC class"), max_length=1, choices=[(c, c) for c in "ABC"])
    xyz = models.CharField(_("XYZ class"), max_length=1, choices=[(c, c) for c in "XYZ"])
    measure = models.CharField(
        max_length=16, choices=ServiceMeasure, default=ServiceMeasure.CYCLE_SERVICE
    )
    target_rate = models.FloatField(help_text=_("From 0.5 to 0.999."))
    holding_rate = models.FloatField(
        default=0.2, help_text=_("Share of the unit cost that a year in stock costs.")
    )
    shortage_rate = models.FloatField(
        default=1.0, help_text=_("Margins that a lost unit costs; above 1 with lost goodwill.")
    )

    class Meta:
        verbose_name = _("service target")
        verbose_name_plural = _("service targets")
        ordering = ["abc", "xyz"]
        constraints = [
            models.UniqueConstraint(fields=["abc", "xyz"], name="one_service_target_per_class"),
            models.CheckConstraint(
                condition=Q(target_rate__gte=0.5)
                & Q(target_rate__lte=0.999)
                & Q(holding_rate__gt=0)
                & Q(shortage_rate__gte=0),
                name="service_target_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.abc}{self.xyz}"


class PurchaseBudget(models.Model):
    """What orders placed from the first to the last day may cost together, in the shop's currency."""

    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    amount_minor = models.BigIntegerField(_("amount"), help_text=_("Minor units."))

    class Meta:
        verbose_name = _("purchase budget")
        verbose_name_plural = _("purchase budgets")
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")) & Q(amount_minor__gte=0),
                name="purchase_budget_sensible",
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"


class WarehouseSpace(models.Model):
    """How much a warehouse holds."""

    warehouse = models.OneToOneField(
        "shop.Warehouse", on_delete=models.CASCADE, related_name="space"
    )
    capacity_litres = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("warehouse space")
        verbose_name_plural = _("warehouse spaces")
        ordering = ["warehouse_id"]

    def __str__(self) -> str:
        return f"{self.warehouse} {self.capacity_litres} l"


class ReplenishmentPlan(models.Model):
    """One solved plan: its money, how far from the best it can be at most, what bound it."""

    as_of = models.DateField(unique=True, help_text=_("Last day whose facts were known."))
    method = models.CharField(max_length=16, help_text=_("milp, or greedy where that was better."))
    weeks = models.PositiveSmallIntegerField()
    skus = models.PositiveIntegerField(help_text=_("SKUs and warehouses planned."))
    cost_minor = models.BigIntegerField(
        help_text=_("Expected lost margin, holding, waste and order cost over all weeks.")
    )
    bound_minor = models.BigIntegerField(help_text=_("No plan can cost less."))
    greedy_minor = models.BigIntegerField(help_text=_("The simple rule's cost, to compare."))
    nothing_minor = models.BigIntegerField(help_text=_("What ordering nothing would cost."))
    constraints = models.JSONField(
        default=list,
        blank=True,
        help_text=_("What binds: name, week, limit, used, and the money that one more would earn."),
    )
    violations = models.JSONField(
        default=list, blank=True, help_text=_("What cannot be kept: name, week, and by how much.")
    )
    data_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("replenishment plan")
        verbose_name_plural = _("replenishment plans")
        ordering = ["-as_of"]

    def __str__(self) -> str:
        return f"{self.as_of}"

    @property
    def gap_rate(self) -> float:
        """How much dearer than the best possible plan this one is at most, 0 to 1."""
        return (self.cost_minor - self.bound_minor) / max(abs(self.cost_minor), 1)


class PlannedPurchase(models.Model):
    """What the newest plan means to order in a later week: not yet a proposal."""

    plan = models.ForeignKey(ReplenishmentPlan, on_delete=models.CASCADE, related_name="purchases")
    supplier = models.ForeignKey(
        "inventory.Supplier", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    warehouse = models.ForeignKey("shop.Warehouse", on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey("shop.Variant", on_delete=models.CASCADE, related_name="+")
    order_on = models.DateField()
    arrives_on = models.DateField()
    units = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("planned purchase")
        verbose_name_plural = _("planned purchases")
        ordering = ["order_on", "supplier_id", "variant_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "variant", "warehouse", "supplier", "order_on"],
                name="planned_purchase_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.variant_id}"
