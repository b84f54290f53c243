"""Places where products are shown, and what the merchant wants there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recommendations.kept import forget_settings
from recommendations.ml.chains import ORDER, SOURCES

RATE = [MinValueValidator(0.0), MaxValueValidator(1.0)]


class Placement(models.Model):
    """One place and its settings; the usual ones stand where a row is missing."""

    code = models.SlugField(max_length=40, unique=True)
    sources = models.JSONField(
        default=list, blank=True, help_text=_("In order, the fallbacks last; empty: the usual.")
    )
    diversity_rate = models.FloatField(
        default=0.0, validators=RATE, help_text=_("0: by score alone; 1: as unlike as can be.")
    )
    exploration_rate = models.FloatField(
        default=0.0, validators=RATE, help_text=_("Share of answers that try something else.")
    )
    margin_rate = models.FloatField(
        default=0.0, validators=RATE, help_text=_("How much of the score is money earned.")
    )
    stock_rate = models.FloatField(
        default=0.0,
        validators=RATE,
        help_text=_("How far too much stock lifts a product, and what soon runs out sinks."),
    )
    hide_bought_days = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("How long what was bought is not offered; empty: ever.")
    )
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["pk"]
        default_permissions = ["view", "change"]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        forget_settings()

    def clean(self) -> None:
        """Its code and its sources are among those that there are."""
        if self.code not in ORDER:
            known = ", ".join(ORDER)
            raise ValidationError({"code": _("No such placement. One of: %s.") % known})
        if not isinstance(self.sources, list):
            raise ValidationError({"sources": _('A list of sources, e.g. ["popular"].')})
        if unknown := [str(name) for name in self.sources if name not in SOURCES]:
            message = _("No such source: %(unknown)s. There are: %(known)s.")
            named = {"unknown": ", ".join(unknown), "known": ", ".join(SOURCES)}
            raise ValidationError({"sources": message % named})
        if len(set(self.sources)) < len(self.sources):
            raise ValidationError({"sources": _("Each source once.")})


class RuleAction(models.TextChoices):
    PIN = "pin", _("pin to a position")
    BOOST = "boost", _("boost")
    BURY = "bury", _("bury")
    ONLY = "only", _("offer only")
    NEVER = "never", _("never offer")


class PriceThan(models.TextChoices):
    CHEAPER = "cheaper", _("cheaper than it")
    DEARER = "dearer", _("dearer than it")


class RuleQuerySet(models.QuerySet["Rule"]):
    def around(self, at: datetime, span: timedelta) -> RuleQuerySet:
        """Switched on, and in force at some moment less than `span` from that time."""
        return self.filter(
            Q(starts_at__isnull=True) | Q(starts_at__lte=at + span),
            Q(ends_at__isnull=True) | Q(ends_at__gt=at - span),
            is_on=True,
        )

    def beside(self, begins: datetime | None, ends: datetime | None) -> RuleQuerySet:
        """Switched on, and in force at some moment of this window; None: without a bound."""
        found = self.filter(is_on=True)
        if ends is not None:
            found = found.filter(Q(starts_at__isnull=True) | Q(starts_at__lt=ends))
        if begins is not None:
            found = found.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=begins))
        return found

    def standing(self, at: datetime) -> RuleQuerySet:
        """Switched on, and within their window at that time."""
        return self.filter(
            Q(starts_at__isnull=True) | Q(starts_at__lte=at),
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            is_on=True,
        )


class Rule(models.Model):
    """The merchant's word on which products are shown in one place, or in all of them.

    What it is about: every field that is filled must fit (SKU, category with what is below it,
    brand, an attribute's value, price from and to). same_…, price_than and page_category refer to the
    product of the page, the cart or the order: where there is none, such a rule does nothing.
    """

    name = models.CharField(max_length=120)
    placement = models.ForeignKey(
        Placement, null=True, blank=True, on_delete=models.CASCADE, related_name="rules",
        help_text=_("Empty: every placement."),
    )  # fmt: skip
    action = models.CharField(max_length=8, choices=RuleAction)
    skus = models.JSONField(default=list, blank=True, help_text=_("SKUs; one of them must fit."))
    category = models.ForeignKey(
        "shop.Category", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    brand = models.ForeignKey(
        "shop.Brand", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    attribute = models.ForeignKey(
        "shop.Attribute", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    attribute_value = models.CharField(max_length=120, blank=True)
    price_from_minor = models.BigIntegerField(null=True, blank=True)
    price_to_minor = models.BigIntegerField(null=True, blank=True)
    same_category = models.BooleanField(
        default=False, help_text=_("In the category of the page's product.")
    )
    same_brand = models.BooleanField(
        default=False, help_text=_("Of the brand of the page's product.")
    )
    same_attribute = models.BooleanField(
        default=False, help_text=_("With the same value of the attribute as the page's product.")
    )
    price_than = models.CharField(
        max_length=8, blank=True, choices=PriceThan,
        help_text=_("Cheaper or dearer than the page's product."),
    )  # fmt: skip
    page_category = models.ForeignKey(
        "shop.Category", null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text=_("Only on pages of products in this category, or below it."),
    )  # fmt: skip
    position = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Of a pin: 1 is the first.")
    )
    factor = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.0)],
        help_text=_("Of boost and bury: what the score is multiplied by."),
    )  # fmt: skip
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    is_on = models.BooleanField(default=True)
    note = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(action="pin") | Q(position__gte=1), name="rule_pin_has_a_position"
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=models.F("starts_at")),
                name="rule_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        forget_settings()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        done = super().delete(*args, **kwargs)
        forget_settings()
        return done

    @property
    def is_of_page(self) -> bool:
        """Whether it refers to the product of the page."""
        same = self.same_category or self.same_brand or self.same_attribute
        return bool(same or self.price_than or self.page_category_id)
