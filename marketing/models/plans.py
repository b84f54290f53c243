"""When a campaign is meant to sell, and what a person expects of it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class CampaignPlan(models.Model):
    """The days on which a campaign is expected to sell more; purchasing plans for them."""

    campaign = models.OneToOneField(
        "marketing.Campaign", primary_key=True, on_delete=models.CASCADE, related_name="plan"
    )
    starts_on = models.DateField(_("sells from"))
    ends_on = models.DateField(_("sells until"))
    guess_units = models.PositiveIntegerField(
        _("expected extra units"), null=True, blank=True,
        help_text=_("Of all SKUs over all days. Empty: what similar campaigns brought."),
    )  # fmt: skip
    guess_low_units = models.PositiveIntegerField(_("at least"), null=True, blank=True)
    guess_high_units = models.PositiveIntegerField(_("at most"), null=True, blank=True)

    class Meta:
        verbose_name = _("plan of a campaign")
        verbose_name_plural = _("plans of campaigns")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="campaign_plan_window"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on:%Y-%m-%d} – {self.ends_on:%Y-%m-%d}"

    def clean(self) -> None:
        if self.starts_on and self.ends_on and not self.starts_on <= self.ends_on:
            raise ValidationError({"ends_on": _("The last day is not before the first.")})
        given = (self.guess_low_units, self.guess_units, self.guess_high_units)
        known = [number for number in given if number is not None]
        if not known:
            return
        if len(known) < len(given) or known != sorted(known):
            raise ValidationError(
                {"guess_units": _("Say all three, at least ≤ expected ≤ at most, or none.")}
            )

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1
