"""What was trained, on what, how good it was, and when it was live."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from decisions.text import words


class RunState(models.TextChoices):
    CANDIDATE = "candidate", _("candidate")
    LIVE = "live", _("live")
    REFUSED = "refused", _("refused")
    RETIRED = "retired", _("retired")


class ModelRun(models.Model):
    """One training. It serves only after a backtest on the merchant's own history beat its baseline."""

    task = models.CharField(max_length=60, help_text=_("What the model is for, e.g. recommender."))
    model = models.CharField(max_length=60, help_text=_("The method that won on validation data."))
    state = models.CharField(max_length=12, choices=RunState, default=RunState.CANDIDATE)
    job = models.ForeignKey(
        "decisions.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="model_runs"
    )
    params = models.JSONField(default=dict, blank=True)
    seed = models.BigIntegerField()
    data_from = models.DateTimeField(null=True, blank=True)
    data_until = models.DateTimeField(help_text=_("As of: nothing later was read."))
    row_count = models.PositiveBigIntegerField()
    data_hash = models.CharField(
        max_length=64, help_text=_("SHA-256 of data, parameters and code.")
    )
    code_version = models.CharField(max_length=80)
    metrics = models.JSONField(
        default=dict, help_text=_("Per model and metric, baselines included.")
    )
    metric = models.CharField(max_length=40, help_text=_("The metric of the gate."))
    higher_is_better = models.BooleanField()
    value = models.FloatField(null=True, blank=True)
    baseline = models.CharField(max_length=60)
    baseline_value = models.FloatField(null=True, blank=True)
    verdict = models.JSONField(
        default=dict, help_text=_("Why it is live or refused: msgid and params.")
    )
    artefact = models.CharField(
        max_length=200, blank=True, help_text=_("Path below the artefact folder.")
    )
    artefact_sha256 = models.CharField(max_length=64, blank=True)
    artefact_bytes = models.PositiveBigIntegerField(default=0)
    file_deleted_at = models.DateTimeField(
        null=True, blank=True, help_text=_("The file was old and is gone; everything else is kept.")
    )
    learn_anew_since = models.DateTimeField(
        null=True, blank=True,
        help_text=_("A person whom it learned from was erased: due for training since then."),
    )  # fmt: skip
    device = models.CharField(max_length=20, default="cpu")
    duration_seconds = models.FloatField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("model run")
        verbose_name_plural = _("model runs")
        ordering = ["-id"]
        constraints = [
            # Two attempts of one training, or a redelivered message, leave one run.
            models.UniqueConstraint(fields=["task", "data_hash"], name="run_once_per_data"),
        ]
        indexes = [models.Index(fields=["task", "-id"], name="run_task_newest")]

    def __str__(self) -> str:
        return f"{words(self.task)} #{self.pk}"

    @property
    def beats_baseline(self) -> bool:
        if self.value is None or self.baseline_value is None:
            return False
        if self.higher_is_better:
            return self.value > self.baseline_value
        return self.value < self.baseline_value


class LivePeriod(models.Model):
    """Which run served a task, from when to when. Kept for ever; rollback opens a new period."""

    task = models.CharField(max_length=60)
    run = models.ForeignKey(ModelRun, on_delete=models.PROTECT, related_name="live_periods")
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("live period")
        verbose_name_plural = _("live periods")
        ordering = ["-began_at", "-id"]
        constraints = [
            # The database, not the code, promises that one run at most serves a task.
            models.UniqueConstraint(
                fields=["task"], condition=Q(ended_at__isnull=True), name="one_live_run_per_task"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.began_at:%Y-%m-%d %H:%M}"
