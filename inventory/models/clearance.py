"""Goods that will not sell in time, and the sale that is proposed for them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ClearanceReason(models.TextChoices):
    COVER = "cover", _("excess")
    EXPIRY = "expiry", _("expiring")


class ClearanceState(models.TextChoices):
    PROPOSED = "proposed", _("waiting for approval")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    DROPPED = "dropped", _("no longer needed")


class ClearanceDraft(models.Model):
    """A sale of one SKU, complete but for its words: marketing picks it up once it is approved."""

    key = models.CharField(max_length=120, unique=True, help_text=_("SKU, reason and cycle."))
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="clearance_drafts"
    )
    reason = models.CharField(max_length=8, choices=ClearanceReason)
    state = models.CharField(max_length=8, choices=ClearanceState, default=ClearanceState.PROPOSED)
    excess_units = models.PositiveIntegerField(help_text=_("What would not sell in time."))
    starts_on = models.DateField()
    ends_on = models.DateField()
    discount_percent = models.PositiveSmallIntegerField()
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    expected_units = models.FloatField(help_text=_("Sold while it runs."))
    expected_low_units = models.FloatField()
    expected_high_units = models.FloatField()
    extra_units = models.FloatField(help_text=_("Of it, what would not have sold otherwise."))
    audience_customers = models.PositiveIntegerField(
        help_text=_("Bought from its category within a year and agreed to be written to.")
    )
    decision = models.ForeignKey(
        "decisions.Decision", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    picked_up_by = models.CharField(
        max_length=80, blank=True, help_text=_("The campaign that was made of it.")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("clearance draft")
        verbose_name_plural = _("clearance drafts")
        ordering = ["-created_at", "-id"]
        default_permissions = ["view", "change"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="clearance_window"
            ),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=1) & Q(discount_percent__lte=99),
                name="clearance_reduces",
            ),
        ]
        indexes = [models.Index(fields=["state", "-created_at"], name="clearance_newest")]

    def __str__(self) -> str:
        return f"{self.variant} −{self.discount_percent} %"
