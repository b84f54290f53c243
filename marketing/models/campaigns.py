"""A campaign: who is told what, with which facts, and how far it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from decisions.models import Allocation
from language.slots import slots_of
from marketing.models.policy import Market
from shop.models import Purpose
from shop.models.catalogue import in_reader_language

FIRST_ARM = "A"  # what a campaign with one text per language sends
COPY_LANGUAGES = [("en", "English"), ("zh", "中文")]


class Goal(models.TextChoices):
    WIN_BACK = "win_back", _("welcome back")
    SECOND_ORDER = "second_order", _("second order")
    ANNOUNCE = "announce", _("announce a product")
    THANK = "thank", _("thank loyal customers")


class Tone(models.TextChoices):
    WARM = "warm", _("warm")
    PLAIN = "plain", _("plain")
    PLAYFUL = "playful", _("playful")
    ELEGANT = "elegant", _("elegant")


class Channel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("SMS")
    PUSH = "push", _("push message")


PURPOSE_OF_CHANNEL = {
    Channel.EMAIL: Purpose.MARKETING_EMAIL,
    Channel.SMS: Purpose.MARKETING_SMS,
    Channel.PUSH: Purpose.MARKETING_PUSH,
}
# The column of a customer without which nothing can be sent there.
ADDRESS_OF = {Channel.EMAIL: "email", Channel.SMS: "phone", Channel.PUSH: "push_token"}


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PROPOSED = "proposed", _("waiting for approval")
    APPROVED = "approved", _("approved")
    SENDING = "sending", _("sending")
    PAUSED = "paused", _("paused")
    SENT = "sent", _("sent")
    CANCELLED = "cancelled", _("cancelled")


class PausedBy(models.TextChoices):
    PERSON = "person", _("a person")
    FACTS = "facts", _("a changed fact")
    STOCK = "stock", _("short stock")
    RULES = "rules", _("a rule for texts")


class WaveMetric(models.TextChoices):
    """What shares of variants follow, where the campaign would rather earn than learn."""

    PROFIT = "profit", _("profit per customer")
    BOUGHT = "bought", _("customers who ordered")
    CLICKED = "clicked", _("customers who clicked")


# Every way of a campaign stands here; services/campaigns/campaigns.py moves along it and nowhere else.
TRANSITIONS: dict[str, frozenset[str]] = {
    CampaignState.DRAFT: frozenset({CampaignState.PROPOSED, CampaignState.CANCELLED}),
    CampaignState.PROPOSED: frozenset(
        {CampaignState.APPROVED, CampaignState.DRAFT, CampaignState.CANCELLED}
    ),
    CampaignState.APPROVED: frozenset(
        {CampaignState.SENDING, CampaignState.PAUSED, CampaignState.CANCELLED}
    ),
    CampaignState.SENDING: frozenset({CampaignState.SENT, CampaignState.PAUSED}),
    CampaignState.PAUSED: frozenset({CampaignState.APPROVED, CampaignState.CANCELLED}),
    CampaignState.SENT: frozenset(),
    CampaignState.CANCELLED: frozenset(),
}


class Campaign(models.Model):
    key = models.CharField(
        max_length=120, unique=True, null=True, blank=True, help_text=_("Same key, same campaign.")
    )
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    goal = models.CharField(max_length=14, choices=Goal)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.EMAIL)
    segment = models.ForeignKey(
        "marketing.Segment", null=True, blank=True, on_delete=models.PROTECT,
        related_name="campaigns",
    )  # fmt: skip
    frozen_audience = models.ForeignKey(
        "marketing.Audience", null=True, blank=True, on_delete=models.PROTECT,
        related_name="campaigns_for_it", verbose_name=_("frozen list"),
        help_text=_("Write to these customers instead of whoever is in the segment at approval."),
    )  # fmt: skip
    audience = models.ForeignKey(
        "marketing.Audience",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns",
    )
    brief = models.TextField(blank=True, help_text=_("What the copy should say. No personal data."))
    persona = models.CharField(max_length=200, blank=True, help_text=_("Whose voice it is."))
    tone = models.CharField(max_length=8, choices=Tone, default=Tone.WARM)
    language = models.CharField(
        max_length=2,
        choices=COPY_LANGUAGES,
        default="en",
        help_text=_("For customers whose language is unknown."),
    )
    link_url = models.URLField(
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("Where the link leads. Empty: the copy has no link."),
    )
    market = models.CharField(
        max_length=2,
        choices=Market,
        blank=True,
        help_text=_("Whose rules the text must keep. Empty: those of the shop's own countries."),
    )
    coupon_offer = models.ForeignKey(
        "shop.CouponOffer",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns",
        verbose_name=_("coupon offer"),
        help_text=_(
            "Each recipient gets a coupon of it, where the text names {coupon_code}. Empty: none."
        ),
    )
    variants = models.ManyToManyField(
        "shop.Variant", through="marketing.CampaignItem", related_name="campaigns", blank=True
    )
    holdout_rate = models.FloatField(
        default=0.1,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text=_("Share that gets nothing, 0 to 0.5. Without one no effect can be measured."),
    )
    exclusion_group = models.SlugField(
        _("exclusion group"),
        max_length=40,
        blank=True,
        help_text=_("Campaigns of one group share no customers while their effects are counted."),
    )
    only_where_it_pays = models.BooleanField(
        _("only where the message pays"),
        default=False,
        help_text=_(
            "Leave out whom the message is expected to bring less than it costs, by the live uplift "
            "model."
        ),
    )
    exploration_rate = models.FloatField(
        _("exploration"),
        default=0.1,
        validators=[MinValueValidator(0.01), MaxValueValidator(0.5)],
        help_text=_(
            "Share of those left out who get it all the same, 0.01 to 0.5, so that the next model "
            "has something to learn from."
        ),
    )
    attribution_window_days = models.PositiveSmallIntegerField(
        default=14, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    copy_allocation = models.CharField(
        _("between variants"),
        max_length=8,
        choices=Allocation,
        default=Allocation.FIXED,
        help_text=_("Fixed shares tell most; shares that follow what earns cost least."),
    )
    wave_count = models.PositiveSmallIntegerField(
        _("waves"),
        default=4,
        validators=[MinValueValidator(2), MaxValueValidator(10)],
        help_text=_("Where shares follow what earns: in so many waves, 2 to 10."),
    )
    wave_hours = models.PositiveSmallIntegerField(
        _("hours between waves"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(336)],
        help_text=_("What came back by then decides the shares of the next wave."),
    )
    wave_metric = models.CharField(
        _("what earns"), max_length=8, choices=WaveMetric, default=WaveMetric.PROFIT
    )
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    state_note = models.JSONField(default=dict, blank=True, help_text=_("Why it is paused."))
    paused_by = models.CharField(max_length=6, choices=PausedBy, blank=True)
    send_on = models.DateField(
        null=True, blank=True, help_text=_("Not before this day; empty: once approved.")
    )
    send_from = models.TimeField(
        null=True, blank=True, help_text=_("Not before this hour of the recipient's own clock.")
    )
    per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("At most so many a minute; empty: as fast as it goes."),
    )
    decision = models.ForeignKey(
        "decisions.Decision", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approved_facts = models.JSONField(
        default=dict, blank=True, help_text=_("What the slots said when it was approved.")
    )
    created_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
        indexes = [
            # Who is taken already, when a list of the same group is frozen.
            models.Index(
                fields=["exclusion_group"],
                condition=~Q(exclusion_group=""),
                name="campaign_exclusion_group",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout_rate__gte=0) & Q(holdout_rate__lte=0.5),
                name="campaign_holdout_share",
            ),
            models.CheckConstraint(
                condition=Q(exploration_rate__gte=0.01) & Q(exploration_rate__lte=0.5),
                name="campaign_exploration_share",
            ),
            models.CheckConstraint(
                condition=Q(segment__isnull=False) | Q(frozen_audience__isnull=False),
                name="campaign_is_for_somebody",
            ),
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)

    def can_become(self, state: str) -> bool:
        return state in TRANSITIONS[CampaignState(self.state)]

    @property
    def is_editable(self) -> bool:
        return self.state == CampaignState.DRAFT

    @property
    def meant(self) -> str:
        """Who it is for, by name."""
        return str(self.frozen_audience.called if self.frozen_audience else self.segment)

    @property
    def purpose(self) -> str:
        return PURPOSE_OF_CHANNEL[Channel(self.channel)]

    @property
    def earns(self) -> bool:
        """Whether the shares of its variants follow what earns."""
        return self.copy_allocation == Allocation.THOMPSON

    @property
    def window_until(self) -> datetime | None:
        """Until when orders count: so many days after the last wave was meant to begin."""
        if self.started_at is None:
            return None
        waves = timedelta(hours=self.wave_hours * (self.wave_count - 1)) if self.earns else None
        return self.started_at + self.window + (waves or timedelta())

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.attribution_window_days)


class CampaignItem(models.Model):
    """A featured SKU; the first fills {product} and {price}, the second {product_2} …"""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey("shop.Variant", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        verbose_name = _("featured SKU")
        verbose_name_plural = _("featured SKUs")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "variant"], name="sku_once_per_campaign")
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.variant_id}"


class CopyState(models.TextChoices):
    CANDIDATE = "candidate", _("candidate")
    CHOSEN = "chosen", _("chosen")
    REFUSED = "refused", _("refused by the check")


class CopyVariant(models.Model):
    """One text with slots. Its claims are checked at drafting, at editing, at approval and at sending."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="copies")
    language = models.CharField(max_length=2, choices=COPY_LANGUAGES)
    subject = models.CharField(max_length=200)
    preheader = models.CharField(
        max_length=200, blank=True, help_text=_("What a mail program shows beside the subject.")
    )
    body = models.TextField()
    provider = models.CharField(max_length=100)
    provider_note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=CopyState, default=CopyState.CANDIDATE)
    arm = models.CharField(
        _("variant"), max_length=1, default=FIRST_ARM, help_text=_("Which one it is chosen for.")
    )
    edited_by_hand = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("copy")
        verbose_name_plural = _("copies")
        ordering = ["language", "id"]
        indexes = [
            # The candidates of a campaign side by side, and the chosen ones at sending.
            models.Index(fields=["campaign", "state"], name="copy_campaign_state")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "arm", "language"],
                condition=Q(state="chosen"),
                name="one_text_per_variant_and_language",
            )
        ]

    def __str__(self) -> str:
        return self.subject or self.body[:60]

    @property
    def slots(self) -> set[str]:
        return slots_of(self.subject) | slots_of(self.preheader) | slots_of(self.body)

    @property
    def parts(self) -> dict[str, str]:
        """What the check reads; an empty part states nothing."""
        found = {part: getattr(self, part) for part in ("subject", "preheader", "body")}
        return {part: text for part, text in found.items() if text}
