"""Whether the way out of a channel is open: a row per channel, once it had trouble."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketing.models.campaigns import Channel
from marketing.models.sends import Refusal


class ChannelHealth(models.Model):
    """Refusals in a row, and until when nothing leaves because of them."""

    channel = models.CharField(max_length=8, choices=Channel, primary_key=True)
    points = models.PositiveSmallIntegerField(
        default=0, help_text=_("Refusals since a message was taken; one that means us counts five.")
    )
    closed_until = models.DateTimeField(null=True, blank=True)
    times_closed = models.PositiveSmallIntegerField(
        default=0, help_text=_("Since a message was taken: each time for longer.")
    )
    refusal = models.CharField(max_length=8, choices=Refusal, blank=True)
    said = models.CharField(max_length=200, blank=True, help_text=_("What the other side said."))
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("way out of a channel")
        verbose_name_plural = _("ways out of channels")
        ordering = ["channel"]

    def __str__(self) -> str:
        return str(self.get_channel_display())

    def is_closed(self, at: datetime) -> bool:
        return self.closed_until is not None and self.closed_until > at
