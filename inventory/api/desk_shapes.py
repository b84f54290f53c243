"""What the desk's endpoints take and give, for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers as s

from inventory.services.worklist import DEADLINES

MOST_MINOR = 10**12


class PlanQuery(s.Serializer):
    supplier = s.CharField(required=False, max_length=64, help_text="Code; - for none yet.")
    warehouse = s.CharField(required=False, max_length=64)
    deadline = s.ChoiceField(
        list(DEADLINES), required=False, help_text="Last safe day: past, today, in 7, in 28 days."
    )
    sku = s.CharField(required=False, max_length=64, help_text="Part of it.")


class PlanLineOut(s.Serializer):
    order = s.CharField()
    supplier = s.CharField(allow_null=True)
    warehouse = s.CharField()
    sku = s.CharField()
    units = s.IntegerField()
    suggested_units = s.IntegerField()
    unit_cost_minor = s.IntegerField(allow_null=True)
    currency = s.CharField()
    expected_minor = s.IntegerField(allow_null=True)
    expected_low_minor = s.IntegerField(allow_null=True)
    expected_high_minor = s.IntegerField(allow_null=True)
    next_unit_minor = s.IntegerField(allow_null=True, help_text="What one unit more would earn.")
    without_units = s.FloatField(allow_null=True, help_text="Lost if nothing is done.")
    without_minor = s.IntegerField(allow_null=True)
    order_by_on = s.DateField(allow_null=True, help_text="Last safe day.")
    inventory_position = s.IntegerField(allow_null=True)
    reorder_point = s.IntegerField(allow_null=True)
    order_up_to_level = s.IntegerField(allow_null=True)
    bindings = s.JSONField(help_text="What held the number, with its price.")
    assumptions = s.ListField(child=s.CharField())


class HealthTotalsOut(s.Serializer):
    as_of = s.DateField(allow_null=True)
    days = s.IntegerField()
    skus = s.IntegerField()
    unknown = s.IntegerField(help_text="SKUs without a cost: left out of every amount.")
    stock_minor = s.IntegerField()
    excess_minor = s.IntegerField()
    turns = s.FloatField(allow_null=True, help_text="A year.")
    gmroi = s.FloatField(allow_null=True, help_text="A year.")
    age_minor = s.ListField(
        child=s.IntegerField(), help_text="At cost: up to 30, 90, 180, 365 days, and older."
    )
    out_by_day = s.ListField(
        child=s.FloatField(), help_text="SKUs expected to have run out by each of 28 days."
    )
    without_forecast = s.IntegerField()


class HealthQuery(s.Serializer):
    sku = s.CharField(required=False, max_length=64)
    least_risk = s.FloatField(
        required=False, min_value=0, max_value=1, help_text="Of running out within 28 days."
    )


class SkuHealthOut(s.Serializer):
    sku = s.CharField()
    as_of = s.DateField()
    days = s.IntegerField()
    on_hand = s.IntegerField()
    units_sold = s.IntegerField()
    revenue_minor = s.IntegerField(help_text="Net of discounts and tax.")
    unit_cost_minor = s.IntegerField(allow_null=True)
    average_on_hand = s.FloatField()
    age_units = s.ListField(child=s.IntegerField())
    excess_units = s.IntegerField(allow_null=True)
    excess_minor = s.IntegerField(allow_null=True)
    stock_minor = s.IntegerField(allow_null=True)
    out_risk = s.ListField(child=s.FloatField())


class IntervalOut(s.Serializer):
    value = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()
    n = s.IntegerField()


class OpenOrderOut(s.Serializer):
    number = s.CharField()
    state = s.CharField()
    sent_on = s.DateField(allow_null=True)
    expected_on = s.DateField(allow_null=True)
    outstanding_units = s.IntegerField()
    value_minor = s.IntegerField(allow_null=True)
    is_late = s.BooleanField()


class ScorecardOut(s.Serializer):
    supplier = s.CharField()
    promised_days = s.IntegerField()
    p50_days = s.FloatField(allow_null=True)
    p90_days = s.FloatField(allow_null=True)
    deliveries = s.IntegerField()
    deliveries_missing = s.IntegerField(help_text="Before delays are said; 0 with enough.")
    delay_days = IntervalOut(allow_null=True)
    on_time_rate = IntervalOut(allow_null=True)
    fill_rate = IntervalOut(allow_null=True)
    price_trend = IntervalOut(allow_null=True)
    open_orders = OpenOrderOut(many=True)
    open_count = s.IntegerField()


class CheckOut(s.Serializer):
    name = s.CharField()
    state = s.CharField(help_text="ok, look, unknown")
    evidence = s.CharField()
    adds_units = s.FloatField(
        allow_null=True, help_text="What its cause adds to the forecast over the horizon."
    )


class WarehousePartOut(s.Serializer):
    warehouse = s.CharField()
    share = s.FloatField(help_text="0 to 1.")
    mean_units = s.ListField(child=s.FloatField(), help_text="Sum to the SKU's, day by day.")
    quantile_units = s.DictField(child=s.ListField(child=s.FloatField()))


class WarehouseForecastQuery(s.Serializer):
    sku = s.CharField(required=False, max_length=64)
    warehouse = s.CharField(required=False, max_length=32, help_text="Its code.")
    as_of = s.DateField(required=False)


class WarehouseForecastOut(WarehousePartOut):
    sku = s.CharField()
    as_of = s.DateField()


class SaidThenOut(s.Serializer):
    day = s.DateField()
    as_of = s.DateField()
    mean = s.FloatField(allow_null=True)
    low = s.FloatField(allow_null=True)
    high = s.FloatField(allow_null=True)
    units = s.FloatField(allow_null=True)


class EventOut(s.Serializer):
    kind = s.CharField(help_text="price, promotion, campaign, receipt")
    first = s.DateField()
    last = s.DateField()
    text = s.CharField()


class ForecastDetailOut(s.Serializer):
    sku = s.CharField()
    as_of = s.DateField()
    method = s.CharField()
    horizon_days = s.IntegerField()
    mean_units = s.ListField(child=s.FloatField())
    quantile_units = s.DictField(child=s.ListField(child=s.FloatField()))
    contributions = s.DictField(
        child=s.ListField(child=s.FloatField()),
        help_text="Cause → units per day; together, day by day, they are mean_units.",
    )
    demand_class = s.CharField()
    history_days = s.IntegerField()
    days_missing = s.IntegerField()
    checks = CheckOut(many=True)
    warehouses = WarehousePartOut(many=True)
    said_then = SaidThenOut(many=True)
    events = EventOut(many=True)


class WhatIfQuery(s.Serializer):
    price_minor = s.IntegerField(required=False, min_value=1, max_value=MOST_MINOR)
    promotion = s.ChoiceField(["planned", "none", "all"], required=False)
    lead_time_days = s.IntegerField(required=False, min_value=0, max_value=200)
    service_level = s.FloatField(required=False, min_value=0.5, max_value=0.999)


class WhatIfOut(s.Serializer):
    mean_units = s.ListField(child=s.FloatField())
    quantile_units = s.DictField(child=s.ListField(child=s.FloatField()))
    change_units = s.FloatField(help_text="Over the horizon, against the forecast as it stands.")
    change_low_units = s.FloatField()
    change_high_units = s.FloatField()
    unanswered = s.CharField(help_text="Why a price or promotion has no answer; else empty.")
    order_units = s.IntegerField()
    reorder_point = s.IntegerField()
    order_up_to_level = s.IntegerField()
    order_by_on = s.DateField(allow_null=True)
    expected_minor = s.IntegerField(allow_null=True)
    expected_low_minor = s.IntegerField(allow_null=True)
    expected_high_minor = s.IntegerField(allow_null=True)
