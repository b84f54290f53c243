"""The audience explorer: what comes in, and what goes out for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from marketing.api.segment_shapes import ReachableNowOut
from marketing.services.audiences.segment_comparisons import MOST, WEEKS_BACK

MOST_ASKED = 25  # segments that one request has counted anew
REASON = "Why it is not known; else empty."
BY = ("week", "day")


class FiguresIn(s.Serializer):
    segments = s.ListField(
        child=s.SlugField(max_length=40), min_length=1, max_length=MOST_ASKED, help_text="Codes."
    )


class CodesField(s.CharField):
    """`tea,coffee`: codes in an address."""

    def to_internal_value(self, data: Any) -> list[str]:
        text = super().to_internal_value(data)
        codes = sorted({code for code in text.split(",") if code})
        if "\x00" in text or not 1 <= len(codes) <= MOST:
            raise s.ValidationError(f"One to {MOST} codes, separated by commas.")
        return codes


class ComparisonFilter(s.Serializer):
    segments = CodesField(max_length=300, help_text=f"One to {MOST} codes: `new,loyal`.")
    weeks = s.ChoiceField(
        WEEKS_BACK, required=False, default=24,
        help_text="Retention is of the members of so many weeks ago.",
    )  # fmt: skip
    by = s.ChoiceField(BY, required=False, default="week", help_text="Periods of `changes`.")


class ComparisonIn(s.Serializer):
    segments = s.ListField(child=s.SlugField(max_length=40), min_length=1, max_length=MOST)
    weeks = s.ChoiceField(WEEKS_BACK, required=False, default=24)


class ExplorerFigureOut(s.Serializer):
    is_known = s.BooleanField()
    value = s.FloatField(allow_null=True)
    low = s.FloatField(allow_null=True)
    high = s.FloatField(allow_null=True)
    level = s.FloatField(help_text="Of the interval: 0.95 of what was counted, 0.8 of foreseen.")
    reason = s.CharField(help_text=REASON)


class ChangesOut(s.Serializer):
    is_known = s.BooleanField()
    reason = s.CharField(help_text=REASON)
    entered_7 = s.IntegerField(allow_null=True)
    left_7 = s.IntegerField(allow_null=True)
    entered_28 = s.IntegerField(allow_null=True)
    left_28 = s.IntegerField(allow_null=True)


class SegmentFiguresOut(s.Serializer):
    segment = s.CharField()
    name = s.CharField()
    name_zh = s.CharField()
    is_counted = s.BooleanField()
    reason = s.CharField(help_text="Why nothing is counted; else empty.")
    is_being_counted = s.BooleanField()
    is_of_this_rule = s.BooleanField(
        help_text="False: the rule has changed since, or never counted."
    )
    as_of = s.DateTimeField(allow_null=True)
    customers = s.IntegerField(allow_null=True)
    reachable_by_email = s.IntegerField(allow_null=True)
    reachable = ReachableNowOut(many=True, help_text="Per channel; empty: not counted yet.")
    sample = s.IntegerField(allow_null=True, help_text="Customers whose orders were read.")
    revenue_365 = ExplorerFigureOut(help_text="Minor units per customer, the last 365 days.")
    margin_365 = ExplorerFigureOut(help_text="Minor units per customer, the last 365 days.")
    spend_90 = ExplorerFigureOut(help_text="Minor units per customer, foreseen for 90 days.")
    margin_90 = ExplorerFigureOut(help_text="Minor units per customer, foreseen for 90 days.")
    no_order_90 = ExplorerFigureOut(help_text="Share without an order, foreseen for 90 days.")
    changes = ChangesOut(help_text="Who entered and left within 7 and 28 days.")


class CombinationOut(s.Serializer):
    segments = s.ListField(child=s.CharField(), help_text="In exactly these of those asked for.")
    customers = s.IntegerField()


class PairOut(s.Serializer):
    first = s.CharField()
    second = s.CharField()
    both = s.IntegerField()
    either = s.IntegerField()
    jaccard = s.FloatField(allow_null=True, help_text="both / either")
    reason = s.CharField(help_text=REASON)


class OverlapOut(s.Serializer):
    is_counted = s.BooleanField()
    reason = s.CharField(help_text=REASON)
    as_of = s.DateTimeField(allow_null=True)
    combinations = CombinationOut(many=True)
    pairs = PairOut(many=True)


class RetentionPeriodOut(s.Serializer):
    period = s.IntegerField(help_text="Of 28 days, from 1.")
    customers = s.IntegerField(help_text="Of the sample, with an order in it.")
    share = s.FloatField()
    low = s.FloatField(help_text="Wilson, 95 %.")
    high = s.FloatField()


class RetentionOut(s.Serializer):
    segment = s.CharField()
    is_known = s.BooleanField(help_text="Whether its members of then can be known.")
    is_counted = s.BooleanField()
    reason = s.CharField(help_text=REASON)
    as_of = s.DateTimeField(allow_null=True)
    since = s.DateTimeField(allow_null=True, help_text="Whose members these are.")
    members = s.IntegerField(allow_null=True)
    sample = s.IntegerField(allow_null=True)
    periods = RetentionPeriodOut(many=True)


class ChangePeriodOut(s.Serializer):
    begins_on = s.DateField()
    entered = s.IntegerField()
    left = s.IntegerField()


class GrowthOut(s.Serializer):
    segment = s.CharField()
    is_known = s.BooleanField()
    reason = s.CharField(help_text=REASON)
    as_of = s.DateTimeField(allow_null=True)
    periods = ChangePeriodOut(many=True, help_text="Oldest first, zeros included.")


class SegmentComparisonOut(s.Serializer):
    segments = s.ListField(child=s.CharField())
    overlap = OverlapOut()
    retention = RetentionOut(many=True)
    changes = GrowthOut(many=True)


class CountsAskedOut(s.Serializer):
    asked = s.IntegerField(help_text="Counts that jobs were asked for; 0: all are under way.")
