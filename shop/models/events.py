"""The event log: append-only, idempotent by event id, with the consent that applied."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EventKind(models.TextChoices):
    VIEW = "view", _("product view")
    SEARCH = "search", _("search")
    CART_ADD = "cart_add", _("added to cart")
    CART_REMOVE = "cart_remove", _("removed from cart")
    PURCHASE = "purchase", _("purchase")
    REVIEW = "review", _("review")
    IMPRESSION = "impression", _("recommendation shown")
    CLICK = "click", _("recommendation clicked")
    SEND = "send", _("message sent")
    OPEN = "open", _("message opened")
    LINK = "link", _("message link clicked")
    EXPOSURE = "exposure", _("experiment exposure")


class Event(models.Model):
    event_id = models.CharField(max_length=64, unique=True, help_text=_("Same id, same event."))
    kind = models.CharField(max_length=12, choices=EventKind)
    occurred_at = models.DateTimeField(help_text=_("The client's clock, kept."))
    received_at = models.DateTimeField(default=timezone.now, help_text=_("Ours, used."))
    session = models.CharField(max_length=64, blank=True)
    visitor = models.CharField(max_length=64, blank=True, help_text=_("Anonymous browser id."))
    customer = models.ForeignKey(
        "shop.Customer", null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    variant = models.ForeignKey(
        "shop.Variant", null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    order = models.ForeignKey(
        "shop.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    units = models.PositiveIntegerField(null=True, blank=True)
    query = models.CharField(max_length=200, blank=True, help_text=_("What was searched for."))
    properties = models.JSONField(default=dict, blank=True)
    consent = models.BooleanField(
        default=False, help_text=_("Whether analytics was allowed when it happened.")
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-occurred_at", "-id"]
        indexes = [
            # Training reads a kind in a window of time.
            models.Index(fields=["kind", "occurred_at"], name="event_kind_time"),
            # Fold-in and "why": one customer's newest events.
            models.Index(
                fields=["customer", "-occurred_at"],
                condition=Q(customer__isnull=False),
                name="event_customer_newest",
            ),
            # Stitching and session lists: one visitor's events.
            models.Index(
                fields=["visitor", "-occurred_at"],
                condition=~Q(visitor=""),
                name="event_visitor_newest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M}"


class VisitorLink(models.Model):
    """This browser is that customer. The log itself is never rewritten: readers join this table."""

    visitor = models.CharField(max_length=64, unique=True)
    customer = models.ForeignKey(
        "shop.Customer", on_delete=models.CASCADE, related_name="visitor_links"
    )
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("visitor link")
        verbose_name_plural = _("visitor links")
        ordering = ["-linked_at"]

    def __str__(self) -> str:
        return f"{self.visitor} = {self.customer_id}"
