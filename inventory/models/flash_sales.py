"""A flash sale: SKUs at a price for a few hours or days, with units set aside for it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models.catalogue import in_reader_language
from shop.models.stock import FLASH_SALE


class FlashSaleState(models.TextChoices):
    DRAFT = "draft", _("draft")
    APPROVED = "approved", _("approved")
    RUNNING = "running", _("running")
    ENDED = "ended", _("ended")
    CANCELLED = "cancelled", _("cancelled")


OPEN = (FlashSaleState.DRAFT, FlashSaleState.APPROVED, FlashSaleState.RUNNING)
IN_FORCE = (FlashSaleState.APPROVED, FlashSaleState.RUNNING)
CLOSED = (FlashSaleState.ENDED, FlashSaleState.CANCELLED)


class FlashSale(models.Model):
    """Draft: purchasing reckons with it, nothing else does. Approved: its prices and fences stand."""

    name = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(
        max_length=9, choices=FlashSaleState, default=FlashSaleState.DRAFT, editable=False
    )
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it really ended, or was called off.")
    )
    decision = models.ForeignKey(
        "decisions.Decision", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("flash sale")
        verbose_name_plural = _("flash sales")
        ordering = ["-starts_at", "-id"]
        permissions = [("approve_flashsale", "Can approve and cancel flash sales")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="flash_sale_window"
            ),
        ]
        indexes = [
            # What the clock has to begin or to end.
            models.Index(
                fields=["ends_at"],
                condition=Q(state__in=["approved", "running"]),
                name="flash_sale_in_force",
            ),
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)

    @property
    def purpose(self) -> str:
        """Of its fences, and the source of its prices."""
        return f"{FLASH_SALE}{self.pk}"

    @property
    def its_fences(self) -> dict[str, str]:
        """Which fences are its own: a purpose is a word that anybody may write, a key is not."""
        return {"purpose": self.purpose, "key__startswith": f"{self.purpose}:"}

    @property
    def its_prices(self) -> dict[str, str]:
        return {"source": self.purpose, "key__startswith": f"{self.purpose}:"}

    @property
    def is_draft(self) -> bool:
        return self.state == FlashSaleState.DRAFT

    @property
    def is_in_force(self) -> bool:
        return self.state in IN_FORCE

    @property
    def starts_on(self) -> date:
        return timezone.localtime(self.starts_at).date()

    @property
    def ends_on(self) -> date:
        """The last local day of which it has a part."""
        return timezone.localtime(self.ends_at - timedelta(microseconds=1)).date()

    @property
    def sells_until(self) -> datetime:
        return self.ended_at or self.ends_at


class FlashSaleLine(models.Model):
    """Units of one SKU in one warehouse that are set aside. A SKU has one price in all warehouses."""

    sale = models.ForeignKey(FlashSale, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="flash_sale_lines"
    )
    warehouse = models.ForeignKey("shop.Warehouse", on_delete=models.PROTECT, related_name="+")
    price_minor = models.BigIntegerField()
    units = models.PositiveIntegerField(help_text=_("Set aside for the sale."))
    before_minor = models.BigIntegerField(
        null=True, blank=True, help_text=_("The price that it replaces, as of the approval.")
    )
    before_is_list = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("line of a flash sale")
        verbose_name_plural = _("lines of flash sales")
        ordering = ["variant__sku", "warehouse__priority", "id"]
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(
                fields=["sale", "variant", "warehouse"], name="flash_sale_line_once"
            ),
            models.CheckConstraint(
                condition=Q(units__gt=0) & Q(price_minor__gte=0), name="flash_sale_line_has_units"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.variant_id}"
