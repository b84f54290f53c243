"""What payment providers report, and what the shop gives back. No card data anywhere."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from access.figures import significant

from .catalogue import CODE


class Payment(models.Model):
    """One payment at one provider. Its amounts are sums of its events, in whatever order they came."""

    order = models.ForeignKey("shop.Order", on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=32, validators=[CODE])
    reference = models.CharField(max_length=120, help_text=_("The provider's own id."))
    currency = models.CharField(max_length=3)
    authorised_minor = models.BigIntegerField(default=0)
    captured_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    voided_minor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "reference"], name="payment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.reference}"


class PaymentEventKind(models.TextChoices):
    AUTHORISED = "authorised", _("authorised")
    CAPTURED = "captured", _("captured")
    REFUNDED = "refunded", _("refunded")
    VOIDED = "voided", _("voided")
    FAILED = "failed", _("failed")
    REFUND_FAILED = "refund_failed", _("refund failed")


class PaymentEvent(models.Model):
    """One signed word of a provider. Append-only; the same event id again changes nothing."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    provider = models.CharField(max_length=32)
    event_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=PaymentEventKind)
    amount_minor = models.BigIntegerField()
    occurred_at = models.DateTimeField(help_text=_("The provider's clock."))
    received_at = models.DateTimeField(default=timezone.now)
    body_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        ordering = ["occurred_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="payment_event_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0), name="payment_event_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"


class Refund(models.Model):
    """Money that the shop owes back, for goods that returned or out of goodwill. Append-only."""

    order = models.ForeignKey("shop.Order", on_delete=models.PROTECT, related_name="refunds")
    number = models.CharField(max_length=64, unique=True, help_text=_("Same number, same refund."))
    goods_return = models.OneToOneField(
        "shop.Return", null=True, blank=True, on_delete=models.PROTECT, related_name="refund"
    )
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(default=0, help_text=_("Of the amount, returned tax."))
    reason = models.CharField(max_length=200, blank=True)
    refunded_at = models.DateTimeField(default=timezone.now)
    refunded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & Q(amount_minor__gte=F("tax_minor")),
                name="refund_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class TaxRate(models.Model):
    """The tax of a class of goods in a country from a day on."""

    country = models.CharField(max_length=2, help_text=_("ISO 3166, two letters."))
    tax_class = models.CharField(max_length=20, default="standard")
    basis_points = models.PositiveIntegerField(help_text=_("2000 is 20 %."))
    valid_from = models.DateField()

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ["country", "tax_class", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["country", "tax_class", "valid_from"], name="one_tax_rate_a_day"
            ),
            models.CheckConstraint(
                condition=Q(basis_points__lte=10_000), name="tax_rate_at_most_100_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.tax_class} {significant(self.basis_points / 100)} %"
