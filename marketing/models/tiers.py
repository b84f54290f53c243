"""Tier programmes: terms by a measured figure, who is in which tier, and the ledger of every move."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shop.models.catalogue import in_reader_language


class TierFigure(models.TextChoices):
    ORDERS = "orders", _("orders that were kept")
    NET_SPEND = "net_spend", _("spend after returns")
    VALUE_LOW = "value_low", _("spend foreseen for 365 days, lower end")


class ProgrammeState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("tier programme", "draft")
    LIVE = "live", pgettext_lazy("tier programme", "live")
    STOPPED = "stopped", pgettext_lazy("tier programme", "stopped")


class TierProgramme(models.Model):
    """One figure, one ladder of tiers. Changed by services/tiers/programmes.py, which counts up
    `revision`; every row of the ledger names the revision that it followed."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    name_zh = models.CharField(max_length=100, blank=True)
    figure = models.CharField(max_length=9, choices=TierFigure)
    window_days = models.PositiveSmallIntegerField(
        default=365, validators=[MinValueValidator(7), MaxValueValidator(1095)],
        help_text=_("Orders of so many days count; of a forecast it says nothing."),
    )  # fmt: skip
    grace_days = models.PositiveSmallIntegerField(
        default=30, validators=[MaxValueValidator(366)],
        help_text=_("So long below the threshold before a tier is lost."),
    )  # fmt: skip
    starts_on = models.DateField(help_text=_("Nobody is in a tier before this day."))
    ends_on = models.DateField(
        null=True, blank=True, help_text=_("The last day; everybody leaves after it.")
    )
    state = models.CharField(
        max_length=7, choices=ProgrammeState, default=ProgrammeState.DRAFT, editable=False
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    checked_at = models.DateTimeField(
        null=True, editable=False, help_text=_("Until when everybody was last looked at.")
    )
    first_checked_at = models.DateTimeField(
        null=True, editable=False, help_text=_("The first look: nobody was in a tier before.")
    )
    payback = models.JSONField(
        null=True, editable=False, help_text=_("What the tiers brought, as last counted.")
    )
    payback_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip

    class Meta:
        verbose_name = _("tier programme")
        verbose_name_plural = _("tier programmes")
        ordering = ["-id"]
        permissions = [("decide_tierprogramme", "Can start and stop tier programmes")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="tier_programme_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)

    @property
    def is_money(self) -> bool:
        return self.figure != TierFigure.ORDERS


class Tier(models.Model):
    """enter_at, stay_at: orders, or minor units of the shop's currency."""

    programme = models.ForeignKey(TierProgramme, on_delete=models.CASCADE, related_name="tiers")
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    name_zh = models.CharField(max_length=60, blank=True)
    rank = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1)], help_text=_("1 is the lowest.")
    )
    enter_at = models.BigIntegerField(_("from"), help_text=_("The figure that brings her in."))
    stay_at = models.BigIntegerField(
        _("kept from"),
        help_text=_("Below this her time of grace begins; at most the figure above."),
    )
    offer_code = models.CharField(
        max_length=40, blank=True,
        help_text=_("Coupon offer of which each member gets one on entering; empty: none."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["programme_id", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "rank"], name="one_tier_per_rank"),
            models.CheckConstraint(
                condition=Q(stay_at__lte=F("enter_at")) & Q(stay_at__gte=0) & Q(enter_at__gt=0),
                name="tier_is_kept_more_easily_than_won",
            ),
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)


class TierMembership(models.Model):
    """Where she stands now; the sum of her moves."""

    programme = models.ForeignKey(
        TierProgramme, on_delete=models.PROTECT, related_name="memberships"
    )
    customer = models.ForeignKey(
        "shop.Customer", on_delete=models.PROTECT, related_name="tier_memberships"
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="memberships")
    since = models.DateTimeField(help_text=_("When she came into this tier."))
    below_since = models.DateTimeField(
        null=True, help_text=_("Since when she is below what keeps it; empty: she is not.")
    )

    class Meta:
        verbose_name = _("tier membership")
        verbose_name_plural = _("tier memberships")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "customer"], name="one_tier_per_programme"
            )
        ]  # fmt: skip
        indexes = [
            # A tier's members, counted and listed.
            models.Index(fields=["tier", "customer"], name="tier_members")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.tier_id}"


class TierMove(models.Model):
    """She came into a tier, changed it or left. Append-only.

    at: as of when the figure was read; recorded_at: by the clock on the wall.
    """

    programme = models.ForeignKey(TierProgramme, on_delete=models.PROTECT, related_name="moves")
    customer = models.ForeignKey("shop.Customer", on_delete=models.PROTECT, related_name="+")
    from_tier = models.ForeignKey(Tier, null=True, on_delete=models.PROTECT, related_name="+")
    to_tier = models.ForeignKey(Tier, null=True, on_delete=models.PROTECT, related_name="+")
    is_rise = models.BooleanField(help_text=_("Into a higher tier, or into the first."))
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=120, unique=True, help_text=_("Same key, same move."))
    figure = models.CharField(max_length=9, choices=TierFigure)
    value = models.BigIntegerField(null=True, help_text=_("Empty: the programme ended."))
    trace = models.JSONField(help_text=_("What the figure rests on, and the thresholds of then."))
    revision = models.PositiveIntegerField(help_text=_("Of the programme's terms."))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("tier move")
        verbose_name_plural = _("tier moves")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_tier=F("to_tier"))
                & (Q(from_tier__isnull=False) | Q(to_tier__isnull=False)),
                name="tier_move_moves",
            )
        ]
        indexes = [
            # Where a customer stood at a time.
            models.Index(fields=["programme", "customer", "-at"], name="tier_move_as_of"),
            # Journeys: who entered or left since then.
            models.Index(fields=["recorded_at"], name="tier_move_recorded"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.from_tier_id} → {self.to_tier_id}"


class TierGift(models.Model):
    """The coupon of one rise, or why there is none."""

    move = models.OneToOneField(TierMove, on_delete=models.PROTECT, related_name="gift")
    coupon = models.ForeignKey("shop.Coupon", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, blank=True, help_text=_("Why there is none."))
    expected_minor = models.FloatField(
        null=True, help_text=_("Profit that the live model expected of it, after its cost.")
    )
    run = models.ForeignKey(
        "decisions.ModelRun", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("tier gift")
        verbose_name_plural = _("tier gifts")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.move_id}: {self.coupon_id or self.reason}"
