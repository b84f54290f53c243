"""What was forecast, when, by which model; or why there is no forecast."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from access.figures import figure


class DemandClass(models.TextChoices):
    """Syntetos & Boylan, On the categorization of demand patterns, 2005."""

    SMOOTH = "smooth", _("smooth: often, in like amounts")
    ERRATIC = "erratic", _("erratic: often, in unlike amounts")
    INTERMITTENT = "intermittent", _("intermittent: seldom, in like amounts")
    LUMPY = "lumpy", _("lumpy: seldom, in unlike amounts")


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
    demand_class = models.CharField(max_length=12, choices=DemandClass, blank=True)
    contributions = models.JSONField(
        default=dict,
        help_text=_("Units per day that each cause adds; together they are the mean."),
    )
    basis = models.JSONField(
        default=dict,
        help_text=_(
            "What the plan and the reader need: spread, the year ahead, who a new SKU is like."
        ),
    )
    planned_promotion = models.JSONField(
        default=list, help_text=_("Share of each day under a reduction that is already set.")
    )
    price_minor = models.BigIntegerField(
        null=True, blank=True, help_text=_("The list price that it was made for.")
    )
    corrected_units = models.FloatField(
        default=0,
        help_text=_("What days out of stock would have sold, of the last 28 days; not in sales."),
    )
    bulk_units = models.FloatField(
        default=0, help_text=_("Units of single unusually large orders, left out of demand.")
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


class CategoryForecast(models.Model):
    """What a category, or the shop, will sell in the forecast's days: the sum of its SKUs' means, with
    an interval from SKUs whose errors move together (ml/hierarchy.py)."""

    category = models.ForeignKey(
        "shop.Category",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="forecasts",
        help_text=_("Empty: the whole shop."),
    )
    as_of = models.DateField(help_text=_("Sales up to and including this day were known."))
    horizon_days = models.PositiveSmallIntegerField()
    skus = models.PositiveIntegerField(_("SKUs"), help_text=_("SKUs with a forecast."))
    mean_units = models.FloatField(help_text=_("Over all days; the sum of its SKUs."))
    low_units = models.FloatField(help_text=_("10 % of the likely totals are below."))
    high_units = models.FloatField(help_text=_("10 % of the likely totals are above."))

    class Meta:
        verbose_name = _("category forecast")
        verbose_name_plural = _("category forecasts")
        ordering = ["-as_of", "-mean_units"]
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(fields=["category", "as_of"], name="one_total_per_category"),
            models.UniqueConstraint(
                fields=["as_of"], condition=Q(category__isnull=True), name="one_total_of_the_shop"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category or '*'} {self.as_of:%Y-%m-%d}"


class WarehouseForecast(models.Model):
    """One warehouse's part of a SKU's forecast: means that sum to the SKU's over its warehouses, and
    quantiles of a part that is bought by chance (ml/hierarchy.py: split).

    Kept where the shop has two warehouses or more; with one, the SKU's forecast is the warehouse's.
    """

    forecast = models.ForeignKey(
        DemandForecast, on_delete=models.CASCADE, related_name="by_warehouse"
    )
    warehouse = models.ForeignKey(
        "shop.Warehouse", on_delete=models.CASCADE, related_name="demand_forecasts"
    )
    share = models.FloatField(help_text=_("0 to 1: of the SKU's demand."))
    mean_units = models.JSONField(default=list, help_text=_("Units per day, next day first."))
    quantile_units = models.JSONField(
        default=dict, help_text=_("Level → units per day, next day first.")
    )

    class Meta:
        verbose_name = _("warehouse forecast")
        verbose_name_plural = _("warehouse forecasts")
        ordering = ["-forecast_id", "warehouse_id"]
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(
                fields=["forecast", "warehouse"], name="one_part_per_warehouse"
            ),
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=1), name="a_part_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.forecast} {self.warehouse}"


class PriceElasticity(models.Model):
    """What price and promotion do to a SKU's demand, learned from the price ledger each night.

    demand ~ price ** -elasticity, times exp(promotion_log) while a reduction runs. SKUs whose price
    seldom moved are drawn to their category, and theirs to the shop.
    """

    variant = models.OneToOneField(
        "shop.Variant", primary_key=True, on_delete=models.CASCADE, related_name="elasticity"
    )
    elasticity = models.FloatField(help_text=_("1.5: a price 1 % lower sells 1.5 % more."))
    low = models.FloatField(help_text=_("10 % of the likely values are below."))
    high = models.FloatField(help_text=_("10 % of the likely values are above."))
    promotion_log = models.FloatField(
        default=0,
        help_text=_("What being on promotion adds beside the lower price, as a logarithm."),
    )
    promotion_low = models.FloatField(default=0)
    promotion_high = models.FloatField(default=0)
    own_share = models.FloatField(
        help_text=_("0 to 1: how much of it is the SKU's own data, the rest its category's.")
    )
    priced_days = models.PositiveIntegerField(help_text=_("Days away from its usual price."))
    as_of = models.DateField()

    class Meta:
        verbose_name = _("price elasticity")
        verbose_name_plural = _("price elasticities")
        ordering = ["variant_id"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"{self.variant} {figure(self.elasticity, 2)}"
