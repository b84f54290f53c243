"""One erasure of one person: who asked, who agreed, each step with its counts, and the proof."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ErasureState(models.TextChoices):
    ASKED = "asked", pgettext_lazy("erasure", "waiting for a decision")
    REFUSED = "refused", pgettext_lazy("erasure", "refused")
    RUNNING = "running", pgettext_lazy("erasure", "under way")
    PROVEN = "proven", pgettext_lazy("erasure", "erased, nothing found")
    FOUND = "found", pgettext_lazy("erasure", "erased, traces found")


OPEN_STATES = (ErasureState.ASKED, ErasureState.RUNNING)


class Ground(models.TextChoices):
    HER_WISH = "wish", _("she asked for it")
    CONSENT = "consent", _("she took her consent back")
    UNLAWFUL = "unlawful", _("kept without a ground")


class Erasure(models.Model):
    """The record that stays. It names nobody: the person is a keyed hash, her orders a pseudonym.

    While the work is under way `working` holds what she is called by, for it may die at any line; the
    last step empties it.
    """

    customer = models.ForeignKey(
        "shop.Customer", null=True, on_delete=models.SET_NULL, related_name="erasures",
        help_text=_("Empty once she is gone."),
    )  # fmt: skip
    subject_digest = models.CharField(
        max_length=64, help_text=_("Keyed hash of her customer code: by it the proof is found.")
    )
    pseudonym = models.ForeignKey(
        "shop.Customer", null=True, on_delete=models.PROTECT, related_name="+",
        help_text=_("Whom her orders belong to now; empty where she had none."),
    )  # fmt: skip
    ground = models.CharField(max_length=8, choices=Ground, default=Ground.HER_WISH)
    state = models.CharField(max_length=8, choices=ErasureState, default=ErasureState.ASKED)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    job = models.ForeignKey("decisions.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    working = models.JSONField(default=dict, help_text=_("Until the end of the work alone."))
    finished_at = models.DateTimeField(null=True)
    searched = models.JSONField(
        default=dict, help_text=_("Tables, columns, rows and files of the last search.")
    )
    found = models.JSONField(default=list, help_text=_("Where something of hers still stood."))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        permissions = [
            ("decide_erasure", _("Can decide on erasures")),
            ("export_person", _("Can take out all that is held on a person")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_digest"],
                condition=Q(state__in=["asked", "running"]),
                name="one_open_erasure_of_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["proven", "found"])
                | Q(finished_at__isnull=False, customer__isnull=True, working={}),
                name="finished_erasure_names_nobody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state not in OPEN_STATES


class ErasureStep(models.Model):
    """One step of the work. counts grow in the transactions that remove: a killed run loses none."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    counts = models.JSONField(default=dict, help_text=_("Table → rows."))
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("step of an erasure")
        verbose_name_plural = _("steps of erasures")
        ordering = ["erasure_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["erasure", "name"], name="erasure_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.erasure_id} {self.name}"


class TrainedOnHer(models.Model):
    """A model that learned from days on which she was there, and when it learns anew."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="models")
    run = models.ForeignKey("decisions.ModelRun", on_delete=models.PROTECT, related_name="+")
    was_live = models.BooleanField()
    held_her = models.BooleanField(
        help_text=_("Its file named her; it was taken out of service at once and deleted.")
    )
    due_at = models.DateTimeField(help_text=_("The next training."))

    class Meta:
        verbose_name = _("model trained on an erased person")
        verbose_name_plural = _("models trained on erased persons")
        ordering = ["erasure_id", "run_id"]
        constraints = [
            models.UniqueConstraint(fields=["erasure", "run"], name="trained_on_her_once")
        ]

    def __str__(self) -> str:
        return str(self.run)

    def is_overdue(self, at: datetime) -> bool:
        return at > self.due_at and self.run.state == "live"
