"""An experiment: who gets what, and the one figure it is judged by, named before it begins."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ExperimentState(models.TextChoices):
    DRAFT = "draft", _("draft")
    RUNNING = "running", _("running")
    STOPPED = "stopped", _("stopped")


class ExperimentMetric(models.TextChoices):
    CLICKED = "clicked", _("people who clicked")
    BOUGHT = "bought", _("people who bought what they were shown")
    REVENUE = "revenue", _("revenue per person from what was shown")


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def running(self, at: datetime) -> ExperimentQuerySet:
        """Started and not over at that time."""
        return self.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            state=ExperimentState.RUNNING,
            starts_at__lte=at,
        )


class Experiment(models.Model):
    """What is varied in one place, by whom, and for how long. Arms stand still once it runs.

    arms: `{"name", "share", "settings"}`; shares sum to 1, the first arm is what stands today.
    """

    key = models.SlugField(max_length=60, unique=True, help_text=_("Decides who gets which arm."))
    label = models.CharField(max_length=120)
    place = models.CharField(max_length=80, help_text=_("What it varies."))
    arms = models.JSONField(default=list)
    metric = models.CharField(
        max_length=12, choices=ExperimentMetric, default=ExperimentMetric.BOUGHT
    )
    state = models.CharField(
        max_length=8, choices=ExperimentState, default=ExperimentState.DRAFT, editable=False
    )
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    note = models.CharField(max_length=500, blank=True, help_text=_("What it is to find out."))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        ordering = ["-pk"]
        constraints = [
            # Two at once in one place would each blur what the other one measures.
            models.UniqueConstraint(
                fields=["place"],
                condition=Q(state="running"),
                name="one_running_experiment_per_place",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(starts_at__isnull=False),
                name="running_experiment_has_begun",
            ),
        ]

    def __str__(self) -> str:
        return self.label
