"""Kept lists: what comes in, and what goes out for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from marketing.api.rule_schema import RuleJson
from marketing.models import Channel, Goal, Tone
from marketing.pages.frozen import STATES
from marketing.services.audiences.frozen import MOST_HELD_OUT
from marketing.services.audiences.segment_comparisons import MOST

ARMS = ("written_to", "holdout")


class AudienceFilter(s.Serializer):
    segment = s.SlugField(required=False, max_length=40, help_text="Lists of this very segment.")
    is_archived = s.BooleanField(required=False, allow_null=True, default=None)


class AudienceIn(s.Serializer):
    name = s.CharField(max_length=120)
    segments = s.ListField(
        child=s.SlugField(max_length=40), required=False, min_length=1, max_length=MOST,
        help_text="Codes; of several, the customers whom all of them share.",
    )  # fmt: skip
    rule = RuleJson(required=False, help_text="Instead of segments: the language of segments.")
    as_of = s.DateTimeField(
        required=False, allow_null=True, default=None,
        help_text="Who met it then; only where that is known. Empty: when the list is written.",
    )  # fmt: skip
    holdout_rate = s.FloatField(required=False, default=0.0, min_value=0, max_value=MOST_HELD_OUT)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("segments" in attrs) == ("rule" in attrs):
            raise s.ValidationError({"segments": ["Either segments or a rule."]})
        return attrs


class ShelfIn(s.Serializer):
    to = s.ChoiceField(["archived", "kept"])


class MemberFilter(s.Serializer):
    arm = s.ChoiceField(ARMS, required=False)
    channel = s.ChoiceField(Channel.choices, required=False, default=Channel.EMAIL.value)


class ListCampaignIn(s.Serializer):
    name = s.CharField(max_length=120)
    name_zh = s.CharField(required=False, allow_blank=True, max_length=120)
    goal = s.ChoiceField(Goal.choices)
    channel = s.ChoiceField(Channel.choices, required=False, default=Channel.EMAIL.value)
    tone = s.ChoiceField(Tone.choices, required=False, default=Tone.WARM.value)
    language = s.ChoiceField(["en", "zh"], required=False, default="en")
    brief = s.CharField(
        required=False, allow_blank=True, max_length=4000,
        help_text="What the copy should say. No personal data.",
    )  # fmt: skip


class AudienceOut(s.Serializer):
    id = s.IntegerField()
    name = s.CharField()
    state = s.ChoiceField(STATES, help_text="writing: a job is at it. failed: see `reason`.")
    reason = s.CharField(help_text="Why it could not be written; else empty.")
    segment = s.CharField(allow_null=True, help_text="null: of several segments, or of a rule.")
    combined = s.ListField(child=s.CharField(), help_text="Codes of the segments it is shared by.")
    rule = s.JSONField()
    as_of = s.DateTimeField(help_text="Who met the rule then.")
    frozen_at = s.DateTimeField()
    frozen_by = s.CharField(allow_null=True)
    archived_at = s.DateTimeField(allow_null=True)
    holdout_rate = s.FloatField()
    customer_count = s.IntegerField(help_text="0 while it is written.")
    holdout_count = s.IntegerField()
    kept_out_count = s.IntegerField(help_text="Met the rule, and are held out from everything.")
    campaign_count = s.IntegerField()
    members_sha256 = s.CharField()


class ReachableOut(s.Serializer):
    channel = s.ChoiceField(Channel.choices)
    customers = s.IntegerField(help_text="Of those not held out.")


class StandingOut(s.Serializer):
    is_counted = s.BooleanField()
    reason = s.CharField(help_text="Why nothing is counted; else empty.")
    as_of = s.DateTimeField(allow_null=True)
    members = s.IntegerField(allow_null=True, help_text="Still in the shop.")
    erased = s.IntegerField(allow_null=True, help_text="Erased since it was frozen.")
    left = s.IntegerField(allow_null=True, help_text="Meet the rule no more.")
    why_not_left = s.CharField(help_text="Why `left` is not known; else empty.")
    reachable = ReachableOut(many=True, help_text="Who may be written to now.")


class AudienceDetailOut(AudienceOut):
    sentences = s.ListField(child=s.CharField(), help_text="The rule in words.")
    decision = s.UUIDField(allow_null=True, help_text="Its receipt.")
    campaigns = s.ListField(child=s.IntegerField(), help_text="The newest 50 for it.")
    standing = StandingOut()


class MemberOut(s.Serializer):
    customer = s.CharField()
    arm = s.ChoiceField(ARMS)
    chance = s.FloatField(help_text="Of being written to, when the list was drawn.")
    channel = s.ChoiceField(Channel.choices)
    may_be_written_to = s.BooleanField(help_text="Now, on this channel; never who is held out.")
    address = s.CharField(
        required=False,
        help_text="Only with shop.view_customer, and of whom may be written to.",
    )


class MembershipOut(s.Serializer):
    customer = s.CharField()
    is_member = s.BooleanField()
    arm = s.ChoiceField(ARMS, allow_null=True, help_text="null: not on the list.")
    chance = s.FloatField(allow_null=True)
    may_be_written_to = s.ListField(child=s.ChoiceField(Channel.choices))
