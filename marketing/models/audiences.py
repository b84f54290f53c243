"""Who was meant, frozen: a list that one campaign drew, or one that is kept for several."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from marketing.models.segments import Segment


class AudienceQuerySet(models.QuerySet["Audience"]):
    def kept(self) -> AudienceQuerySet:
        """Lists that somebody froze by themselves; the others belong to one campaign each."""
        return self.filter(key__isnull=False)

    def usable(self) -> AudienceQuerySet:
        """Kept lists that a new campaign may be for."""
        return self.kept().filter(is_complete=True, archived_at=None, customer_count__gt=0)


class Audience(models.Model):
    """Who was meant, frozen: the rule may find others tomorrow, this list stays.

    With a key it is kept for itself, and the database refuses to change it once it is complete;
    without one it is the list of a campaign (`source`: drawn from a kept list).
    """

    key = models.CharField(
        max_length=200, unique=True, null=True, blank=True, help_text=_("Same key, same list.")
    )
    name = models.CharField(max_length=120, blank=True)
    segment = models.ForeignKey(
        Segment, null=True, blank=True, on_delete=models.PROTECT, related_name="audiences",
        help_text=_("Empty: of a rule that is no segment."),
    )  # fmt: skip
    combined = models.JSONField(
        default=list, blank=True, help_text=_("Codes of the segments whose shared customers it is.")
    )
    rule = models.JSONField(
        default=dict, blank=True, help_text=_("The segment's rule when the list was made.")
    )
    channel = models.CharField(
        max_length=8, blank=True, help_text=_("Empty: whoever met the rule, reachable or not.")
    )
    as_of = models.DateTimeField(
        null=True, blank=True, help_text=_("Who met the rule then; empty: when it was frozen.")
    )
    frozen_at = models.DateTimeField(default=timezone.now)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    source = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="copies",
        help_text=_("The kept list whose members were asked."),
    )  # fmt: skip
    holdout_rate = models.FloatField(
        default=0.0, help_text=_("Share that gets nothing of any campaign for this list, 0 to 0.5.")
    )
    is_complete = models.BooleanField(default=False, help_text=_("All members are written."))
    customer_count = models.PositiveIntegerField(default=0)
    holdout_count = models.PositiveIntegerField(default=0)
    kept_out_count = models.PositiveIntegerField(
        default=0, help_text=_("Met the rule, and are on no list: held out from everything.")
    )
    left_out_count = models.PositiveIntegerField(
        default=0, help_text=_("Not on the list: the message would cost more than it brings.")
    )
    targeting = models.JSONField(
        default=dict, blank=True, help_text=_("By which model run and price they were left out.")
    )
    members_sha256 = models.CharField(max_length=64, blank=True)
    decision = models.ForeignKey(
        "decisions.Decision", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text=_("No new campaign is made for it; what runs goes on.")
    )

    objects = AudienceQuerySet.as_manager()

    class Meta:
        verbose_name = _("audience")
        verbose_name_plural = _("audiences")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout_rate__gte=0) & Q(holdout_rate__lte=0.5),
                name="audience_holdout_share",
            )
        ]

    def __str__(self) -> str:
        return f"{self.called} ({self.customer_count})"

    @property
    def called(self) -> str:
        """Its own name, else that of what it was drawn from."""
        return self.name or str(self.segment or self.source or _now("a rule"))

    @property
    def recipient_count(self) -> int:
        return self.customer_count - self.holdout_count

    @property
    def is_usable(self) -> bool:
        """Whether a new campaign may be for it; the question of `usable` about one row."""
        return bool(self.key and self.is_complete and not self.archived_at and self.customer_count)


class AudienceMember(models.Model):
    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="members")
    customer = models.ForeignKey("shop.Customer", on_delete=models.CASCADE, related_name="+")
    is_holdout = models.BooleanField(
        help_text=_("Gets nothing, so that the effect can be measured.")
    )
    is_left_out = models.BooleanField(
        default=False, help_text=_("Gets nothing: the message would cost more than it brings.")
    )
    propensity = models.FloatField(
        null=True, blank=True, help_text=_("Her chance of getting it when the list was drawn.")
    )
    expected_minor = models.FloatField(
        null=True, blank=True, help_text=_("Profit that the message was expected to bring.")
    )
    # A kept list is written by one INSERT … SELECT that knows neither of the two.
    wave = models.PositiveSmallIntegerField(
        default=1,
        db_default=1,
        help_text=_("When she is written to, where shares follow what earns."),
    )
    arm = models.CharField(
        max_length=1,
        blank=True,
        default="",
        db_default="",
        help_text=_("Her variant; empty: of one, or not drawn yet."),
    )
    arm_propensity = models.FloatField(
        null=True, blank=True, help_text=_("Her chance of that variant when it was drawn.")
    )

    class Meta:
        verbose_name = _("audience member")
        verbose_name_plural = _("audience members")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["audience", "customer"], name="one_place_per_audience"),
            models.CheckConstraint(
                condition=~Q(is_holdout=True, is_left_out=True), name="member_in_one_arm"
            ),
        ]
        indexes = [
            # Whom the message moves most goes first, where not everybody can be written to.
            models.Index(
                fields=["audience", "-expected_minor", "id"],
                condition=Q(expected_minor__isnull=False),
                name="member_by_what_it_brings",
            )
        ]

    def __str__(self) -> str:
        return f"{self.audience_id}: {self.customer_id}"
