"""What was forecast, when, by which model; or why there is no forecast."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DemandForecast(models.Model):
    """Daily demand of one SKU as seen on one day: one row with all its days.

    A row per SKU and day would be 28 times as many rows every night for reads that always
    want the whole horizon.
    """

    variant = models.ForeignKey("shop.Variant", on_delete=models.CASCADE, related_name="forecasts")
    as_of = models.DateField(help_text=_("Sales up to and including this day were known."))
    model_run = models.ForeignKey(
        "decisions.ModelRun",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="demand_forecasts",
    )
    method = models.CharField(max_length=60, blank=True, help_text=_("What made the numbers."))
    horizon_days = models.PositiveSmallIntegerField(default=0)
    mean_units = models.JSONField(default=list, help_text=_("Units per day, next day first."))
    quantile_units = models.JSONField(
        default=dict, help_text=_("Level → units per day, next day first.")
    )
    history_days = models.PositiveIntegerField(_("days of history"), default=0)
    stockout_days = models.PositiveIntegerField(
        _("days out of stock"), default=0, help_text=_("Masked, not counted as 0.")
    )
    days_missing = models.PositiveSmallIntegerField(
        default=0, help_text=_("Days of history still needed; 0 where there is a forecast.")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("demand forecast")
        verbose_name_plural = _("demand forecasts")
        ordering = ["-as_of", "variant_id"]
        constraints = [
            # A second run of the same night replaces, it never adds.
            models.UniqueConstraint(fields=["variant", "as_of"], name="one_forecast_per_day"),
            models.CheckConstraint(
                condition=Q(horizon_days__gt=0, days_missing=0)
                | Q(horizon_days=0, days_missing__gt=0),
                name="forecast_or_reason",
            ),
        ]
        indexes = [
            # The plan reads one night; pruning deletes old ones.
            models.Index(fields=["as_of"], name="forecast_night"),
        ]

    def __str__(self) -> str:
        return f"{self.variant} {self.as_of:%Y-%m-%d}"

    @property
    def is_refused(self) -> bool:
        return self.horizon_days == 0
