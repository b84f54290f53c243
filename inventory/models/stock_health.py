"""How well each SKU's stock works, as of one night. Counted anew each night, never typed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SkuHealth(models.Model):
    """One SKU over the last weeks and over the next four. Definitions: docs/stock-health.md."""

    variant = models.OneToOneField(
        "shop.Variant", primary_key=True, on_delete=models.CASCADE, related_name="health"
    )
    as_of = models.DateField()
    days = models.PositiveSmallIntegerField(help_text=_("Looked at, up to and including as of."))
    on_hand = models.BigIntegerField()
    units_sold = models.PositiveBigIntegerField()
    revenue_minor = models.BigIntegerField(help_text=_("Net of discounts and of tax."))
    unit_cost_minor = models.BigIntegerField(
        null=True, help_text=_("Of today; empty: unknown, and so is every figure made of it.")
    )
    average_on_hand = models.FloatField(help_text=_("Mean of the evenings of these days."))
    age_units = models.JSONField(
        default=list, help_text=_("On hand for up to 30, 90, 180, 365 days, and longer.")
    )
    excess_units = models.PositiveIntegerField(
        null=True, help_text=_("Beyond what sells in 90 days nine times in ten.")
    )
    out_risk = models.JSONField(
        default=list, help_text=_("Chance to be sold out by each of the next days, 0 to 1.")
    )
    out_risk_28 = models.FloatField(null=True, help_text=_("The last of them."))
    stock_minor = models.BigIntegerField(null=True, help_text=_("On hand at cost."))
    excess_minor = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("stock health")
        verbose_name_plural = _("stock health")
        ordering = ["-stock_minor", "variant_id"]
        default_permissions = ["view"]
        indexes = [
            # The worklist: what runs out first, what is stuck.
            models.Index(fields=["-out_risk_28"], name="health_out_risk"),
            models.Index(fields=["-excess_minor"], name="health_excess"),
        ]

    def __str__(self) -> str:
        return str(self.variant)

    @property
    def cogs_minor(self) -> int | None:
        return None if self.unit_cost_minor is None else self.units_sold * self.unit_cost_minor

    @property
    def average_stock_minor(self) -> float | None:
        if self.unit_cost_minor is None:
            return None
        return self.average_on_hand * self.unit_cost_minor
