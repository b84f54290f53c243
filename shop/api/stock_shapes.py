"""Stock as it comes in, checked field by field, and as it goes out, for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers as s

from shop.api.serializers import MAX_UNITS, Code, Units
from shop.models import MovementKind


class StockFilter(s.Serializer):
    sku = Code(required=False)
    warehouse = Code(required=False, max_length=32)


class MovementFilter(s.Serializer):
    sku = Code(required=False)
    warehouse = Code(required=False, max_length=32)
    kind = s.ChoiceField(MovementKind.choices, required=False)
    since = s.DateTimeField(required=False)
    until = s.DateTimeField(required=False)


class ReceiptIn(s.Serializer):
    sku = Code()
    warehouse = Code(max_length=32)
    units = Units()
    reference = s.CharField(required=False, default="", max_length=120)
    batch = Code(required=False, default="", allow_blank=True)
    expires_on = s.DateField(required=False, allow_null=True, default=None)


class AdjustmentIn(s.Serializer):
    sku = Code()
    warehouse = Code(max_length=32)
    delta_units = s.IntegerField(min_value=-MAX_UNITS, max_value=MAX_UNITS)
    reason = s.CharField(max_length=200)
    batch = Code(required=False, default="", allow_blank=True)


class CountIn(s.Serializer):
    sku = Code()
    warehouse = Code(max_length=32)
    counted_units = Units(min_value=0)
    reason = s.CharField(required=False, default="", max_length=200)


class TransferIn(s.Serializer):
    sku = Code()
    source = Code(max_length=32)
    target = Code(max_length=32)
    units = Units()
    batch = Code(required=False, default="", allow_blank=True)
    reason = s.CharField(required=False, default="", max_length=200)


class WriteOffIn(s.Serializer):
    sku = Code()
    warehouse = Code(max_length=32)
    batch = Code()
    reason = s.CharField(max_length=200)


class RingFenceIn(s.Serializer):
    sku = Code()
    warehouse = Code(max_length=32)
    units = Units()
    purpose = Code(max_length=120)
    ends_at = s.DateTimeField(required=False, allow_null=True, default=None)


class ReleaseIn(s.Serializer):
    units = Units(required=False, allow_null=True, default=None)


class StockOut(s.Serializer):
    sku = s.CharField()
    warehouse = s.CharField()
    on_hand = s.IntegerField()
    allocated = s.IntegerField()
    reserved = s.IntegerField()
    ring_fenced = s.IntegerField()
    available = s.IntegerField()


class MovementOut(s.Serializer):
    sku = s.CharField()
    warehouse = s.CharField()
    kind = s.ChoiceField(MovementKind.choices)
    on_hand_delta = s.IntegerField()
    allocated_delta = s.IntegerField()
    reserved_delta = s.IntegerField()
    ring_fenced_delta = s.IntegerField()
    batch = s.CharField(allow_null=True)
    ring_fence = s.IntegerField(allow_null=True)
    reference = s.CharField()
    reason = s.CharField()
    actor = s.CharField(allow_null=True)
    occurred_at = s.DateTimeField()


class TransferOut(s.Serializer):
    """The counters of both places after it."""

    source = StockOut()
    target = StockOut()


class WriteOffOut(StockOut):
    written_off_units = s.IntegerField()


class BatchOut(s.Serializer):
    sku = s.CharField()
    warehouse = s.CharField()
    code = s.CharField()
    expires_on = s.DateField(allow_null=True)
    on_hand = s.IntegerField()
    received_at = s.DateTimeField()


class RingFenceOut(s.Serializer):
    id = s.IntegerField()
    sku = s.CharField()
    warehouse = s.CharField()
    purpose = s.CharField()
    units = s.IntegerField()
    units_left = s.IntegerField()
    ends_at = s.DateTimeField(allow_null=True)
    released_at = s.DateTimeField(allow_null=True)
