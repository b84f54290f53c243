"""An experiment: who gets what, and the one figure it is judged by, named before it begins."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ExperimentState(models.TextChoices):
    DRAFT = "draft", _("draft")
    RUNNING = "running", _("running")
    STOPPED = "stopped", _("stopped")


class ExperimentMetric(models.TextChoices):
    PROFIT = "profit", _("profit per person")
    CLICKED = "clicked", _("people who clicked")
    BOUGHT = "bought", _("people who bought what they were shown")
    REVENUE = "revenue", _("revenue per person from what was shown")


class Allocation(models.TextChoices):
    FIXED = "fixed", _("fixed shares: learn")
    THOMPSON = "thompson", _("shares follow what earns: Thompson sampling")


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def running(self, at: datetime) -> ExperimentQuerySet:
        """Started and not over at that time, each with the shares that hold now."""
        return self.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            state=ExperimentState.RUNNING,
            starts_at__lte=at,
        ).with_batch(at)

    def with_batch(self, at: datetime) -> ExperimentQuerySet:
        """`shares_now` and `batch_now` of the newest batch; None where shares never change."""
        batches = ShareBatch.objects.filter(experiment=models.OuterRef("pk"), began_at__lte=at)
        newest = batches.order_by("-number")
        return self.annotate(
            shares_now=models.Subquery(newest.values("shares")[:1]),
            batch_now=models.Subquery(newest.values("number")[:1]),
        )


class Experiment(models.Model):
    """What is varied in one place, by whom, and for how long. Arms stand still once it runs.

    arms: `{"name", "share", "settings"}`; shares sum to 1, the first arm is what stands today.
    Experiments of one layer share no customers: each has `traffic_rate` of the layer from
    `layer_from` on, given to it at its start.
    """

    key = models.SlugField(max_length=60, unique=True, help_text=_("Decides who gets which arm."))
    label = models.CharField(max_length=120)
    place = models.CharField(max_length=80, help_text=_("What it varies."))
    arms = models.JSONField(default=list)
    metric = models.CharField(
        max_length=12, choices=ExperimentMetric, default=ExperimentMetric.PROFIT
    )
    layer = models.SlugField(
        max_length=40, blank=True, help_text=_("Experiments of one layer share no customers.")
    )
    traffic_rate = models.FloatField(
        default=1.0, help_text=_("Share of the layer, or of everybody, that takes part (0 to 1).")
    )
    layer_from = models.FloatField(default=0.0, editable=False)
    allocation = models.CharField(max_length=8, choices=Allocation, default=Allocation.FIXED)
    planned_units = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("People planned in all arms; the interval is tightest there."),
    )
    guardrail_margin = models.FloatField(
        default=0.005, help_text=_("So many more unsubscribes are borne (0.005 is half a point).")
    )
    state = models.CharField(
        max_length=8, choices=ExperimentState, default=ExperimentState.DRAFT, editable=False
    )
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    note = models.CharField(max_length=500, blank=True, help_text=_("What it is to find out."))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        ordering = ["-pk"]
        constraints = [
            # Two at once in one place would each blur what the other one measures.
            models.UniqueConstraint(
                fields=["place"],
                condition=Q(state="running"),
                name="one_running_experiment_per_place",
            ),
            models.CheckConstraint(
                condition=Q(traffic_rate__gt=0)
                & Q(traffic_rate__lte=1)
                & Q(layer_from__gte=0)
                & Q(layer_from__lte=1),
                name="experiment_has_its_part_of_a_layer",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(starts_at__isnull=False),
                name="running_experiment_has_begun",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class ShareBatch(models.Model):
    """The shares that held from `began_at` on, and from what they were drawn. Written once: what
    an exposure's propensity was can be computed again."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    shares = models.JSONField(help_text=_("Arm → share; sums to 1."))
    evidence = models.JSONField(
        default=dict, help_text=_("Arm → moments that they were drawn from.")
    )
    seed = models.BigIntegerField(default=0)
    began_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("batch of shares")
        verbose_name_plural = _("batches of shares")
        ordering = ["experiment", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="one_batch_per_number")
        ]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.number}"


class Look(models.Model):
    """How an arm stood at the end of a day: the curve, and what all looks have in common.

    subject: what is measured, `experiment:7` or `campaign:3`. y, x: means; y2, x2, xy: sums of
    squared deviations and products (decisions/ml/moments.py). low, high: always-valid interval of
    the difference to the control; empty for the control and before the first sensible look.
    """

    subject = models.CharField(max_length=80)
    metric = models.CharField(max_length=20)
    arm = models.CharField(max_length=40)
    looked_on = models.DateField()
    units = models.PositiveIntegerField()
    y = models.FloatField()
    y2 = models.FloatField()
    x = models.FloatField(default=0.0)
    x2 = models.FloatField(default=0.0)
    xy = models.FloatField(default=0.0)
    difference = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    verdict = models.CharField(
        max_length=11, default="cannot tell", help_text=_("The first one that was given stays.")
    )
    has_moved = models.BooleanField(
        default=False, help_text=_("This look alone would not give the verdict any more.")
    )

    class Meta:
        verbose_name = _("look")
        verbose_name_plural = _("looks")
        ordering = ["subject", "metric", "looked_on", "id"]
        constraints = [
            # Also the curve's index: a subject's metric in order of days.
            models.UniqueConstraint(
                fields=["subject", "metric", "looked_on", "arm"], name="one_look_a_day"
            )
        ]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"{self.subject} {self.metric} {self.arm} {self.looked_on}"
