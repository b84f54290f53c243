"""What customers say about products, why somebody should look at it, and what was decided."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ReviewState(models.TextChoices):
    PENDING = "pending", pgettext_lazy("review", "waits")
    PUBLISHED = "published", pgettext_lazy("review", "published")
    REJECTED = "rejected", pgettext_lazy("review", "rejected")


class ReviewReason(models.TextChoices):
    """Why a review may not be shown. What it thinks of the product is no reason, nor are its stars."""

    PERSONAL_DATA = "personal_data", _("personal data")
    ABUSE = "abuse", _("abuse")
    OFF_TOPIC = "off_topic", _("not about the product")
    LINKS = "links", _("links")
    DUPLICATE = "duplicate", _("the same words as another")
    BURST = "burst", _("many at once")


class Review(models.Model):
    key = models.CharField(max_length=120, unique=True, help_text=_("The shop's own number."))
    product = models.ForeignKey("shop.Product", on_delete=models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(
        "shop.Customer", null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews"
    )
    order_line = models.OneToOneField(
        "shop.OrderLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="review",
        help_text=_("What she bought: a review of a verified purchase, one per line."),
    )  # fmt: skip
    rating = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    written_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(
        max_length=9, choices=ReviewState, default=ReviewState.PUBLISHED, editable=False
    )
    is_incentivised = models.BooleanField(
        default=False,
        help_text=_("She was given something for it, whatever she wrote; it is said."),
    )

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-written_at", "-id"]
        permissions = [("moderate_review", "Can publish and reject reviews")]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__gte=1) & Q(rating__lte=5), name="review_rating_1_to_5"
            )
        ]
        indexes = [
            # A product's newest reviews.
            models.Index(fields=["product", "-written_at"], name="review_product_newest"),
            # Who waits for a person; nearly all are decided.
            models.Index(
                fields=["written_at"], condition=Q(state="pending"), name="review_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rating}★ {self.title or self.body[:40]}"

    @property
    def is_verified(self) -> bool:
        """Of a purchase that this shop knows."""
        return self.order_line_id is not None


class ReviewFlag(models.Model):
    """What a check found in the words of a review, or around it; for whoever decides."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="flags")
    reason = models.CharField(max_length=13, choices=ReviewReason)
    evidence = models.JSONField(
        default=dict, help_text=_("The words, the other review, the counts.")
    )
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("review flag")
        verbose_name_plural = _("review flags")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["review", "reason"], name="one_flag_per_reason")
        ]

    def __str__(self) -> str:
        return f"{self.review_id}: {self.reason}"


class ReviewStep(models.TextChoices):
    PUBLISH = "publish", pgettext_lazy("review", "publish")
    REJECT = "reject", pgettext_lazy("review", "reject")
    UNDO = "undo", pgettext_lazy("review", "undo")


class ReviewDecision(models.Model):
    """Who published, rejected or took that back. Append-only; `by` is empty for the machine, which
    publishes what no check has found anything in."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField(help_text=_("Of this review, from 1."))
    step = models.CharField(max_length=7, choices=ReviewStep)
    from_state = models.CharField(max_length=9, choices=ReviewState)
    to_state = models.CharField(max_length=9, choices=ReviewState)
    reason = models.CharField(max_length=13, choices=ReviewReason, blank=True)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("review decision")
        verbose_name_plural = _("review decisions")
        ordering = ["review_id", "number"]
        constraints = [
            # Of two who decide at once the second comes too late.
            models.UniqueConstraint(fields=["review", "number"], name="review_decision_number"),
            models.CheckConstraint(
                condition=~Q(step="reject") | ~Q(reason=""), name="rejection_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} {self.number}: {self.step}"
