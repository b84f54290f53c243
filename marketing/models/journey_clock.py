"""What the clock of journeys keeps for itself: what broke and when it is tried again, and how far
the search for whom a journey lets in has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketing.models.journeys import Enrolment, Journey, JourneyVersion


class FaultAt(models.TextChoices):
    PLAN = "plan", _("the definition cannot be read")
    SEARCH = "search", _("looking for whom it lets in")
    STEP = "step", _("taking a step")
    MESSAGE = "message", _("deciding on a message")
    GUESTS = "guests", _("telling guests who wait")


class JourneyFault(models.Model):
    """Something broke in a way that nobody foresaw, for a whole journey or for one customer in it.

    There until the same thing has gone well; meanwhile everything else goes on.
    """

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="faults")
    enrolment = models.ForeignKey(
        Enrolment, null=True, blank=True, on_delete=models.CASCADE, related_name="faults"
    )
    where = models.CharField(max_length=8, choices=FaultAt)
    error = models.CharField(max_length=300, help_text=_("Kind and words; the log has the rest."))
    attempts = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(help_text=_("Not tried again before."))

    class Meta:
        verbose_name = _("fault of a journey")
        verbose_name_plural = _("faults of journeys")
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["journey", "where"],
                condition=Q(enrolment__isnull=True),
                name="journey_fault_once",
            ),
            models.UniqueConstraint(
                fields=["enrolment", "where"],
                condition=Q(enrolment__isnull=False),
                name="enrolment_fault_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id} {self.where}: {self.error}"


class JourneySearch(models.Model):
    """How far a journey has looked for causes. Everything up to `found_until` has been found; a
    search that is not over goes on from `after`, page by page, so that nothing beyond one tick is
    lost however much there is."""

    journey = models.OneToOneField(
        Journey, on_delete=models.CASCADE, primary_key=True, related_name="search"
    )
    version = models.ForeignKey(JourneyVersion, on_delete=models.CASCADE, related_name="+")
    found_until = models.DateTimeField(null=True, blank=True)
    whole_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the whole window was last begun.")
    )
    start = models.DateTimeField(null=True, blank=True, help_text=_("Of the search under way."))
    until = models.DateTimeField(null=True, blank=True, help_text=_("Empty: none is under way."))
    after = models.JSONField(default=list, help_text=_("The last keys that were looked at."))
    revision = models.PositiveBigIntegerField(
        default=0, help_text=_("So that two clocks do not move it at once.")
    )

    class Meta:
        verbose_name = _("search of a journey")
        verbose_name_plural = _("searches of journeys")

    def __str__(self) -> str:
        return f"{self.journey_id} {self.found_until}"


class RefillRhythm(models.Model):
    """How often a customer buys a SKU again, written by the night: when she is about to run out."""

    customer = models.ForeignKey(
        "shop.Customer", on_delete=models.CASCADE, related_name="refill_rhythms"
    )
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="refill_rhythms"
    )
    last_at = models.DateTimeField(help_text=_("Her last purchase of it."))
    runs_out_at = models.DateTimeField(help_text=_("Last purchase and her gap."))
    read_until = models.DateTimeField(help_text=_("Orders up to then were read."))

    class Meta:
        verbose_name = _("refill rhythm")
        verbose_name_plural = _("refill rhythms")
        constraints = [
            models.UniqueConstraint(fields=["customer", "variant"], name="one_rhythm_per_sku")
        ]
        indexes = [
            # The clock: who is about to run out. The night forgets what it did not find again.
            models.Index(fields=["runs_out_at"], name="refill_runs_out"),
            models.Index(fields=["variant", "read_until"], name="refill_read"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.variant_id} {self.runs_out_at:%Y-%m-%d}"
