"""The variants of a campaign: several texts side by side, and who was drawn for which."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class CopyArm(models.Model):
    """One of two to four variants; a campaign with a single text per language has none.

    Its texts are the chosen copies of that name, one per language. A stopped one is sent to nobody
    any more; whoever was drawn for it gets nothing, and counts in it all the same.
    """

    campaign = models.ForeignKey(
        "marketing.Campaign", on_delete=models.CASCADE, related_name="arms"
    )
    name = models.CharField(max_length=1)
    share = models.FloatField(help_text=_("Of the recipients, above 0; all together 1."))
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=150, blank=True)
    stop_note = models.JSONField(default=dict, blank=True, help_text=_("Why it was stopped."))

    class Meta:
        verbose_name = _("variant of a campaign")
        verbose_name_plural = _("variants of a campaign")
        ordering = ["campaign", "name"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "name"], name="one_variant_per_name"),
            models.CheckConstraint(
                condition=Q(share__gt=0) & Q(share__lt=1), name="variant_has_a_share"
            ),
        ]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return self.name


class CopyWave(models.Model):
    """The shares with which the variants of a frozen list were drawn, and from what they came.

    Fixed shares have one wave. Where shares follow what earns, each wave is drawn from what those
    before it brought by then: evidence and seed give the shares again (`copy_waves.replayed`).
    """

    audience = models.ForeignKey(
        "marketing.Audience", on_delete=models.CASCADE, related_name="waves"
    )
    number = models.PositiveSmallIntegerField()
    shares = models.JSONField(help_text=_("Variant → share; sums to 1."))
    evidence = models.JSONField(
        default=dict, help_text=_("Variant → moments that they were drawn from.")
    )
    seed = models.BigIntegerField(default=0)
    began_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("wave of a campaign")
        verbose_name_plural = _("waves of a campaign")
        ordering = ["audience", "number"]
        constraints = [
            models.UniqueConstraint(fields=["audience", "number"], name="one_wave_per_number")
        ]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"{self.audience_id} {self.number}"
