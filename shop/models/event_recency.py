"""The newest events of each customer and kind, so that "at least n times within d days" is one look.

"At least n times within d days" is the same as "the n-th newest lies within d days": with the
newest PLACES kept in order, an index answers for any d. What came after `LatestState.through` is
read from the log itself. Kept by shop/services/events/latest_events.py.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .events import EventKind

PLACES = 8


class LatestEvent(models.Model):
    customer = models.ForeignKey(
        "shop.Customer", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    kind = models.CharField(max_length=12, choices=EventKind)
    place = models.PositiveSmallIntegerField(help_text=_("1 is the newest."))
    received_at = models.DateTimeField()
    event_pk = models.BigIntegerField(help_text=_("The event's key in the log."))

    class Meta:
        verbose_name = _("latest event")
        verbose_name_plural = _("latest events")
        ordering = ["customer_id", "kind", "place"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind", "place"], name="latest_event_place")
        ]
        indexes = [
            # Who did it at least `place` times since then: an index-only scan.
            models.Index(fields=["kind", "place", "received_at", "customer"], name="latest_done")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind} {self.place}"


class LatestState(models.Model):
    """One row, key 1: how far the log has been taken over."""

    through = models.DateTimeField(
        null=True, blank=True, help_text=_("Events received until then are taken over.")
    )
    dirty_from = models.DateTimeField(
        null=True, blank=True, help_text=_("Older events were added since: from here on again.")
    )

    class Meta:
        verbose_name = _("state of the latest events")
        verbose_name_plural = _("states of the latest events")

    def __str__(self) -> str:
        return f"{self.through}"
