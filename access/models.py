"""Keys of programs that call the API, and the answers already given to their writes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def valid(self, at: datetime) -> ApiKeyQuerySet:
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True
        )


class ApiKey(models.Model):
    """A program's key. Only its hash is stored: the secret is shown once, when it is made.

    Without a user it opens the storefront API; with one, the merchant API as that user's role. A
    publishable one stands in the shop's pages for everybody to read, and may only send events.
    """

    name = models.CharField(max_length=100)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="api_keys",
        help_text=_("Whose role it has in the merchant API; empty: a storefront's key."),
    )
    is_publishable = models.BooleanField(
        default=False,
        help_text=_("For the collector in customers' browsers: it may only send events."),
    )
    prefix = models.CharField(max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    rate_per_minute = models.PositiveIntegerField(default=600)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_publishable=False) | Q(user__isnull=True),
                name="publishable_key_acts_for_nobody",
                violation_error_message=_("A key that everybody can read acts for nobody."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_valid(self, at: datetime) -> bool:
        if self.revoked_at is not None:
            return False
        return self.expires_at is None or self.expires_at > at

    @property
    def is_for_merchant(self) -> bool:
        return self.user_id is not None

    @staticmethod
    def prefix_of(secret: str) -> str:
        return secret[:12]

    @staticmethod
    def hash_of(secret: str) -> str:
        """SHA-256 is enough: the secret has 256 random bits, there is nothing to guess."""
        return hashlib.sha256(secret.encode()).hexdigest()

    @staticmethod
    def new_secret(*, publishable: bool = False) -> str:
        return f"{'bkp_' if publishable else 'bk_'}{secrets.token_urlsafe(32)}"


class IdempotentAnswer(models.Model):
    """The first answer to a write. The same key and body get it again; another body is refused."""

    scope = models.CharField(max_length=80, help_text=_("Who asked: key prefix or user."))
    key = models.CharField(max_length=200)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(
        null=True, help_text=_("Empty while it is worked on.")
    )
    # Text, not JSON: PostgreSQL reorders the keys of JSON, and a replay is equal to the byte.
    body = models.TextField(blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("idempotent answer")
        verbose_name_plural = _("idempotent answers")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["created_at"], name="answer_age")]  # nightly pruning

    def __str__(self) -> str:
        return f"{self.scope}:{self.key}"
