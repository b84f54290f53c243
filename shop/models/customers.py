"""Who buys, and what they agreed to."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from functools import cache

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ATTRIBUTE = r"^[a-z][a-z0-9_-]{0,39}$"
BIRTHDAY = r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


@cache
def known_time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def check_time_zone(name: str) -> None:
    if name not in known_time_zones():
        raise ValidationError(_("%(name)s is no time zone; write Europe/London.") % {"name": name})


class Customer(models.Model):
    code = models.CharField(max_length=64, unique=True, help_text=_("The shop's own number."))
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=8, blank=True, help_text=_("en or zh; empty: unknown."))
    time_zone = models.CharField(
        max_length=40, blank=True, validators=[check_time_zone],
        help_text=_("Like Europe/London; empty: the shop's own."),
    )  # fmt: skip
    birthday = models.CharField(
        max_length=5, blank=True, validators=[RegexValidator(BIRTHDAY)],
        help_text=_("Month and day, 02-29; no year is kept."),
    )  # fmt: skip
    push_token = models.CharField(
        max_length=255, blank=True, help_text=_("Where her app receives messages.")
    )
    is_pseudonym = models.BooleanField(
        default=False, db_default=False, editable=False,
        help_text=_("Stands for a person who was erased: holds her orders, and nothing of her."),
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=~Q(email=""), name="customer_email_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.code

    def allows(self, purpose: str, at: datetime | None = None) -> bool:
        """The latest word the customer gave for a purpose; without any word: no."""
        given = self.consents.filter(purpose=purpose, recorded_at__lte=at or timezone.now())
        latest = given.order_by("-recorded_at", "-id").first()
        return bool(latest and latest.granted)


class Purpose(models.TextChoices):
    MARKETING_EMAIL = "marketing_email", _("marketing by e-mail")
    MARKETING_SMS = "marketing_sms", _("marketing by SMS")
    MARKETING_PUSH = "marketing_push", _("marketing by push message")
    PERSONALISATION = "personalisation", _("personal recommendations")
    ANALYTICS = "analytics", _("behaviour analytics")


class Consent(models.Model):
    """One word of one customer about one purpose. Append-only: the latest row counts."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose)
    granted = models.BooleanField()
    source = models.CharField(max_length=80, help_text=_("Checkout, import, preference page …"))
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-recorded_at", "-id"]
        indexes = [
            # "May we write to her?" is asked per customer and purpose, newest first.
            models.Index(fields=["customer", "purpose", "-recorded_at"], name="consent_latest"),
            # Who has just said yes: asked every minute.
            models.Index(
                fields=["recorded_at"], condition=Q(granted=True), name="consent_newest_yes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.purpose} {'yes' if self.granted else 'no'}"


class AttributeKind(models.TextChoices):
    TEXT = "text", pgettext_lazy("kind of attribute", "text")
    NUMBER = "number", pgettext_lazy("kind of attribute", "number")
    YES_NO = "yes_no", _("yes or no")


class CustomerAttribute(models.Model):
    """What a customer said of herself, from whom it is known and what it may be used for. Never
    inferred. Append-only: the newest row of a name counts, an empty value takes it back."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="attributes")
    name = models.CharField(max_length=40, validators=[RegexValidator(ATTRIBUTE)])
    kind = models.CharField(max_length=8, choices=AttributeKind, default=AttributeKind.TEXT)
    value = models.CharField(
        max_length=200, blank=True, help_text=_("yes or no, a number, or words; empty: taken back.")
    )
    number = models.FloatField(null=True, blank=True, help_text=_("The value of a number."))
    purpose = models.CharField(
        max_length=20, choices=Purpose, help_text=_("Used only while she agrees to this.")
    )
    source = models.CharField(max_length=80, help_text=_("Quiz, import, preference page …"))
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("customer attribute")
        verbose_name_plural = _("customer attributes")
        ordering = ["-recorded_at", "-id"]
        indexes = [
            # "What did she say last?" is asked per customer and name, newest first.
            models.Index(fields=["customer", "name", "-recorded_at"], name="attribute_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.name} {self.value}"
