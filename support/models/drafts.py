"""A proposed answer. A draft is not a reply: nothing of it reaches the customer before a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DraftState(models.TextChoices):
    OPEN = "open", _("waiting")
    SENT = "sent", _("sent")
    DISCARDED = "discarded", _("discarded")
    SUPERSEDED = "superseded", _("superseded")


class Draft(models.Model):
    ticket = models.ForeignKey("support.Ticket", on_delete=models.CASCADE, related_name="drafts")
    answers = models.OneToOneField(
        "support.Message",
        on_delete=models.CASCADE,
        related_name="draft",
        help_text=_("The customer's message; one draft for each."),
    )
    decision = models.OneToOneField(
        "decisions.Decision",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="draft",
    )
    language = models.CharField(max_length=8)
    body = models.TextField(help_text=_("As composed, with citation marks like [1]."))
    citations = models.JSONField(
        default=list, help_text=_("One row per mark: n, kind, ref, label, text.")
    )
    state = models.CharField(max_length=12, choices=DraftState, default=DraftState.OPEN)
    edited_body = models.TextField(blank=True, help_text=_("What the agent made of it."))
    kept_rate = models.FloatField(
        null=True, blank=True, help_text=_("Share of the draft that was sent, 0 to 1.")
    )
    diff = models.JSONField(default=list, blank=True)
    reply = models.OneToOneField(
        "support.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="sent_of"
    )
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        ordering = ["-created_at"]
        constraints = [
            # Two workers, or a night beside a worker, leave one draft waiting.
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(state="open"), name="one_open_draft_per_ticket"
            )
        ]

    def __str__(self) -> str:
        return self.body[:60]
