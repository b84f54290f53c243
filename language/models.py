"""What was asked of a text endpoint, what it answered, and what that cost."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class CallOutcome(models.TextChoices):
    RUNNING = "running", _("under way")
    ANSWERED = "answered", _("answered")
    UNUSABLE = "unusable", _("answered, but not with what was asked")
    CUT = "cut", _("cut off by the length limit")
    BROKEN = "broken", _("the answer broke off")
    TIMEOUT = "timeout", _("no answer in time")
    BUSY = "busy", _("turned away: too many requests")
    DENIED = "denied", _("refused by the endpoint")
    FAILED = "failed", _("the endpoint failed")
    UNREACHABLE = "unreachable", _("cannot be reached")
    STOPPED = "stopped", _("stopped by a person")
    OVER_BUDGET = "over_budget", _("not asked: over the spend cap")
    LOST = "lost", _("our process ended before the answer")


class TextCall(models.Model):
    """One request to the endpoint. Money is counted in millionths of a minor unit.

    While a call is under way, and when nobody knows what it used, it counts with the most that it
    could cost: a cap is never passed because an answer got lost.
    """

    purpose = models.CharField(max_length=60, help_text=_("What it was for, e.g. brief:12."))
    model = models.CharField(max_length=100)
    outcome = models.CharField(max_length=12, choices=CallOutcome, default=CallOutcome.RUNNING)
    detail = models.CharField(max_length=300, blank=True)
    prompt = models.TextField(help_text=_("Without personal data."))
    answer = models.TextField(blank=True, help_text=_("Without personal data."))
    tokens_in = models.PositiveIntegerField(null=True, blank=True)
    tokens_out = models.PositiveIntegerField(null=True, blank=True)
    price_in_minor = models.PositiveIntegerField(
        default=0, help_text=_("Minor units per million tokens of the prompt.")
    )
    price_out_minor = models.PositiveIntegerField(
        default=0, help_text=_("Minor units per million tokens of the answer.")
    )
    reserved_millionths = models.PositiveBigIntegerField(
        default=0, help_text=_("The most that it could cost.")
    )
    cost_millionths = models.PositiveBigIntegerField(
        null=True, blank=True, help_text=_("What is counted now that it is over.")
    )
    cost_is_known = models.BooleanField(
        default=True, help_text=_("False: the endpoint did not say what it used.")
    )
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("call of the text endpoint")
        verbose_name_plural = _("calls of the text endpoint")
        ordering = ["-id"]
        indexes = [
            # The log by outcome, newest first.
            models.Index(fields=["outcome", "-id"], name="textcall_outcome"),
            # All calls of one brief.
            models.Index(fields=["purpose", "-id"], name="textcall_purpose"),
            # Calls whose process ended.
            models.Index(
                fields=["started_at"], condition=Q(outcome="running"), name="textcall_running"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="running") | Q(cost_millionths__isnull=False),
                name="textcall_over_has_cost",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.started_at:%Y-%m-%d %H:%M}"


class SpendPeriod(models.Model):
    """What a day (`2026-11-28`) or a month (`2026-11`) of calls costs, with those under way.

    The counter and the condition that guards it change in one UPDATE; `recount` compares it with
    the calls.
    """

    period = models.CharField(max_length=10, unique=True)
    spent_millionths = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("spend of a period")
        verbose_name_plural = _("spend by period")
        ordering = ["-period"]

    def __str__(self) -> str:
        return self.period
