"""A long step as a row. A message is a hint; the row is the truth."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


FINISHED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> JobQuerySet:
        return self.exclude(state__in=FINISHED)

    def due(self, at: datetime) -> JobQuerySet:
        """What a worker may claim: queued, or running under a lease that ran out."""
        return self.filter(
            Q(state=JobState.QUEUED, not_before__lte=at)
            | Q(state=JobState.RUNNING, lease_until__lt=at)
        )


class Job(models.Model):
    kind = models.CharField(max_length=80, help_text=_("The registered handler that runs it."))
    queue = models.CharField(max_length=40, default="backroom")
    payload = models.JSONField(default=dict, blank=True)
    key = models.CharField(
        max_length=200, unique=True, null=True, blank=True, help_text=_("Same key, same job.")
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="steps"
    )
    state = models.CharField(max_length=12, choices=JobState, default=JobState.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    not_before = models.DateTimeField(
        default=timezone.now, help_text=_("Back-off between attempts.")
    )
    send_after = models.DateTimeField(
        default=timezone.now, help_text=_("The reaper sends no hint before.")
    )
    lease_token = models.CharField(max_length=32, blank=True, help_text=_("Fences a lost worker."))
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    progress_note = models.CharField(max_length=200, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [
            # The reaper asks every ten seconds for what is due; finished rows are nearly all rows.
            models.Index(
                fields=["not_before"],
                condition=Q(state__in=["queued", "running"]),
                name="job_unfinished",
            ),
            # The admin's list filters by kind and shows the newest first.
            models.Index(fields=["kind", "-id"], name="job_kind_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False),
                name="job_running_has_lease",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED

    @property
    def progress_percent(self) -> int | None:
        """Whole percent done, or None while the total is unknown."""
        if self.state == JobState.SUCCEEDED:
            return 100
        if not self.progress_total:
            return None
        return min(100, 100 * self.progress_done // self.progress_total)

    @property
    def seconds(self) -> float | None:
        """Wall time from the start of the last attempt to its end (or to now)."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()
