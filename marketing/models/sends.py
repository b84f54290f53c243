"""One row per customer and campaign: the database, not the code, promises that nobody gets it twice."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SendState(models.TextChoices):
    CLAIMED = "claimed", _("about to be sent")
    SENDING = "sending", _("being handed over")
    SENT = "sent", _("sent")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("refused by the mail server")
    UNKNOWN = "unknown", _("unknown: interrupted while it was handed over, not repeated")


class SkipReason(models.TextChoices):
    NO_ADDRESS = "no_address", _("no address")
    NO_CONSENT = "no_consent", _("no consent")
    SUPPRESSED = "suppressed", _("suppressed")
    FREQUENCY_CAP = "frequency_cap", _("written to often enough")
    BOUGHT = "bought", _("ordered in the meantime")


class Send(models.Model):
    campaign = models.ForeignKey(
        "marketing.Campaign", on_delete=models.PROTECT, related_name="sends"
    )
    customer = models.ForeignKey("shop.Customer", on_delete=models.CASCADE, related_name="sends")
    copy = models.ForeignKey(
        "marketing.CopyVariant",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sends",
    )
    state = models.CharField(max_length=8, choices=SendState, default=SendState.CLAIMED)
    reason = models.CharField(max_length=14, choices=SkipReason, blank=True)
    error = models.CharField(max_length=200, blank=True)
    claimed_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text=_("First time."))
    clicked_at = models.DateTimeField(null=True, blank=True, help_text=_("First time."))
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("send")
        verbose_name_plural = _("sends")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer"], name="once_per_campaign"),
            models.CheckConstraint(
                condition=~Q(state="skipped") | ~Q(reason=""), name="skip_has_a_reason"
            ),
        ]
        indexes = [
            # The send monitor counts by state; a second attempt looks for what is unfinished.
            models.Index(fields=["campaign", "state"], name="send_campaign_state"),
            # Frequency cap: what a customer got lately.
            models.Index(fields=["customer", "claimed_at"], name="send_customer_time"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} → {self.customer_id}"


class Suppression(models.Model):
    """Never write to her on this channel again, whatever she agreed to."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("the address does not exist")
        COMPLAINED = "complained", _("complained")
        BY_HAND = "by_hand", _("entered by a person")

    customer = models.ForeignKey(
        "shop.Customer", on_delete=models.CASCADE, related_name="suppressions"
    )
    channel = models.CharField(max_length=8, default="email")
    reason = models.CharField(max_length=10, choices=Reason)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "channel"], name="suppressed_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.channel}"
