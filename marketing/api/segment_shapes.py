"""Segments: what comes in, and what goes out for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from marketing.api.rule_schema import RuleJson
from marketing.definitions.rule_text import MAX_LENGTH
from marketing.models import Channel


class SegmentRuleIn(s.Serializer):
    rule = RuleJson(required=False, help_text="As JSON.")
    text = s.CharField(
        required=False, allow_blank=True, max_length=MAX_LENGTH,
        help_text="Or as text: `did view category tea at least 3 times within 30 days`.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("rule" in attrs) == ("text" in attrs):
            raise s.ValidationError({"rule": ["Either a rule or its text."]})
        return attrs


class SegmentIn(SegmentRuleIn):
    code = s.SlugField(max_length=40)
    name = s.CharField(max_length=100)
    name_zh = s.CharField(required=False, allow_blank=True, max_length=100)
    description = s.CharField(required=False, allow_blank=True, max_length=300)
    description_zh = s.CharField(required=False, allow_blank=True, max_length=300)
    is_tracked = s.BooleanField(required=False, help_text="Note who enters and leaves.")


class SegmentChangesIn(s.Serializer):
    rule = RuleJson(required=False)
    text = s.CharField(required=False, allow_blank=True, max_length=MAX_LENGTH)
    name = s.CharField(required=False, max_length=100)
    name_zh = s.CharField(required=False, allow_blank=True, max_length=100)
    description = s.CharField(required=False, allow_blank=True, max_length=300)
    description_zh = s.CharField(required=False, allow_blank=True, max_length=300)
    is_tracked = s.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "rule" in attrs and "text" in attrs:
            raise s.ValidationError({"rule": ["Either a rule or its text."]})
        return attrs


class SegmentOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()
    name_zh = s.CharField()
    description = s.CharField()
    description_zh = s.CharField()
    rule = s.JSONField()
    is_builtin = s.BooleanField()
    is_tracked = s.BooleanField()
    last_count = s.IntegerField(allow_null=True)
    counted_at = s.DateTimeField(allow_null=True)


class SegmentDetailOut(SegmentOut):
    customer_count = s.IntegerField(allow_null=True)
    reachable_count = s.IntegerField(allow_null=True, help_text="By e-mail.")
    reason = s.CharField(help_text="Why it could not be counted in time; else empty.")
    sentences = s.ListField(child=s.CharField())
    sample = s.ListField(child=s.CharField())


class ReachableNowOut(s.Serializer):
    channel = s.ChoiceField(Channel.choices)
    customers = s.IntegerField()


class RuleCountOut(s.Serializer):
    rule = s.JSONField()
    text = s.CharField()
    sentences = s.ListField(child=s.CharField())
    customer_count = s.IntegerField()
    reachable = ReachableNowOut(many=True)
    sample = s.ListField(child=s.CharField(), help_text="Codes, the newest customers first.")
