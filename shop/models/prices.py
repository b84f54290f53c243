"""The price ledger: append-only, guarded by a database trigger (migration 0002)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PriceKind(models.TextChoices):
    LIST = "list", _("list price")
    CAMPAIGN = "campaign", _("campaign price")
    FLASH = "flash", _("flash price")


class PriceQuerySet(models.QuerySet["Price"]):
    def ever_asked(self) -> PriceQuerySet:
        """Without reductions that were called off before they began (PriceEnding): nobody saw them."""
        return self.exclude(valid_until__lte=F("valid_from"))


class Price(models.Model):
    """What a SKU costs from a moment on. Never edited, never deleted: a new row replaces it.

    One thing may change, and only of what is to come: a reduction ends sooner (PriceEnding).
    """

    variant = models.ForeignKey("shop.Variant", on_delete=models.PROTECT, related_name="prices")
    channel = models.ForeignKey(
        "shop.Channel", null=True, blank=True, on_delete=models.PROTECT, related_name="prices"
    )
    kind = models.CharField(max_length=8, choices=PriceKind, default=PriceKind.LIST)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=80, help_text=_("Who or what set it."))
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same row."))
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="price_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="price_window_not_backwards",
            ),
            models.CheckConstraint(
                condition=Q(kind="list") | Q(valid_until__isnull=False),
                name="price_reduction_has_an_end",
            ),
        ]
        indexes = [
            # price_at: the newest row of a SKU that began before a time.
            models.Index(fields=["variant", "-valid_from"], name="price_variant_newest"),
            # What began or ended by the clock since the last look (services/price_looks.py).
            models.Index(fields=["valid_from"], name="price_begins"),
            models.Index(
                fields=["valid_until"],
                condition=Q(valid_until__isnull=False),
                name="price_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} {self.kind} {self.amount_minor} {self.currency}"


class PriceEnding(models.Model):
    """A reduction ended sooner than it was set for: what was set, what became of it, and by whom.

    The trigger of migration 0015 lets a price's `valid_until` move only together with such a row,
    only to an earlier moment and only to one that has not passed: no past price ever changes.
    """

    price = models.OneToOneField(Price, on_delete=models.PROTECT, related_name="ending")
    was_until = models.DateTimeField(help_text=_("Until when it had been set."))
    ends_at = models.DateTimeField(help_text=_("Its beginning: it was called off before."))
    source = models.CharField(max_length=80, help_text=_("Who or what ended it."))
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("ended price")
        verbose_name_plural = _("ended prices")
        ordering = ["-recorded_at", "-id"]
        default_permissions = ["view"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__lt=F("was_until")), name="price_ends_sooner"
            )
        ]

    def __str__(self) -> str:
        return f"{self.price_id}: {self.ends_at:%Y-%m-%d %H:%M:%S}"


class PriceLook(models.Model):
    """Until when prices that begin or end by the clock were looked at: one row, moved forward."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    looked_until = models.DateTimeField()

    class Meta:
        verbose_name = _("look at prices")
        verbose_name_plural = _("looks at prices")

    def __str__(self) -> str:
        return f"{self.looked_until:%Y-%m-%d %H:%M:%S}"
