"""Who waits for what is sold out: a wish with units, first come first served."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class WaitlistState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("waitlist", "waiting")
    NOTIFIED = "notified", pgettext_lazy("waitlist", "notified")
    BOUGHT = "bought", pgettext_lazy("waitlist", "bought")
    CANCELLED = "cancelled", pgettext_lazy("waitlist", "cancelled")
    EXPIRED = "expired", pgettext_lazy("waitlist", "expired")


OPEN_STATES = (WaitlistState.WAITING, WaitlistState.NOTIFIED)


class WaitlistQuerySet(models.QuerySet["WaitlistEntry"]):
    def open(self) -> WaitlistQuerySet:
        return self.filter(state__in=OPEN_STATES)

    def in_turn(self) -> WaitlistQuerySet:
        """Oldest first: the order in which they are served."""
        return self.order_by("created_at", "pk")


class WaitlistEntry(models.Model):
    """One person waits for a SKU, or for any SKU of a product. Changed by services.waitlist alone.

    A person is a customer or, as a guest, an e-mail address; the address is emptied when the entry
    closes. What is left is the demand: so many units of this, from then until then.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    variant = models.ForeignKey(
        "shop.Variant", null=True, blank=True, on_delete=models.PROTECT, related_name="waitlist"
    )
    product = models.ForeignKey(
        "shop.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="waitlist",
        help_text=_("Any SKU of it will do."),
    )  # fmt: skip
    customer = models.ForeignKey(
        "shop.Customer", null=True, blank=True, on_delete=models.CASCADE, related_name="waitlist"
    )
    contact = models.EmailField(blank=True, help_text=_("Of a guest, until the entry closes."))
    consent = models.BooleanField(help_text=_("Agreed to be told once it is back."))
    source = models.CharField(max_length=80, help_text=_("Product page, support, import …"))
    units = models.PositiveIntegerField()
    channel = models.ForeignKey(
        "shop.Channel", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=9, choices=WaitlistState, default=WaitlistState.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    open_key = models.CharField(
        max_length=300, null=True, blank=True, unique=True, editable=False,
        help_text=_("Who waits for what; empty when closed, so that nobody waits twice."),
    )  # fmt: skip

    objects = WaitlistQuerySet.as_manager()

    class Meta:
        verbose_name = _("waitlist entry")
        verbose_name_plural = _("waitlist entries")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="waitlist_units_positive"),
            models.CheckConstraint(
                condition=Q(variant__isnull=True) ^ Q(product__isnull=True),
                name="waitlist_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, open_key__isnull=False, closed_at__isnull=True)
                | (~Q(state__in=OPEN_STATES) & Q(open_key__isnull=True, contact="")),
                name="waitlist_closed_forgets_the_guest",
            ),
        ]
        indexes = [
            # "Who can be served now?" walks the open entries of what is back, oldest first.
            models.Index(
                fields=["variant", "created_at"],
                condition=Q(state__in=OPEN_STATES),
                name="waitlist_of_variant",
            ),
            models.Index(
                fields=["product", "created_at"],
                condition=Q(state__in=OPEN_STATES),
                name="waitlist_of_product",
            ),
            # The night: what is due, and what was joined on the days that are counted anew.
            models.Index(
                fields=["expires_at"], condition=Q(state__in=OPEN_STATES), name="waitlist_to_expire"
            ),
            models.Index(fields=["created_at"], name="waitlist_created"),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.target}"

    @property
    def target(self) -> str:
        """The SKU, or the code of the product of which any SKU will do."""
        return self.variant.sku if self.variant else self.product.code if self.product else ""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES
