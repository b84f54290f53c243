"""What customers speak of, and how each conversation went for them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from support.models.tickets import Message, Ticket


class Aspect(models.TextChoices):
    QUALITY = "quality", _("product quality")
    FIT = "fit", _("fit and size")
    DELIVERY = "delivery", pgettext_lazy("aspect", "delivery")
    PACKAGING = "packaging", _("packaging")
    PRICE = "price", _("price and value")
    SERVICE = "service", _("service")
    RETURNS = "returns", _("returns and refund")
    DESCRIPTION = "description", _("true to its description")


class Polarity(models.IntegerChoices):
    NEGATIVE = -1, _("blame")
    NEUTRAL = 0, _("no opinion")
    POSITIVE = 1, _("praise")


class TextReading(models.Model):
    """A review or a customer's message has been read, whether or not anything was found in it."""

    review = models.OneToOneField(
        "shop.Review", null=True, blank=True, on_delete=models.CASCADE, related_name="reading"
    )
    message = models.OneToOneField(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="reading"
    )
    version = models.CharField(max_length=16, help_text=_("Of the reader: a newer one reads anew."))
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(review__isnull=True, message__isnull=False)
                | Q(review__isnull=False, message__isnull=True),
                name="reading_of_one_text",
            )
        ]

    def __str__(self) -> str:
        return f"{self.review_id or ''}/{self.message_id or ''}"


class AspectMention(models.Model):
    """Where the clause stands, never what it says: an erased text leaves no copy behind."""

    reading = models.ForeignKey(TextReading, on_delete=models.CASCADE, related_name="mentions")
    product = models.ForeignKey(
        "shop.Product", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    aspect = models.CharField(max_length=12, choices=Aspect)
    polarity = models.SmallIntegerField(choices=Polarity)
    confidence = models.FloatField(help_text=_("0 to 1, calibrated."))
    start = models.PositiveIntegerField(help_text=_("Of the clause, in characters."))
    end = models.PositiveIntegerField()
    written_at = models.DateTimeField(help_text=_("When the customer wrote it."))

    class Meta:
        verbose_name = _("mention of an aspect")
        verbose_name_plural = _("mentions of aspects")
        ordering = ["-written_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reading", "aspect", "polarity"], name="mention_once_in_a_text"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="mention_confidence_range"
            ),
        ]
        indexes = [
            # Shares over time, of the shop and of one product.
            models.Index(fields=["written_at", "aspect", "polarity"], name="mention_month"),
            models.Index(fields=["product", "written_at"], name="mention_product"),
        ]

    def __str__(self) -> str:
        return f"{self.aspect} {self.polarity:+d}"


class ConversationScore(models.Model):
    """The chance, in percent, that this customer would answer 4 or 5 of 5 (docs/support.md)."""

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="experience")
    run = models.ForeignKey("decisions.ModelRun", on_delete=models.CASCADE, related_name="+")
    score = models.FloatField(help_text=_("0 to 100."))
    wait_hours = models.FloatField(help_text=_("To the first answer, or so far."))
    causes = models.JSONField(
        default=dict,
        help_text=_("What pulled it down, in log odds against the usual; worst first."),
    )
    opened_at = models.DateTimeField()
    scored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("experience score")
        verbose_name_plural = _("experience scores")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="score_range")
        ]
        indexes = [
            # By month, and the lowest of a month.
            models.Index(fields=["opened_at", "score"], name="score_month"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {round(self.score)}"


class CustomerExperience(models.Model):
    """A customer's conversations of a year, newer ones counting more."""

    customer = models.OneToOneField(
        "shop.Customer", on_delete=models.CASCADE, related_name="experience"
    )
    run = models.ForeignKey("decisions.ModelRun", on_delete=models.CASCADE, related_name="+")
    score = models.FloatField(help_text=_("0 to 100."))
    conversations = models.PositiveIntegerField()
    last_at = models.DateTimeField(help_text=_("When the newest conversation was opened."))
    scored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("customer's experience")
        verbose_name_plural = _("customers' experience")
        ordering = ["score", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=100), name="customer_score_range"
            )
        ]
        indexes = [
            # Who had it worst.
            models.Index(fields=["score"], name="customer_score"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {round(self.score)}"
