"""What the shop paid to win customers, month by month."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class AcquisitionCost(models.Model):
    """Of one month and channel; without a channel it is of none in particular. Nothing is guessed:
    a month without a row has no known cost, which is not a cost of 0."""

    key = models.CharField(max_length=60, unique=True, help_text=_("2026-03, or 2026-03/web."))
    month = models.DateField(help_text=_("Its first day."))
    channel = models.ForeignKey(
        "shop.Channel", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    amount_minor = models.BigIntegerField(help_text=_("In minor units of the shop's currency."))
    source = models.CharField(max_length=200, blank=True, help_text=_("Invoice, ad account …"))

    class Meta:
        verbose_name = _("acquisition cost")
        verbose_name_plural = _("acquisition costs")
        ordering = ["-month", "key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0), name="acquisition_cost_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.key
