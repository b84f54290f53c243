"""A journey: what happens to a customer after something happened, step by step, for as long as it
makes sense. Its definition is JSON that a person can read (docs/journeys.md); a version that went
live never changes, so whoever is under way ends on the road on which she began."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models.catalogue import in_reader_language


class JourneyState(models.TextChoices):
    DRAFT = "draft", _("draft")
    LIVE = "live", _("live")
    PAUSED = "paused", _("paused")


class Journey(models.Model):
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    name_zh = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=6, choices=JourneyState, default=JourneyState.DRAFT)
    holdout_rate = models.FloatField(
        default=0.1,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text=_("Share that gets nothing, 0 to 0.5. Without one no effect can be measured."),
    )
    live_version = models.ForeignKey(
        "marketing.JourneyVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    live_since = models.DateTimeField(
        null=True, blank=True, help_text=_("What happened before it starts nothing.")
    )
    draft = models.JSONField(
        null=True, blank=True, editable=False, help_text=_("What is being edited; no version yet.")
    )
    draft_revision = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("So that two editors do not overwrite each other.")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout_rate__gte=0) & Q(holdout_rate__lte=0.5),
                name="journey_holdout_share",
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(live_version__isnull=False, live_since__isnull=False),
                name="live_journey_has_a_version",
            ),
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)


class JourneyVersion(models.Model):
    """A definition. Written once; the next change is the next number."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    author = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("version of a journey")
        verbose_name_plural = _("versions of journeys")
        ordering = ["journey", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["journey", "number"], name="one_version_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.journey} {self.number}"


class PullState(models.TextChoices):
    HELD = "held", _("waits for a decision")
    SKIPPED = "skipped", _("skipped")
    RELEASED = "released", _("goes on")


class PulledStep(models.Model):
    """A message of a version under way that may not be sent any more: a document that proved it has
    ended, or a rule forbids it. Whoever reaches the step waits there until a person decides."""

    version = models.ForeignKey(JourneyVersion, on_delete=models.CASCADE, related_name="pulled")
    step = models.CharField(max_length=40)
    arm = models.CharField(
        max_length=5, blank=True,
        help_text=_("Its variant, or “plain” without the discount; empty: of a single text."),
    )  # fmt: skip
    state = models.CharField(max_length=8, choices=PullState, default=PullState.HELD)
    language = models.CharField(max_length=2, help_text=_("Of the text that is in the way."))
    sentence = models.CharField(max_length=600, help_text=_("What may not be said any more."))
    why = models.JSONField(default=dict, help_text=_("The reason, a message of the catalogue."))
    pulled_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("pulled step")
        verbose_name_plural = _("pulled steps")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "step", "arm"],
                condition=~Q(state="released"),
                name="pulled_once_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.label}"

    @property
    def label(self) -> str:
        return f"{self.step}, {self.arm}" if self.arm else self.step


class EnrolmentState(models.TextChoices):
    UNDER_WAY = "under_way", _("under way")
    HELD_OUT = "held_out", _("held out")
    FINISHED = "finished", _("finished")
    LEFT = "left", _("left early")


class LeaveReason(models.TextChoices):
    ORDERED = "ordered", _("ordered")
    NOTHING_LEFT = "nothing_left", _("what it was about is gone")
    STOPPED = "stopped", _("the journey was stopped")


class Enrolment(models.Model):
    """One customer on one road because of one thing: a cart, a SKU, an order, a birthday."""

    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="enrolments")
    version = models.ForeignKey(JourneyVersion, on_delete=models.PROTECT, related_name="enrolments")
    customer = models.ForeignKey(
        "shop.Customer", on_delete=models.CASCADE, related_name="enrolments"
    )
    key = models.CharField(max_length=120, help_text=_("What it is about: cart, SKU, order, day."))
    context = models.JSONField(default=dict, help_text=_("What the trigger saw."))
    position = models.PositiveSmallIntegerField(default=0, help_text=_("Next instruction."))
    state = models.CharField(max_length=9, choices=EnrolmentState, default=EnrolmentState.UNDER_WAY)
    reason = models.CharField(max_length=12, choices=LeaveReason, blank=True)
    entered_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, help_text=_("When the next step is due."))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["journey", "customer", "key"], name="one_road_per_cause"
            ),
            models.CheckConstraint(
                condition=~Q(state="left") | ~Q(reason=""), name="leaving_has_a_reason"
            ),
        ]
        indexes = [
            # The clock: whose next step is due.
            models.Index(fields=["due_at"], condition=Q(state="under_way"), name="enrolment_due"),
            # Counts per state on the journey's page.
            models.Index(fields=["journey", "state"], name="enrolment_journey_state"),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id}: {self.customer_id} {self.key}"


class StepVisit(models.Model):
    """That somebody came past a step, once, and what it came to: the counts on the journey's page."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="visits")
    step = models.CharField(max_length=40)
    outcome = models.CharField(max_length=14, blank=True, help_text=_("yes, no, sent, a reason."))
    visited_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("visit of a step")
        verbose_name_plural = _("visits of steps")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "step"], name="one_visit_per_step")
        ]

    def __str__(self) -> str:
        return f"{self.enrolment_id} {self.step} {self.outcome}"
