"""What a customer's orders say of her, as of a night."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    """Where a customer stands; the borders are the shop's own repurchase gaps (ml/lifecycle.py)."""

    PROSPECT = "prospect", _("prospect")
    NEW = "new", _("new")
    ACTIVE = "active", _("active")
    LOYAL = "loyal", _("loyal")
    AT_RISK = "at_risk", _("at risk")
    LAPSED = "lapsed", _("lapsed")
    ONE_TIME = "one_time", _("one order only")


class CustomerProfile(models.Model):
    """Computed each night from orders and returns before `as_of`; segments read it."""

    customer = models.OneToOneField(
        "shop.Customer", on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    as_of = models.DateTimeField(help_text=_("Nothing later was read."))
    recency_days = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Whole days since the last order; empty: no order yet.")
    )
    frequency = models.PositiveIntegerField(
        default=0, help_text=_("Orders that were not cancelled.")
    )
    monetary_minor = models.BigIntegerField(
        default=0, help_text=_("Orders less refunds, in minor units.")
    )
    tenure_days = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Whole days since the first order.")
    )
    last_order_at = models.DateTimeField(null=True, blank=True)
    recency_score = models.PositiveSmallIntegerField(null=True, blank=True)
    frequency_score = models.PositiveSmallIntegerField(null=True, blank=True)
    monetary_score = models.PositiveSmallIntegerField(null=True, blank=True)
    stage = models.CharField(
        max_length=10, choices=Stage, blank=True, help_text=_("Empty: the history is too short.")
    )

    class Meta:
        verbose_name = _("customer profile")
        verbose_name_plural = _("customer profiles")
        ordering = ["customer_id"]
        indexes = [
            # Segments by stage are counted on every list page.
            models.Index(fields=["stage", "recency_days"], name="profile_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.stage}"
