"""After how long what somebody has bought is offered to her again: learnt, or as the merchant says."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recommendations.kept import forget_settings


class RepeatPurchase(models.Model):
    """A product that those who have it buy again, as the night found it. Others have no row."""

    product = models.OneToOneField(
        "shop.Product", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    buyers = models.PositiveIntegerField(help_text=_("Customers who bought it."))
    came_back = models.PositiveIntegerField(
        help_text=_("Of them, those who bought it again on a later day.")
    )
    again_days = models.PositiveIntegerField(
        help_text=_("Days after which it is offered again: a quarter of the returns had happened.")
    )
    by_category = models.BooleanField(
        default=False, help_text=_("Learnt from its category: it has too few buyers of its own.")
    )
    learnt_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("repeat purchase")
        verbose_name_plural = _("repeat purchases")
        ordering = ["-buyers", "pk"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return str(self.product)


class BuyAgain(models.Model):
    """The merchant's word on a product, or on a category with all below it; goes before what was learnt."""

    product = models.OneToOneField(
        "shop.Product", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    category = models.OneToOneField(
        "shop.Category", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    again_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("Days after which it is offered again; 0: at once; empty: never."),
    )
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("offer again")
        verbose_name_plural = _("offer again")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False) ^ Q(category__isnull=False),
                name="buy_again_is_about_one_thing",
            )
        ]

    def __str__(self) -> str:
        return str(self.product or self.category)

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        forget_settings()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        done = super().delete(*args, **kwargs)
        forget_settings()
        return done

    def clean(self) -> None:
        """About a product or about a category."""
        if (self.product_id is None) == (self.category_id is None):
            raise ValidationError(_("Choose a product or a category, one of the two."))
