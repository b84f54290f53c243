"""Who delivers what, how fast, in which lots and at what cost."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from access.figures import figure
from shop.models.catalogue import CODE


class Supplier(models.Model):
    code = models.CharField(max_length=64, unique=True, validators=[CODE])
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True, help_text=_("Purchase orders are sent here."))
    currency = models.CharField(max_length=3)
    lead_time_days = models.PositiveSmallIntegerField(
        help_text=_("Promised days from order to arrival.")
    )
    lead_time_sd_days = models.FloatField(
        default=0, help_text=_("Standard deviation of the lead time, where it is known.")
    )
    review_period_days = models.PositiveSmallIntegerField(
        default=7, help_text=_("Days between two orders.")
    )
    order_cost_minor = models.BigIntegerField(default=0, help_text=_("Cost of placing one order."))
    minimum_order_minor = models.BigIntegerField(default=0)
    capacity_litres = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("What one delivery holds, such as a container; empty: no limit."),
    )
    capacity_kg = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("What one delivery may weigh; empty: no limit.")
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        ordering = ["name", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(review_period_days__gte=1), name="supplier_reviews_at_least_daily"
            ),
            models.CheckConstraint(
                condition=Q(order_cost_minor__gte=0)
                & Q(minimum_order_minor__gte=0)
                & Q(lead_time_sd_days__gte=0),
                name="supplier_terms_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SupplierItem(models.Model):
    """One SKU as one supplier sells it."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="supplier_items"
    )
    supplier_sku = models.CharField(max_length=64, blank=True)
    moq = models.PositiveIntegerField(default=1, help_text=_("Smallest order in units."))
    pack_size = models.PositiveIntegerField(default=1, help_text=_("Ordered in multiples of it."))
    unit_cost_minor = models.BigIntegerField(
        null=True, blank=True, help_text=_("In the supplier's currency.")
    )
    lead_time_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Where it differs from the supplier's.")
    )
    unit_volume_ml = models.PositiveIntegerField(
        _("volume of a unit (ml)"),
        null=True,
        blank=True,
        help_text=_("For containers and shelves; empty: takes no space in the plan."),
    )
    shelf_life_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("From arrival to expiry; empty: keeps for ever.")
    )
    is_preferred = models.BooleanField(default=True)
    is_alternative = models.BooleanField(
        default=False, help_text=_("The plan may also order here, where that earns more.")
    )

    class Meta:
        verbose_name = _("supplier item")
        verbose_name_plural = _("supplier items")
        ordering = ["supplier_id", "variant__sku"]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "variant"], name="one_item_per_supplier"),
            # The plan asks one supplier per SKU; the database keeps the answer unambiguous.
            models.UniqueConstraint(
                fields=["variant"],
                condition=Q(is_preferred=True),
                name="one_preferred_supplier_per_sku",
            ),
            models.CheckConstraint(
                condition=Q(pack_size__gte=1) & Q(moq__gte=1), name="supplier_lots_positive"
            ),
            models.CheckConstraint(
                condition=Q(unit_cost_minor__isnull=True) | Q(unit_cost_minor__gte=0),
                name="supplier_cost_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} ← {self.supplier_id}"

    @property
    def effective_lead_time_days(self) -> int:
        if self.lead_time_days is not None:
            return self.lead_time_days
        return self.supplier.lead_time_days


class PriceBreak(models.Model):
    """From so many units on, every unit of the order costs this (an all-units discount)."""

    item = models.ForeignKey(SupplierItem, on_delete=models.CASCADE, related_name="price_breaks")
    from_units = models.PositiveIntegerField()
    unit_cost_minor = models.BigIntegerField(help_text=_("In the supplier's currency."))

    class Meta:
        verbose_name = _("price break")
        verbose_name_plural = _("price breaks")
        ordering = ["item_id", "from_units"]
        constraints = [
            models.UniqueConstraint(fields=["item", "from_units"], name="one_price_per_break"),
            models.CheckConstraint(
                condition=Q(from_units__gte=2) & Q(unit_cost_minor__gte=0),
                name="price_break_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_units}+"


class LeadTimeEstimate(models.Model):
    """How long a supplier takes as his receipts show; of one SKU, or of everything he delivers.

    Replaced every night; the newest day serves. Where nothing was ever received there is no row.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="lead_times")
    variant = models.ForeignKey(
        "shop.Variant", null=True, blank=True, on_delete=models.CASCADE, related_name="lead_times"
    )
    as_of = models.DateField(help_text=_("Receipts up to and including this day were known."))
    deliveries = models.PositiveIntegerField(help_text=_("Orders received, at least in part."))
    open_orders = models.PositiveIntegerField(
        default=0, help_text=_("Still awaited; they count as longer than so far.")
    )
    mean_days = models.FloatField()
    p50_days = models.FloatField(_("median (days)"))
    p90_days = models.FloatField(_("P90 (days)"))
    quantile_days = models.JSONField(
        default=list, help_text=_("Days at 20 equal steps of chance, shortest first.")
    )
    delay_days = models.FloatField(help_text=_("Mean days after the promised day."))
    fill_rate = models.FloatField(help_text=_("Units received of the units ordered, 0 to 1."))
    weight = models.FloatField(
        help_text=_(
            "How much its own receipts count against those of its supplier, or of all, 0 to 1."
        )
    )

    class Meta:
        verbose_name = _("lead time")
        verbose_name_plural = _("lead times")
        ordering = ["-as_of", "supplier_id", "variant_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "variant", "as_of"], name="one_lead_time_per_sku_and_day"
            ),
            models.UniqueConstraint(
                fields=["supplier", "as_of"],
                condition=Q(variant__isnull=True),
                name="one_lead_time_per_supplier_and_day",
            ),
            models.CheckConstraint(
                condition=Q(fill_rate__gte=0)
                & Q(fill_rate__lte=1)
                & Q(weight__gte=0)
                & Q(weight__lte=1),
                name="lead_time_rates_are_shares",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_id} {figure(self.p90_days)}"
