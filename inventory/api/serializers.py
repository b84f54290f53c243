"""What comes in, checked field by field; and what goes out, for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers as s

from inventory.models import PurchaseOrderState

MAX_UNITS = 1_000_000
MAX_LINES = 500


class ForecastFilter(s.Serializer):
    sku = s.CharField(required=False, max_length=64)
    as_of = s.DateField(required=False)


class ForecastOut(s.Serializer):
    sku = s.CharField()
    as_of = s.DateField()
    method = s.CharField(help_text="What made the numbers; empty where there is no forecast.")
    model_run = s.IntegerField(allow_null=True)
    horizon_days = s.IntegerField()
    mean_units = s.ListField(child=s.FloatField(), help_text="Per day, the day after as_of first.")
    quantile_units = s.DictField(child=s.ListField(child=s.FloatField()))
    history_days = s.IntegerField()
    stockout_days = s.IntegerField()
    days_missing = s.IntegerField(help_text="Days of history still needed; 0 with a forecast.")


class PurchaseOrderFilter(s.Serializer):
    state = s.ChoiceField(PurchaseOrderState.choices, required=False)
    supplier = s.CharField(required=False, max_length=64)


class PurchaseOrderOut(s.Serializer):
    number = s.CharField()
    state = s.CharField()
    supplier = s.CharField(allow_null=True)
    warehouse = s.CharField()
    currency = s.CharField()
    cycle_on = s.DateField()
    order_by_on = s.DateField(allow_null=True)
    expected_on = s.DateField(allow_null=True)
    created_at = s.DateTimeField()


class PurchaseOrderLineOut(s.Serializer):
    sku = s.CharField()
    suggested_units = s.IntegerField()
    units = s.IntegerField()
    received_units = s.IntegerField()
    unit_cost_minor = s.IntegerField(allow_null=True)
    inventory_position = s.IntegerField(allow_null=True)
    reorder_point = s.IntegerField(allow_null=True)
    order_up_to_level = s.IntegerField(allow_null=True)
    order_by_on = s.DateField(allow_null=True)
    expected_minor = s.IntegerField(allow_null=True)
    expected_low_minor = s.IntegerField(allow_null=True)
    expected_high_minor = s.IntegerField(allow_null=True)
    assumptions = s.ListField(child=s.CharField())


class PurchaseOrderDetailOut(PurchaseOrderOut):
    lines = PurchaseOrderLineOut(many=True)


class LineUnits(s.Serializer):
    sku = s.CharField(max_length=64)
    units = s.IntegerField(min_value=0, max_value=MAX_UNITS)


class LineEdits(s.Serializer):
    lines = LineUnits(many=True, allow_empty=False, max_length=MAX_LINES)


class ArrivedLine(s.Serializer):
    sku = s.CharField(max_length=64)
    units = s.IntegerField(min_value=1, max_value=MAX_UNITS)


class Arrival(s.Serializer):
    lines = ArrivedLine(many=True, allow_empty=False, max_length=MAX_LINES)


class LostDemandFilter(s.Serializer):
    sku = s.CharField(required=False, max_length=64)
    since = s.DateField(required=False)
    until = s.DateField(required=False, help_text="This day is not among them.")


class LostDemandOut(s.Serializer):
    sku = s.CharField()
    day = s.DateField()
    out_of_stock_seconds = s.IntegerField()
    views = s.IntegerField()
    people = s.IntegerField()
    other_views = s.IntegerField()
    waitlist_entries = s.IntegerField()
    waitlist_units = s.IntegerField()
    searches = s.IntegerField()
    tickets = s.IntegerField(help_text="People who asked by a ticket when it is back.")
    estimated_units = s.FloatField(allow_null=True, help_text="Null: not estimated.")
    low_units = s.FloatField(allow_null=True)
    high_units = s.FloatField(allow_null=True)
    as_of = s.DateTimeField()


class LostQueryOut(s.Serializer):
    query = s.CharField()
    searches = s.IntegerField()
    people = s.IntegerField()
    product = s.CharField(allow_null=True)
    category = s.CharField(allow_null=True)
    first_day = s.DateField()
    last_day = s.DateField()


class SubstituteOut(s.Serializer):
    sku = s.CharField()
    taken_rate = s.FloatField(help_text="Extra share of visits that found it out and took this.")
    low_rate = s.FloatField()
    high_rate = s.FloatField()
    lost_sessions = s.IntegerField()
    taken_sessions = s.IntegerField()
    base_rate = s.FloatField()
    source = s.ChoiceField(["seen", "similar"])
