"""Coupons: what an offer promises, each coupon of one customer, and the ledger of what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shop.models.catalogue import CODE, in_reader_language
from shop.money import format_money


class OfferState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("coupon offer", "draft")
    LIVE = "live", pgettext_lazy("coupon offer", "live")
    STOPPED = "stopped", pgettext_lazy("coupon offer", "stopped")


class CouponOffer(models.Model):
    """What a coupon takes off, of what, for how long, and how many there may be.

    Once decided its terms stand (a trigger of migration 0016 holds them): other terms are another
    revision. The four counters equal the sums of the movements; services/coupons changes them.
    """

    code = models.CharField(
        max_length=40, validators=[CODE], help_text=_("What the shop calls it. Revisions share it.")
    )
    revision = models.PositiveSmallIntegerField(default=1, editable=False)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    percent = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text=_("Off the goods, 1 to 90; empty: a fixed amount."),
    )
    most_minor = models.BigIntegerField(
        _("takes off at most"),
        help_text=_("The fixed amount; of a percentage the most that one coupon takes off."),
    )
    currency = models.CharField(max_length=3)
    least_order_minor = models.BigIntegerField(
        _("least order"), default=0, help_text=_("What the goods must cost before the coupon.")
    )
    categories = models.ManyToManyField(
        "shop.Category", blank=True, related_name="+", help_text=_("With what lies below them.")
    )
    products = models.ManyToManyField("shop.Product", blank=True, related_name="+")
    variants = models.ManyToManyField("shop.Variant", blank=True, related_name="+")
    valid_days = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text=_("Days after the day of issue; the last one counts to its end."),
    )
    last_on = models.DateField(
        _("last day"),
        null=True,
        blank=True,
        help_text=_("No coupon is valid longer than this day."),
    )
    most_uses = models.PositiveIntegerField(
        validators=[MinValueValidator(1)],
        help_text=_("So many coupons are open or used at most: no more are issued."),
    )
    once_per_customer = models.BooleanField(
        default=True, help_text=_("A customer gets one, whatever campaign asks.")
    )
    budget_minor = models.BigIntegerField(
        _("budget"),
        help_text=_("Once what was taken off and may still be reaches this, no more are issued."),
    )
    state = models.CharField(max_length=7, choices=OfferState, default=OfferState.DRAFT)
    open_coupons = models.PositiveIntegerField(default=0, editable=False)
    redeemed_coupons = models.PositiveIntegerField(default=0, editable=False)
    held_minor = models.BigIntegerField(
        default=0, editable=False, help_text=_("What open coupons may still take off.")
    )
    spent_minor = models.BigIntegerField(
        default=0, editable=False, help_text=_("What orders that stand were given.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    stopped_at = models.DateTimeField(null=True, editable=False)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip

    class Meta:
        verbose_name = _("coupon offer")
        verbose_name_plural = _("coupon offers")
        ordering = ["-id"]
        permissions = [("decide_couponoffer", "Can put coupon offers in force and stop them")]
        constraints = [
            models.UniqueConstraint(fields=["code", "revision"], name="coupon_offer_revision"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(state="live"), name="one_live_revision_of_an_offer"
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gte=1, percent__lte=90),
                name="coupon_offer_percent",
            ),
            models.CheckConstraint(
                condition=Q(most_minor__gt=0)
                & Q(least_order_minor__gte=0)
                & Q(valid_days__gte=1)
                & Q(most_uses__gte=1),
                name="coupon_offer_takes_something_off",
            ),
            models.CheckConstraint(
                condition=Q(held_minor__gte=0)
                & Q(spent_minor__gte=0)
                & Q(budget_minor__gte=F("most_minor")),
                name="coupon_offer_money_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(most_uses__gte=F("open_coupons") + F("redeemed_coupons")),
                name="coupon_offer_keeps_its_uses",
            ),
        ]

    def __str__(self) -> str:
        return f"{in_reader_language(self.name, self.name_zh)} ({self.label})"

    @property
    def label(self) -> str:
        return f"{self.code}/{self.revision}"

    @property
    def value(self) -> str:
        """`20 %` or `£5.00`, in the reader's number format."""
        if self.percent is not None:
            return f"{self.percent} %"
        return format_money(self.most_minor, self.currency)

    @property
    def left_coupons(self) -> int:
        """How many can still be issued: by uses and by budget."""
        money = self.budget_minor - self.held_minor - self.spent_minor
        uses = self.most_uses - self.open_coupons - self.redeemed_coupons
        return max(0, min(uses, money // self.most_minor))


class CouponState(models.TextChoices):
    OPEN = "open", pgettext_lazy("coupon", "open")
    REDEEMED = "redeemed", pgettext_lazy("coupon", "redeemed")
    EXPIRED = "expired", pgettext_lazy("coupon", "expired")
    REVOKED = "revoked", pgettext_lazy("coupon", "revoked")


class CouponQuerySet(models.QuerySet["Coupon"]):
    def usable(self, at: datetime) -> CouponQuerySet:
        return self.filter(state=CouponState.OPEN, valid_until__gt=at)


class Coupon(models.Model):
    """One coupon of one customer. Changed by services/coupons alone, each time with a movement."""

    offer = models.ForeignKey(CouponOffer, on_delete=models.PROTECT, related_name="coupons")
    customer = models.ForeignKey("shop.Customer", on_delete=models.PROTECT, related_name="coupons")
    code = models.CharField(max_length=20, unique=True, help_text=_("Cannot be guessed."))
    occasion = models.CharField(max_length=80, help_text=_("What it was issued for."))
    once_key = models.CharField(
        max_length=200, unique=True, editable=False,
        help_text=_("Offer, customer and occasion: nobody gets it twice."),
    )  # fmt: skip
    state = models.CharField(max_length=8, choices=CouponState, default=CouponState.OPEN)
    issued_at = models.DateTimeField()
    valid_until = models.DateTimeField(help_text=_("The end of its last day."))
    order = models.ForeignKey(
        "shop.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="coupons"
    )
    discount_minor = models.BigIntegerField(
        null=True, blank=True, help_text=_("What it took off its order.")
    )

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="redeemed", order__isnull=False, discount_minor__gt=0)
                | (~Q(state="redeemed") & Q(order__isnull=True, discount_minor__isnull=True)),
                name="coupon_of_an_order_exactly_when_redeemed",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("issued_at")), name="coupon_window_not_empty"
            ),
        ]
        indexes = [
            # A customer's coupons, newest first: her page, and support.
            models.Index(fields=["customer", "-issued_at"], name="coupon_customer"),
            # The night: what is over.
            models.Index(
                fields=["valid_until"], condition=Q(state="open"), name="coupon_to_expire"
            ),
            # The list of an offer, by state.
            models.Index(fields=["offer", "state"], name="coupon_offer_state"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def last_moment(self) -> datetime:
        """Within its last day, whose date a letter names."""
        return self.valid_until - timedelta(microseconds=1)


class CouponMove(models.TextChoices):
    ISSUE = "issue", pgettext_lazy("coupon movement", "issued")
    REDEEM = "redeem", pgettext_lazy("coupon movement", "redeemed")
    GIVE_BACK = "give_back", pgettext_lazy("coupon movement", "given back")
    EXPIRE = "expire", pgettext_lazy("coupon movement", "expired")
    REVOKE = "revoke", pgettext_lazy("coupon movement", "revoked")


class CouponMovement(models.Model):
    """One step of one coupon, and by how much it moved the counters of its offer. Append-only."""

    offer = models.ForeignKey(CouponOffer, on_delete=models.PROTECT, related_name="movements")
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=9, choices=CouponMove)
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same movement."))
    at = models.DateTimeField()
    order = models.ForeignKey(
        "shop.Order", null=True, on_delete=models.PROTECT, related_name="coupon_movements"
    )
    open_delta = models.SmallIntegerField()
    redeemed_delta = models.SmallIntegerField()
    held_minor_delta = models.BigIntegerField()
    spent_minor_delta = models.BigIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("coupon movement")
        verbose_name_plural = _("coupon movements")
        ordering = ["at", "id"]
        indexes = [
            # The sums of an offer, compared with its counters.
            models.Index(fields=["offer", "kind"], name="coupon_move_offer"),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} {self.kind}"
