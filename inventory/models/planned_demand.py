"""What an upper floor plans to sell beyond the forecast, and what it turned out to have brought."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from decisions.text import render
from shop.models.catalogue import in_reader_language


class PlannedDemand(models.Model):
    """One source of extra demand: a campaign, a flash sale. Its SKUs are rows of PlannedUnits.

    The forecast itself is never changed: a plan adds these units when it reads the forecast, so
    forgetting the source gives every number back exactly.
    """

    kind = models.CharField(max_length=20, help_text=_("campaign, flash_sale …"))
    source_id = models.CharField(max_length=64)
    label = models.CharField(max_length=200)
    label_zh = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    is_counted = models.BooleanField(
        default=True,
        help_text=_("Its units are in the plan; no: too little is known to plan with."),
    )
    basis = models.JSONField(default=dict, blank=True, help_text=_("What the numbers rest on."))
    told_at = models.DateTimeField(default=timezone.now)
    measured_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Data up to then; empty: not measured yet.")
    )

    class Meta:
        verbose_name = _("planned demand")
        verbose_name_plural = _("planned demand")
        ordering = ["-starts_on", "-id"]
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "source_id"], name="planned_demand_source"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="planned_demand_window"
            ),
        ]
        indexes = [
            # What is still to be measured, and what reaches into a plan's days.
            models.Index(fields=["ends_on", "measured_at"], name="planned_demand_end"),
        ]

    def __str__(self) -> str:
        return in_reader_language(self.label, self.label_zh)

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    @property
    def basis_text(self) -> str:
        return render(self.basis)


class PlannedUnits(models.Model):
    """Extra units of one SKU from one source, a number a day from the source's first day on."""

    source = models.ForeignKey(PlannedDemand, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="planned_units"
    )
    mean_units = models.JSONField(default=list)
    low_units = models.JSONField(default=list, help_text=_("10 % of the outcomes lie below."))
    high_units = models.JSONField(default=list, help_text=_("10 % of the outcomes lie above."))
    base_units = models.FloatField(
        null=True, help_text=_("Forecast without it, on the days that could be compared.")
    )
    effect_units = models.FloatField(null=True, help_text=_("Measured over all days."))
    effect_low_units = models.FloatField(null=True)
    effect_high_units = models.FloatField(null=True)
    effect_by_day = models.JSONField(
        default=list, blank=True, help_text=_("What is taken out of the history, a number a day.")
    )
    known_days = models.PositiveSmallIntegerField(
        default=0, help_text=_("Days with stock, which could be compared.")
    )
    measured_by = models.CharField(max_length=10, blank=True, help_text=_("forecast or holdout"))

    class Meta:
        verbose_name = _("planned units")
        verbose_name_plural = _("planned units")
        ordering = ["source_id", "variant_id"]
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(fields=["source", "variant"], name="planned_units_once_per_sku")
        ]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.variant_id}"

    @property
    def expected_units(self) -> int:
        return round(sum(self.mean_units))

    @property
    def expected_low_units(self) -> int:
        return round(sum(self.low_units))

    @property
    def expected_high_units(self) -> int:
        return round(sum(self.high_units))

    @property
    def rate(self) -> float | None:
        """Measured effect as a share of what was forecast without it."""
        if self.effect_units is None or not self.base_units:
            return None
        return self.effect_units / self.base_units
