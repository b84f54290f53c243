"""A letter to a guest who waits for what was sold out: one per wish."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketing.models.sends import SendState, SkipReason


class GuestNotice(models.Model):
    """That one guest is told, once. The address stays with the wish and is emptied when it closes."""

    entry = models.OneToOneField(
        "shop.WaitlistEntry", primary_key=True, on_delete=models.CASCADE, related_name="notice"
    )
    variant = models.ForeignKey("shop.Variant", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=SendState, default=SendState.CLAIMED)
    reason = models.CharField(max_length=14, choices=SkipReason, blank=True)
    error = models.CharField(max_length=200, blank=True)
    claimed_at = models.DateTimeField(default=timezone.now)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("letter to a guest")
        verbose_name_plural = _("letters to guests")
        ordering = ["-entry_id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="skipped") | ~Q(reason=""), name="guest_skip_has_a_reason"
            ),
        ]
        indexes = [
            # The clock: what waits to leave, and what a dead worker left half-way.
            models.Index(
                fields=["claimed_at"],
                condition=Q(state__in=["claimed", "sending"]),
                name="guest_notice_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.state}"
