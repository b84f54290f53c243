"""A segment is a rule, and who is in it where somebody follows that."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models.catalogue import in_reader_language


class Segment(models.Model):
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    name_zh = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=300, blank=True)
    description_zh = models.CharField(max_length=300, blank=True)
    rule = models.JSONField(
        default=dict, blank=True, help_text=_("Conditions over customer fields; see the docs.")
    )
    is_builtin = models.BooleanField(default=False, help_text=_("Kept by the night."))
    last_count = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("At the last night.")
    )
    counted_at = models.DateTimeField(null=True, blank=True)
    is_tracked = models.BooleanField(
        default=False,
        help_text=_("Keep who is in it, and note who enters and leaves; journeys can start there."),
    )
    tracked_rule = models.JSONField(
        null=True, blank=True, editable=False, help_text=_("The rule whose members are kept.")
    )
    tracked_at = models.DateTimeField(null=True, blank=True, editable=False)
    tracked_since = models.DateTimeField(
        null=True, blank=True, editable=False,
        help_text=_("Members and changes of this rule are whole from then on."),
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["-is_builtin", "code"]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)

    @property
    def about(self) -> str:
        return in_reader_language(self.description, self.description_zh)


class SegmentMember(models.Model):
    """Who is in a tracked segment as of `Segment.tracked_at`."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="members")
    customer = models.ForeignKey("shop.Customer", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(help_text=_("When she was first seen in it, without a break."))

    class Meta:
        verbose_name = _("segment member")
        verbose_name_plural = _("segment members")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "customer"], name="one_place_per_segment")
        ]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.customer_id}"


class SegmentChange(models.Model):
    """She entered or left a tracked segment. A new or changed rule is a new start and no change."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="changes")
    customer = models.ForeignKey("shop.Customer", on_delete=models.CASCADE, related_name="+")
    entered = models.BooleanField(help_text=_("False: she left."))
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("segment change")
        verbose_name_plural = _("segment changes")
        ordering = ["-at", "-id"]
        indexes = [
            # Journeys and the segment's page: who entered since then.
            models.Index(fields=["segment", "entered", "at"], name="segment_change_at")
        ]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.customer_id} {'+' if self.entered else '−'}"
