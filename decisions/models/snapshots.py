"""Figures that took long to count, as they stood at one moment."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Snapshot(models.Model):
    """What a page shows of a large thing instead of counting it for every reader."""

    subject = models.CharField(
        max_length=120, primary_key=True, help_text=_("`campaign:7`, `experiment:3` …")
    )
    payload = models.JSONField()
    as_of = models.DateTimeField(help_text=_("What happened later is not in it."))
    seconds = models.FloatField(help_text=_("How long the counting took."))

    class Meta:
        verbose_name = _("snapshot of figures")
        verbose_name_plural = _("snapshots of figures")
        ordering = ["subject"]
        constraints = [
            models.CheckConstraint(condition=models.Q(seconds__gte=0), name="snapshot_seconds")
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.as_of:%Y-%m-%d %H:%M}"
