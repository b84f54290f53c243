"""What is kept of a person who was erased: that she was, and nothing that says who."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class IdentifierKind(models.TextChoices):
    CODE = "code", _("customer code")
    EMAIL = "email", _("e-mail address")
    PHONE = "phone", pgettext_lazy("identifier", "phone number")
    PUSH = "push", _("push address")
    VISITOR = "visitor", pgettext_lazy("identifier", "browser")


class ErasedIdentifier(models.Model):
    """A keyed hash of what a person was called by. Nothing leads back from it; whoever brings the same
    code, address or browser again is known to have been erased (services/erased.py)."""

    kind = models.CharField(max_length=7, choices=IdentifierKind)
    digest = models.CharField(
        max_length=64,
        help_text=_("HMAC-SHA-256 under ERASURE_KEY; no identifier can be read from it."),
    )
    erased_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("erased identifier")
        verbose_name_plural = _("erased identifiers")
        ordering = ["-erased_at", "-id"]
        constraints = [
            # Also the way in: every event batch, import and message asks by these two.
            models.UniqueConstraint(fields=["kind", "digest"], name="identifier_erased_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]}"


class LedgerDoor(models.Model):
    """While this row stands in a transaction, it may empty the free text of append-only ledgers, and
    change nothing else there (migration 0021). No other transaction ever sees the row."""

    opened_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("door to the ledgers")
        verbose_name_plural = _("doors to the ledgers")

    def __str__(self) -> str:
        return f"{self.opened_at}"
