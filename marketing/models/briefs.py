"""What should be written, and what was: a brief and its candidates."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketing.models.campaigns import COPY_LANGUAGES, Goal, Tone
from marketing.models.policy import Market

MAX_CANDIDATES = 8
PARTS = ("subject", "preheader", "body", "button")


class BriefChannel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("SMS")
    PUSH = "push", _("push message")
    SOCIAL = "social", _("social post")
    DESCRIPTION = "description", _("product description")
    LANDING = "landing", _("landing block")


class Brief(models.Model):
    key = models.CharField(
        max_length=120, unique=True, null=True, blank=True, help_text=_("Same key, same brief.")
    )
    goal = models.CharField(max_length=14, choices=Goal, default=Goal.ANNOUNCE)
    channel = models.CharField(max_length=12, choices=BriefChannel, default=BriefChannel.EMAIL)
    segment = models.ForeignKey(
        "marketing.Segment",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="briefs",
        help_text=_("Who reads it. Empty: everybody."),
    )
    persona = models.ForeignKey(
        "marketing.Persona",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="briefs",
        verbose_name=_("customer persona"),
        help_text=_("How its readers buy. Whoever writes hears that in words, no figure."),
    )
    variants = models.ManyToManyField(
        "shop.Variant", through="marketing.BriefItem", related_name="briefs", blank=True
    )
    tone = models.CharField(max_length=8, choices=Tone, default=Tone.WARM)
    language = models.CharField(max_length=2, choices=COPY_LANGUAGES, default="en")
    market = models.CharField(
        max_length=2,
        choices=Market,
        blank=True,
        help_text=_("Whose rules the text must keep. Empty: those of the shop's own countries."),
    )
    instructions = models.TextField(
        blank=True, max_length=2000, help_text=_("What the text is about. No personal data.")
    )
    must_say = models.TextField(
        blank=True, max_length=1000, help_text=_("A line each; every line must stand in the text.")
    )
    must_not_say = models.TextField(
        blank=True, max_length=1000, help_text=_("A line each; none may stand in the text.")
    )
    max_characters = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(20), MaxValueValidator(5000)],
        help_text=_("Of the finished text, slots filled. Empty: the channel's own limit."),
    )
    count = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(MAX_CANDIDATES)]
    )
    rounds = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often candidates were asked for.")
    )
    job = models.ForeignKey(
        "decisions.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    campaign = models.ForeignKey(
        "marketing.Campaign",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="briefs",
        help_text=_("Whose copy the chosen candidate becomes. Empty: a new draft."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("brief")
        verbose_name_plural = _("briefs")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} · {self.get_goal_display()} #{self.pk}"

    @property
    def required(self) -> list[str]:
        return lines_of(self.must_say)

    @property
    def forbidden(self) -> list[str]:
        return lines_of(self.must_not_say)


class BriefItem(models.Model):
    """A product of the brief; the first fills {product}, the second {product_2} …"""

    brief = models.ForeignKey(Brief, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey("shop.Variant", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        verbose_name = _("SKU of a brief")
        verbose_name_plural = _("SKUs of a brief")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["brief", "variant"], name="sku_once_per_brief")
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.variant_id}"


class CandidateState(models.TextChoices):
    CANDIDATE = "candidate", _("candidate")
    REFUSED = "refused", _("refused by the check")
    CHOSEN = "chosen", _("chosen")


class Candidate(models.Model):
    """One text of a round. A round is written whole or not at all, however often its job runs."""

    brief = models.ForeignKey(Brief, on_delete=models.CASCADE, related_name="candidates")
    round = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=1)
    subject = models.CharField(max_length=200, blank=True)
    preheader = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    button = models.CharField(max_length=200, blank=True)
    provider = models.CharField(max_length=100)
    provider_note = models.CharField(
        max_length=300, blank=True, help_text=_("Why templates stepped in.")
    )
    state = models.CharField(
        max_length=10, choices=CandidateState, default=CandidateState.CANDIDATE
    )
    edited_by_hand = models.BooleanField(default=False)
    copy = models.ForeignKey(
        "marketing.CopyVariant", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decision = models.ForeignKey(
        "decisions.Decision", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        ordering = ["-round", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["brief", "round", "position"], name="candidate_once_per_round"
            )
        ]

    def __str__(self) -> str:
        return f"{self.brief_id}/{self.round}.{self.position}"

    @property
    def parts(self) -> dict[str, str]:
        return {part: getattr(self, part) for part in PARTS if getattr(self, part)}


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
