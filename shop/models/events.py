"""The event log: append-only, idempotent by event id, with the consent that applied."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
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


# What a person is watched doing: read about her only where analytics was allowed when it happened.
# The rest we know from our own doing: her orders, what we sent and what she did with it.
WATCHED_KINDS = (
    EventKind.VIEW, EventKind.SEARCH, EventKind.CART_ADD, EventKind.CART_REMOVE,
    EventKind.IMPRESSION, EventKind.CLICK,
)  # fmt: skip


class EventQuerySet(models.QuerySet["Event"]):
    def allowed(self) -> EventQuerySet:
        """Without what was watched while analytics was refused, or not asked."""
        return self.filter(Q(consent=True) | ~Q(kind__in=WATCHED_KINDS))

    def of_customer(self, customer_id: int, *, known_by: datetime | None = None) -> EventQuerySet:
        """What this customer did, signed in or as a guest of a browser that is theirs.

        known_by: links made at or after it are not known yet; None: all of them.
        """
        links = VisitorLink.objects.known_by(known_by)
        theirs = links.filter(customer_id=customer_id).values("visitor")
        guest = Q(customer__isnull=True, visitor__in=theirs, _owner=customer_id)
        return self.alias(_owner=owner_of_browser(links)).filter(Q(customer_id=customer_id) | guest)


def owner_of_browser(links: QuerySet[VisitorLink]) -> Coalesce:
    """The rule of VisitorLink in SQL, for an event without a customer."""
    mine = links.filter(visitor=OuterRef("visitor"))
    before = mine.filter(linked_at__lte=OuterRef("received_at")).order_by("-linked_at", "-id")
    first = mine.order_by("linked_at", "id")
    return Coalesce(
        Subquery(before.values("customer_id")[:1]), Subquery(first.values("customer_id")[:1])
    )


class Event(models.Model):
    """One row of the log. Written by `append_events` alone, which keeps EventKey beside it.

    On PostgreSQL the table is partitioned by the month of `received_at`, so that no constraint of
    its own can make an event id unique, and a month is forgotten by dropping a table
    (docs/decisions/0007-event-log.md). No foreign key is enforced by the database: checking one
    locks the row of the SKU that everybody looks at, and dropping a month would lock the shop.
    """

    event_id = models.CharField(max_length=64, help_text=_("Same id, same event."))
    kind = models.CharField(max_length=12, choices=EventKind)
    occurred_at = models.DateTimeField(help_text=_("The client's clock, kept."))
    received_at = models.DateTimeField(default=timezone.now, help_text=_("Ours, used."))
    clock_ahead_seconds = models.IntegerField(
        null=True, blank=True, help_text=_("By how much the client's clock ran ahead of ours.")
    )
    session = models.CharField(max_length=64, blank=True)
    visitor = models.CharField(max_length=64, blank=True, help_text=_("Anonymous browser id."))
    customer = models.ForeignKey(
        "shop.Customer", null=True, blank=True, on_delete=models.SET_NULL, related_name="events",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    variant = models.ForeignKey(
        "shop.Variant", null=True, blank=True, on_delete=models.SET_NULL, related_name="events",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    order = models.ForeignKey(
        "shop.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="events",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    units = models.PositiveIntegerField(null=True, blank=True)
    query = models.CharField(max_length=200, blank=True, help_text=_("What was searched for."))
    properties = models.JSONField(default=dict, blank=True)
    consent = models.BooleanField(
        default=False, help_text=_("Whether analytics was allowed when it happened.")
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        # By arrival: no client's clock can put an event before or after the others.
        ordering = ["-received_at", "-id"]
        indexes = [
            # Training reads a kind in a window of time.
            models.Index(fields=["kind", "received_at"], name="event_kind_received"),
            # Fold-in and "why": one customer's newest events. Deleting a customer finds them here.
            models.Index(
                fields=["customer", "-received_at"],
                condition=Q(customer__isnull=False),
                name="event_customer_received",
            ),
            # Stitching and session lists: one visitor's events.
            models.Index(
                fields=["visitor", "-received_at"],
                condition=~Q(visitor=""),
                name="event_visitor_received",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M}"


class EventKey(models.Model):
    """Every event id that is in the log, whatever month it lies in: the same id is a duplicate,
    also when it comes again with another time."""

    event_id = models.CharField(max_length=64, primary_key=True)

    class Meta:
        verbose_name = _("event key")
        verbose_name_plural = _("event keys")

    def __str__(self) -> str:
        return self.event_id


class VisitorLinkQuerySet(models.QuerySet["VisitorLink"]):
    def known_by(self, at: datetime | None) -> VisitorLinkQuerySet:
        return self if at is None else self.filter(linked_at__lt=at)

    def owner_of(self, visitor: str) -> int | None:
        """Whose browser it is now: the last to sign in has it."""
        newest = self.filter(visitor=visitor).order_by("-linked_at", "-id")
        return newest.values_list("customer_id", flat=True).first()


class VisitorLink(models.Model):
    """From `linked_at` on this browser is that customer's. Links are added, never changed.

    An event without a customer belongs to whoever the browser was linked to when it arrived; what
    came before the first link belongs to the first customer: the guest who then signed up. Nothing
    that one customer did on a shared browser reaches the next. The log itself is never rewritten:
    readers ask by this table (`Event.objects.of_customer`).
    """

    visitor = models.CharField(max_length=64)
    customer = models.ForeignKey(
        "shop.Customer", on_delete=models.CASCADE, related_name="visitor_links"
    )
    linked_at = models.DateTimeField(default=timezone.now)

    objects = VisitorLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("visitor link")
        verbose_name_plural = _("visitor links")
        ordering = ["-linked_at"]
        constraints = [
            # Also the way in for "whose was this browser then?".
            models.UniqueConstraint(
                fields=["visitor", "linked_at", "customer"], name="visitor_link_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.visitor} = {self.customer_id}"
