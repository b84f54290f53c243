"""What customers say about products."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Review(models.Model):
    key = models.CharField(max_length=120, unique=True, help_text=_("The shop's own number."))
    product = models.ForeignKey("shop.Product", on_delete=models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(
        "shop.Customer", null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews"
    )
    rating = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-written_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__gte=1) & Q(rating__lte=5), name="review_rating_1_to_5"
            )
        ]
        indexes = [
            # A product's newest reviews.
            models.Index(fields=["product", "-written_at"], name="review_product_newest")
        ]

    def __str__(self) -> str:
        return f"{self.rating}★ {self.title or self.body[:40]}"
