"""What comes in, and what goes out for the OpenAPI document."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s


class DaysAsk(s.Serializer):
    first = s.DateField(required=False, help_text=_("First day; the last 28 full days if empty."))
    last = s.DateField(required=False, help_text=_("Last day, included."))


class ReportAsk(DaysAsk):
    placement = s.CharField(required=False, max_length=40)


class FigureOut(s.Serializer):
    value = s.FloatField(allow_null=True, help_text=_("null: not known, which is not 0."))
    low = s.FloatField(allow_null=True, help_text=_("Of the 95 % interval."))
    high = s.FloatField(allow_null=True)


class NamedFigureOut(FigureOut):
    figure = s.CharField()
    before = s.FloatField(allow_null=True, help_text=_("In as many days before."))
    change = FigureOut(allow_null=True)


class BrandShareOut(FigureOut):
    brand = s.CharField(allow_blank=True)


class MissingOut(s.Serializer):
    what = s.CharField()
    found = s.IntegerField()
    needed = s.IntegerField()


class PlacementReportOut(s.Serializer):
    placement = s.CharField()
    counts = s.DictField(child=s.IntegerField())
    missing = MissingOut(many=True)
    without_cost = s.ListField(child=s.CharField(), help_text=_("SKUs without a unit cost."))
    figures = NamedFigureOut(many=True)
    brands = BrandShareOut(many=True)


class ReportAskedOut(s.Serializer):
    is_asked = s.BooleanField(help_text=_("False: it is being counted already."))


class ReportOut(s.Serializer):
    first = s.DateField(
        help_text=_("Of the last days that were counted, where yesterday was not yet.")
    )
    last = s.DateField()
    as_of = s.DateTimeField(help_text=_("When it was counted; what came later is not in it."))
    is_refreshing = s.BooleanField(help_text=_("A job counts it anew."))
    attribution_days = s.IntegerField()
    open_until = s.DateTimeField(allow_null=True)
    sample_rate = s.FloatField(
        help_text=_("Below 1: the share of people whose events were counted; counts are theirs.")
    )
    ignored = s.DictField(child=s.IntegerField(), help_text=_("Events that counted nowhere."))
    placements = PlacementReportOut(many=True)
