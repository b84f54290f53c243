"""What comes in, and what goes out for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers as s

from marketing.models import CampaignState, CopyState, Goal


class CampaignFilter(s.Serializer):
    state = s.ChoiceField(CampaignState.choices, required=False)
    goal = s.ChoiceField(Goal.choices, required=False)


class CampaignOut(s.Serializer):
    id = s.IntegerField()
    name = s.CharField()
    name_zh = s.CharField()
    goal = s.ChoiceField(Goal.choices)
    channel = s.CharField()
    segment = s.CharField(
        allow_null=True, help_text="Its code; null: of a list whose rule is no segment."
    )
    frozen_audience = s.IntegerField(
        allow_null=True, help_text="The list it is for; null: whoever is in the segment."
    )
    state = s.ChoiceField(CampaignState.choices)
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)


class CopyOut(s.Serializer):
    id = s.IntegerField()
    variant = s.CharField(help_text="Where it is chosen: for which variant; A where there is one.")
    language = s.CharField()
    subject = s.CharField()
    preheader = s.CharField()
    body = s.CharField()
    state = s.ChoiceField(CopyState.choices)
    provider = s.CharField()
    refusals = s.ListField(child=s.CharField())


class ComparisonOut(s.Serializer):
    treated = s.FloatField()
    control = s.FloatField()
    difference = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()
    smallest_detectable = s.FloatField()


class CampaignDetailOut(CampaignOut):
    decision = s.UUIDField(allow_null=True)
    customer_count = s.IntegerField(allow_null=True)
    holdout_count = s.IntegerField(allow_null=True)
    copies = CopyOut(many=True)
    sends = s.DictField(child=s.IntegerField())
    conversion = ComparisonOut(allow_null=True)
    revenue_minor = ComparisonOut(allow_null=True)
    verdict = s.CharField()
    as_of = s.DateTimeField()


class StepFilter(s.Serializer):
    step = s.CharField(required=False, max_length=40)


class MetricOut(s.Serializer):
    id = s.CharField()
    value = s.FloatField(allow_null=True)
    unit = s.ChoiceField(["count", "money", "days", "rate"])
    source = s.CharField()
    low = s.FloatField(allow_null=True)
    high = s.FloatField(allow_null=True)


class StatementOut(s.Serializer):
    text = s.CharField()
    metrics = s.ListField(child=s.CharField())


class EffectPartOut(s.Serializer):
    key = s.CharField()
    label = s.CharField()
    metrics = MetricOut(many=True)


class AgainstOut(s.Serializer):
    variant = s.CharField()
    control = s.CharField()
    verdict = s.ChoiceField(["win", "lose", "cannot tell"])
    text = s.CharField()
    metrics = s.ListField(child=s.CharField())


class EffectsOut(s.Serializer):
    as_of = s.DateTimeField()
    verdict = s.ChoiceField(["win", "lose", "cannot tell"])
    guardrail = s.ChoiceField(["harmed", "unharmed", "cannot tell"])
    is_over = s.BooleanField()
    window_until = s.DateTimeField(allow_null=True)
    variants = EffectPartOut(many=True, help_text="Each beside the holdout; empty: it has one.")
    against = AgainstOut(many=True, help_text="Each variant against the first.")
    discounts = EffectPartOut(
        many=True,
        help_text="Of a step that gives its discount only where it pays: by the word of the decision.",
    )
    summary = StatementOut(many=True)
    metrics = MetricOut(many=True)
    parts = EffectPartOut(many=True)
