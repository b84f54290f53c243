"""The shapes of an experiment as it comes in and goes out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s

from decisions.models import Allocation, ExperimentMetric, ExperimentState
from recommendations.ml.chains import ORDER

PLACEMENTS = [(code, code) for code in ORDER]


class ExperimentFilter(s.Serializer):
    state = s.ChoiceField(ExperimentState.choices, required=False)


class ArmSettings(s.Serializer):
    """What is not named stays as the placement has it."""

    diversity_rate = s.FloatField(required=False, min_value=0, max_value=1)
    margin_rate = s.FloatField(required=False, min_value=0, max_value=1)
    stock_rate = s.FloatField(required=False, min_value=0, max_value=1)
    exploration_rate = s.FloatField(required=False, min_value=0, max_value=1)
    rules = s.BooleanField(required=False)


class Arm(s.Serializer):
    name = s.CharField(max_length=40)
    share = s.FloatField(min_value=0, max_value=1)
    settings = ArmSettings(required=False, default=dict)


class ExperimentIn(s.Serializer):
    label = s.CharField(max_length=120)
    placement = s.ChoiceField(PLACEMENTS)
    arms = Arm(many=True, min_length=2, max_length=4)
    metric = s.ChoiceField(ExperimentMetric.choices, required=False)
    starts_at = s.DateTimeField(required=False, allow_null=True)
    ends_at = s.DateTimeField(required=False, allow_null=True)
    note = s.CharField(required=False, allow_blank=True, max_length=500)
    layer = s.SlugField(required=False, allow_blank=True, max_length=40)
    traffic_rate = s.FloatField(required=False, min_value=0.01, max_value=1)
    allocation = s.ChoiceField(Allocation.choices, required=False)
    planned_units = s.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=1_000_000_000
    )
    guardrail_margin = s.FloatField(
        required=False, min_value=0, max_value=0.5, help_text=_("0.005 is half a point.")
    )


class ExperimentOut(s.Serializer):
    id = s.IntegerField()
    key = s.CharField()
    label = s.CharField()
    placement = s.CharField()
    arms = Arm(many=True)
    metric = s.ChoiceField(ExperimentMetric.choices)
    state = s.ChoiceField(ExperimentState.choices)
    starts_at = s.DateTimeField(allow_null=True)
    ends_at = s.DateTimeField(allow_null=True)
    stopped_at = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()
    note = s.CharField()
    layer = s.CharField()
    traffic_rate = s.FloatField()
    allocation = s.ChoiceField(Allocation.choices)
    planned_units = s.IntegerField(allow_null=True)
    guardrail_margin = s.FloatField()


class ArmCounts(s.Serializer):
    arm = s.CharField()
    persons = s.IntegerField()
    hits = s.IntegerField()
    mean = s.FloatField(allow_null=True)
    unsubscribed = s.IntegerField()


class Belief(s.Serializer):
    better = s.FloatField()
    mean = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()
    loss = s.FloatField()
    prior = s.FloatField()


class Against(s.Serializer):
    arm = s.CharField()
    verdict = s.ChoiceField(["win", "lose", "cannot tell"])
    text = s.CharField()
    guardrail = s.ChoiceField(["harmed", "unharmed", "cannot tell"])
    effect_moved = s.BooleanField()
    difference = s.FloatField(allow_null=True)
    low = s.FloatField(allow_null=True)
    high = s.FloatField(allow_null=True)
    smallest_detectable = s.FloatField(allow_null=True)
    bayes = Belief(allow_null=True)


class SoldBefore(s.Serializer):
    arm = s.CharField()
    units = s.IntegerField()


class RanOut(s.Serializer):
    sku = s.CharField()
    ran_out_at = s.DateTimeField()
    sold = SoldBefore(many=True, help_text=_("Before it ran out; these count."))
    left_out_units = s.IntegerField(help_text=_("From then on, in all arms; these do not count."))


class Interference(s.Serializer):
    """What one arm took of goods that ran out, the other could not sell."""

    arm = s.CharField()
    is_warning = s.BooleanField(help_text=_("It took more or less of them than the first arm."))
    took = s.ChoiceField(["win", "lose", "cannot tell"], help_text=_("win: more of them."))
    verdict_without = s.ChoiceField(
        ["win", "lose", "cannot tell"], help_text=_("As if none of these SKUs were there.")
    )
    text = s.CharField()


class TrialStock(s.Serializer):
    skus = s.IntegerField(help_text=_("How many ran out while it ran, of those it sold."))
    left_out_units = s.IntegerField()
    named = RanOut(many=True, help_text=_("The five of which most was sold."))
    interference = Interference(many=True)


class ExperimentDetailOut(ExperimentOut):
    warning = s.CharField()
    sample_ratio_p = s.FloatField(allow_null=True)
    crossed = s.IntegerField()
    is_final = s.BooleanField()
    unknown_cost_units = s.IntegerField()
    winsor_limit = s.FloatField(
        allow_null=True, help_text="The most that one person counts for; null: no money, or nobody."
    )
    winsorised = s.IntegerField(help_text="People held to that.")
    people = ArmCounts(many=True)
    against = Against(many=True)
    stock = TrialStock(allow_null=True, help_text=_("null: nothing that it sold ran out."))
