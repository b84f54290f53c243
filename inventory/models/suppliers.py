"""Who delivers what, how fast, in which lots and at what cost."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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
    is_preferred = models.BooleanField(default=True)

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
