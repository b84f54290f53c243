"""One receipt per decision: what was decided, from what, why, who approved it, what came of it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from decisions.text import render


class DecisionState(models.TextChoices):
    PENDING = "pending", _("waiting for a person")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    EXPIRED = "expired", _("expired")
    SUPERSEDED = "superseded", _("superseded")
    AUTOMATIC = "automatic", _("made automatically")


class DecisionQuerySet(models.QuerySet["Decision"]):
    def waiting(self, at: datetime) -> DecisionQuerySet:
        """What a person must still decide: not snoozed, not past its deadline."""
        return self.filter(
            Q(deadline_at__isnull=True) | Q(deadline_at__gte=at),
            Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=at),
            state=DecisionState.PENDING,
        )

    def morning_brief(
        self, at: datetime, limit: int = 10, without_figure: int = 3
    ) -> DecisionQuerySet:
        """At most `limit` with a figure, most money first; then, oldest first, those without one: what
        has never been measured is not worth nothing, so up to `without_figure` are shown however
        much money waits, and as many more as there is room for."""
        waiting = self.waiting(at)
        measured = waiting.filter(expected_minor__isnull=False)
        by_money = measured.order_by("-expected_minor", "created_at").values("pk")[:limit]
        keys = [row["pk"] for row in by_money]
        room = max(without_figure, limit - len(keys))
        unmeasured = waiting.filter(expected_minor=None).order_by("created_at").values("pk")[:room]
        keys += [row["pk"] for row in unmeasured]
        found = self.filter(pk__in=keys)
        return found.order_by(F("expected_minor").desc(nulls_last=True), "created_at")


class Decision(models.Model):
    """A receipt. Everything but the approval and the outcome is written once and never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40, help_text=_("Registered in decisions.kinds."))
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same decision."))
    subject = models.CharField(max_length=120, help_text=_("What it is about, e.g. sku:TEA-1."))
    state = models.CharField(max_length=12, choices=DecisionState, default=DecisionState.PENDING)
    headline = models.JSONField(
        help_text=_("msgid and params, so that it reads in every language.")
    )
    why = models.JSONField(default=dict, help_text=_("One sentence: msgid and params."))
    model_run = models.ForeignKey(
        "decisions.ModelRun",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="decisions",
    )
    code_version = models.CharField(max_length=80)
    inputs = models.JSONField(default=dict, help_text=_("All that the computation read."))
    score_parts = models.JSONField(default=list, blank=True)
    constraints_hit = models.JSONField(default=list, blank=True)
    alternatives = models.JSONField(default=list, blank=True)
    output = models.JSONField(default=dict)
    expected_minor = models.BigIntegerField(null=True, blank=True)
    expected_low_minor = models.BigIntegerField(null=True, blank=True)
    expected_high_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text=_("Who asked for it; empty: the system."),
    )  # fmt: skip
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decision_note = models.CharField(max_length=500, blank=True)
    outcome = models.JSONField(default=dict, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-created_at"]
        permissions = [("decide_decision", _("Can approve or refuse decisions"))]
        indexes = [
            # The morning brief: pending rows are few, money decides the order.
            models.Index(
                fields=["-expected_minor"],
                condition=Q(state="pending"),
                name="decision_brief",
            ),
            # "All decisions about this SKU / customer / ticket", newest first.
            models.Index(fields=["subject", "-created_at"], name="decision_subject"),
            # The admin's list by kind and the pruning of old automatic receipts.
            models.Index(fields=["kind", "-created_at"], name="decision_kind"),
        ]

    def __str__(self) -> str:
        return render(self.headline)

    @property
    def why_text(self) -> str:
        return render(self.why)

    @property
    def is_open(self) -> bool:
        return self.state == DecisionState.PENDING


class DecisionChange(models.Model):
    """Who changed what on a decision, and when. Append-only."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="changes")
    verb = models.CharField(max_length=20, help_text=_("approved, refused, edited, snoozed …"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("decision change")
        verbose_name_plural = _("decision changes")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"
