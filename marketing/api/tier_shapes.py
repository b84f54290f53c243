"""Tier programmes as they come in, checked field by field, and as they go out."""

from __future__ import annotations

from rest_framework import serializers as s

from marketing.models import ProgrammeState, TierFigure
from marketing.services.tiers.programmes import MOST_TIERS

MOST = 10**15
UNIT = "Orders, or minor units of the shop's currency."


class TierIn(s.Serializer):
    code = s.SlugField(max_length=40)
    name = s.CharField(max_length=60)
    name_zh = s.CharField(max_length=60, required=False, default="", allow_blank=True)
    enter_at = s.IntegerField(min_value=1, max_value=MOST, help_text=UNIT)
    stay_at = s.IntegerField(min_value=0, max_value=MOST, help_text=UNIT)
    offer_code = s.CharField(
        max_length=40, required=False, default="", allow_blank=True,
        help_text="Coupon offer of which each member gets one on entering.",
    )  # fmt: skip


class TermsIn(s.Serializer):
    name = s.CharField(max_length=100)
    name_zh = s.CharField(max_length=100, required=False, default="", allow_blank=True)
    figure = s.ChoiceField(TierFigure.choices)
    window_days = s.IntegerField(min_value=7, max_value=1095, required=False, default=365)
    grace_days = s.IntegerField(min_value=0, max_value=366, required=False, default=30)
    starts_on = s.DateField()
    ends_on = s.DateField(required=False, default=None, allow_null=True)
    tiers = TierIn(many=True, max_length=MOST_TIERS, help_text="The lowest first.")


class ProgrammeIn(TermsIn):
    code = s.SlugField(max_length=40)


class TierOut(TierIn):
    rank = s.IntegerField()
    members = s.IntegerField(help_text="As of the last look.")


class ProgrammeOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()
    name_zh = s.CharField()
    state = s.ChoiceField(ProgrammeState.choices)
    figure = s.ChoiceField(TierFigure.choices)
    window_days = s.IntegerField()
    grace_days = s.IntegerField()
    starts_on = s.DateField()
    ends_on = s.DateField(allow_null=True)
    revision = s.IntegerField()
    checked_at = s.DateTimeField(allow_null=True, help_text="Until when everybody was looked at.")


class ProgrammeDetailOut(ProgrammeOut):
    tiers = TierOut(many=True)


class TierPreviewOut(s.Serializer):
    code = s.CharField()
    now = s.IntegerField()
    then = s.IntegerField()
    coupons = s.IntegerField()
    cost_minor = s.IntegerField(help_text="What the coupons may take off at most.")


class TiersPreviewOut(s.Serializer):
    entered = s.IntegerField()
    rose = s.IntegerField()
    fell = s.IntegerField()
    left = s.IntegerField()
    in_grace = s.IntegerField()
    unknown = s.IntegerField(help_text="Customers whose figure nobody knows; they do not move.")
    cost_minor = s.IntegerField()
    tiers = TierPreviewOut(many=True)


class TierDecisionIn(s.Serializer):
    to = s.ChoiceField(["live", "stopped"])


class MovesFilter(s.Serializer):
    customer = s.CharField(required=False, max_length=64)

    def validate_customer(self, value: str) -> str:
        if not value.isprintable():
            raise s.ValidationError("Printable characters only.")
        return value


class TierMoveOut(s.Serializer):
    customer = s.CharField()
    from_tier = s.CharField(allow_null=True)
    to_tier = s.CharField(allow_null=True)
    is_rise = s.BooleanField()
    at = s.DateTimeField(help_text="As of when the figure was read.")
    recorded_at = s.DateTimeField()
    figure = s.CharField()
    value = s.IntegerField(allow_null=True, help_text=UNIT)
    trace = s.JSONField(help_text="What the figure rests on, and the thresholds of then.")
    revision = s.IntegerField()
    by = s.CharField(allow_null=True, help_text="Null: a look.")


class TierMemberOut(s.Serializer):
    customer = s.CharField()
    tier = s.CharField()
    since = s.DateTimeField()
    below_since = s.DateTimeField(allow_null=True)


class AtFilter(s.Serializer):
    at = s.DateTimeField(required=False, help_text="Empty: now.")


class MembershipAtOut(s.Serializer):
    programme = s.CharField()
    tier = s.CharField(allow_null=True, help_text="Null: she had left by then.")


class TierCouponOut(s.Serializer):
    code = s.CharField()
    valid_until = s.DateTimeField()


class TierStandingOut(s.Serializer):
    programme = s.CharField()
    programme_name = s.CharField()
    tier = s.CharField(allow_null=True)
    tier_name = s.CharField(allow_null=True)
    rank = s.IntegerField(help_text="0: in no tier.")
    since = s.DateTimeField(allow_null=True)
    leaves_at = s.DateTimeField(
        allow_null=True, help_text="When the grace ends; null: nothing is running out."
    )
    figure = s.ChoiceField(TierFigure.choices)
    value = s.IntegerField(allow_null=True, help_text=f"Now. {UNIT} Null: not known.")
    kept_from = s.IntegerField(allow_null=True)
    next_tier = s.CharField(allow_null=True)
    next_tier_name = s.CharField(allow_null=True)
    next_from = s.IntegerField(allow_null=True)
    checked_at = s.DateTimeField(allow_null=True)
    coupons = TierCouponOut(many=True, help_text="Open coupons of her tiers.")


class StandingsOut(s.Serializer):
    customer = s.CharField()
    programmes = TierStandingOut(many=True)
