"""Messages, who wants them, and how far each delivery is."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """What others must hear of, written in the transaction that made it true.

    `sequence` is given by the courier after the commit. A number drawn at the INSERT could become
    visible after a higher one, and whoever reads "all after n" would miss it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same message."))
    created_at = models.DateTimeField(default=timezone.now)
    sequence = models.BigIntegerField(
        null=True, unique=True, help_text=_("Empty until the courier has seen it.")
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-id"]
        indexes = [
            # The courier looks for what it has not seen; nearly all rows have a number.
            models.Index(
                fields=["created_at"], condition=Q(sequence__isnull=True), name="message_unseen"
            ),
            models.Index(fields=["created_at"], name="message_age"),  # nightly pruning
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


def new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


class Endpoint(models.Model):
    """An address that hears of some kinds of messages.

    The secret is stored as it is: to sign, one has to know it. It is shown once, when it is made,
    and no page, answer or log holds it afterwards.
    """

    url = models.URLField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=200, blank=True)
    kinds = models.JSONField(
        _("kinds"), default=list, blank=True, help_text=_("Empty: every kind.")
    )
    secret = models.CharField(max_length=100, default=new_secret, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    off_reason = models.CharField(_("why it is off"), max_length=300, blank=True, editable=False)
    off_at = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("The first failure since a success.")
    )
    key = models.CharField(max_length=200, unique=True, null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.description or self.url

    def wants(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds

    def signing_secrets(self, at: datetime) -> list[str]:
        """The newest first; the one before it too while the overlap of a rotation lasts."""
        found = [self.secret]
        if self.previous_secret and self.previous_secret_until and at < self.previous_secret_until:
            found.append(self.previous_secret)
        return found


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    DELIVERED = "delivered", _("delivered")
    DEAD = "dead", _("given up")


class Delivery(models.Model):
    """One message on its way to one endpoint. Delivered at least once, or given up with a reason."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.WAITING)
    attempt = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    lease_token = models.CharField(max_length=32, blank=True, help_text=_("Fences a lost courier."))
    lease_until = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(_("last answer"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "endpoint"], name="one_delivery_per_endpoint"
            ),
        ]
        indexes = [
            # What the courier may claim; nearly all rows are delivered.
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                condition=Q(state="waiting"),
                name="delivery_due",
            ),
            models.Index(fields=["endpoint", "state"], name="delivery_of_endpoint"),
            models.Index(fields=["state", "created_at"], name="delivery_age"),  # nightly pruning
        ]

    def __str__(self) -> str:
        return f"{self.message_id} → {self.endpoint_id}: {self.state}"


class Courier(models.Model):
    """Who delivers now: one row, one holder at a time, so that limits per endpoint hold."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    sequence = models.BigIntegerField(default=0, help_text=_("The last number it gave."))

    class Meta:
        verbose_name = _("courier")
        verbose_name_plural = _("couriers")

    def __str__(self) -> str:
        return self.token or "–"
