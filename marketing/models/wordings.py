"""A person's ruling on a wording: this sentence states nothing that can be true or false."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketing.models.campaigns import COPY_LANGUAGES


class RulingState(models.TextChoices):
    PENDING = "pending", _("waiting for a decision")
    APPROVED = "approved", _("approved")
    WITHDRAWN = "withdrawn", _("withdrawn")


class WordingRuling(models.Model):
    """Of one sentence in one language, wherever the shop says it.

    words: the sentence as the check compares it (language.claims.wording_of). What was withdrawn stays;
    the same sentence asked for again is a row of its own.
    """

    sentence = models.CharField(max_length=500, help_text=_("With its slots in place."))
    words = models.CharField(max_length=1600, editable=False)
    language = models.CharField(max_length=2, choices=COPY_LANGUAGES)
    reason = models.CharField(max_length=300, help_text=_("Why it states nothing."))
    state = models.CharField(max_length=10, choices=RulingState, default=RulingState.PENDING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("ruling on a wording")
        verbose_name_plural = _("rulings on wordings")
        ordering = ["-id"]
        default_permissions = ["view", "add"]
        permissions = [("decide_wordingruling", _("Can decide on rulings on wordings"))]
        constraints = [
            # Who asks in the same moment as another gets the other's row.
            models.UniqueConstraint(
                fields=["language", "words"],
                condition=~Q(state="withdrawn"),
                name="one_standing_ruling_on_a_wording",
            )
        ]

    def __str__(self) -> str:
        return self.sentence
