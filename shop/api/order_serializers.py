"""What comes in and goes out about orders, payments, parcels and returns."""

from __future__ import annotations

from rest_framework import serializers as s

from shop.api.serializers import MAX_LINES, Code, CustomerIn, Minor, Units
from shop.models import LineKind, OrderState


class WantedLineIn(s.Serializer):
    sku = Code()
    units = Units()


class NewOrderIn(s.Serializer):
    lines = WantedLineIn(many=True, min_length=1, max_length=MAX_LINES)
    customer = CustomerIn(required=False, allow_null=True, default=None)
    channel = Code(required=False, default="", max_length=32)
    cart = Code(required=False, default="")
    country = s.CharField(required=False, default="", max_length=60)
    discount_minor = Minor(required=False, default=0)
    discount_text = s.CharField(required=False, default="", max_length=200)
    coupon = Code(required=False, default="", max_length=40, help_text="Not with another discount.")
    shipping_minor = Minor(required=False, default=0)
    visitor = Code(required=False, default="")
    session = Code(required=False, default="")
    expected_total_minor = Minor(required=False, allow_null=True, default=None)


STEPS = [state for state in OrderState.choices if state[0] not in ("placed", "part_shipped")]


class StepIn(s.Serializer):
    """Partly shipped is no step: a parcel makes it so."""

    to = s.ChoiceField(STEPS)
    note = s.CharField(required=False, default="", max_length=200)


class ReturnLineIn(s.Serializer):
    position = s.IntegerField(min_value=0, max_value=10_000)
    units = Units()


class ReturnIn(s.Serializer):
    number = Code()
    lines = ReturnLineIn(many=True, min_length=1, max_length=MAX_LINES)
    reason = s.CharField(required=False, default="", max_length=200)
    restock = s.BooleanField(default=True)


class PieceIn(s.Serializer):
    position = s.IntegerField(min_value=0, max_value=10_000)
    units = Units()
    sku = Code(required=False, default="", help_text="Of a kit: this component only.")


class ParcelIn(s.Serializer):
    number = Code()
    lines = PieceIn(many=True, min_length=1, max_length=MAX_LINES)
    warehouse = Code(required=False, default="", max_length=32)
    carrier = s.CharField(required=False, default="", max_length=60)
    tracking_code = s.CharField(required=False, default="", max_length=100)
    note = s.CharField(required=False, default="", max_length=200)


class RefundIn(s.Serializer):
    number = Code()
    amount_minor = Minor(min_value=1)
    reason = s.CharField(required=False, default="", max_length=200)


class PaidBackIn(s.Serializer):
    number = Code()


class ExchangeIn(s.Serializer):
    number = Code()
    lines = ReturnLineIn(many=True, min_length=1, max_length=MAX_LINES)
    wanted = WantedLineIn(many=True, min_length=1, max_length=MAX_LINES)
    restock = s.BooleanField(default=True)


class OrderLineOut(s.Serializer):
    position = s.IntegerField()
    sku = s.CharField(allow_null=True)
    text = s.CharField()
    units = s.IntegerField()
    unit_price_minor = s.IntegerField()
    total_minor = s.IntegerField()
    kind = s.ChoiceField(LineKind.choices)
    discount_minor = s.IntegerField(help_text="Its share of the order's discount.")
    tax_minor = s.IntegerField()
    tax_basis_points = s.IntegerField(
        allow_null=True, help_text="2000 is 20 %; null: no rate was known."
    )


class ShipmentOut(s.Serializer):
    number = s.CharField()
    carrier = s.CharField()
    tracking_code = s.CharField()
    shipped_at = s.DateTimeField()


class OrderOut(s.Serializer):
    number = s.CharField()
    state = s.ChoiceField(OrderState.choices)
    currency = s.CharField()
    items_minor = s.IntegerField()
    total_minor = s.IntegerField()
    prices_include_tax = s.BooleanField()
    tax_minor = s.IntegerField(help_text="Within the total.")
    placed_at = s.DateTimeField()
    pay_by = s.DateTimeField(allow_null=True, help_text="Unpaid after this, it is cancelled.")
    lines = OrderLineOut(many=True)
    shipments = ShipmentOut(many=True)


class PaymentReportOut(s.Serializer):
    outcome = s.ChoiceField(["recorded", "ignored"])
    order = s.CharField(allow_null=True)
    state = s.ChoiceField(OrderState.choices, allow_null=True)


class ReturnOut(s.Serializer):
    number = s.CharField()
    order = s.CharField()
    currency = s.CharField()
    refund_minor = s.IntegerField()
    reason = s.CharField()
    returned_at = s.DateTimeField()


class AllocationOut(s.Serializer):
    sku = s.CharField()
    warehouse = s.CharField()
    units = s.IntegerField()
    shipped_units = s.IntegerField()
    cancelled_units = s.IntegerField()
    returned_units = s.IntegerField()


class MerchantOrderLineOut(OrderLineOut):
    allocations = AllocationOut(many=True)


class BalanceOut(s.Serializer):
    claim_minor = s.IntegerField(help_text="What the order costs now, after refunds.")
    paid_minor = s.IntegerField()
    paid_back_minor = s.IntegerField()
    refunded_minor = s.IntegerField(help_text="Promised back.")
    refundable_minor = s.IntegerField()
    customer_owes_minor = s.IntegerField()
    shop_owes_minor = s.IntegerField()


class PaymentOut(s.Serializer):
    provider = s.CharField()
    reference = s.CharField()
    currency = s.CharField()
    authorised_minor = s.IntegerField()
    captured_minor = s.IntegerField()
    refunded_minor = s.IntegerField()
    voided_minor = s.IntegerField()
    created_at = s.DateTimeField()


class RefundOut(s.Serializer):
    number = s.CharField()
    currency = s.CharField()
    amount_minor = s.IntegerField()
    tax_minor = s.IntegerField()
    reason = s.CharField()
    refunded_at = s.DateTimeField()


class OrderReturnOut(s.Serializer):
    number = s.CharField()
    currency = s.CharField()
    refund_minor = s.IntegerField()
    reason = s.CharField()
    returned_at = s.DateTimeField()


class MerchantOrderDetailOut(OrderOut):
    customer = s.CharField(allow_null=True)
    country = s.CharField()
    is_history = s.BooleanField()
    lines = MerchantOrderLineOut(many=True)
    balance = BalanceOut()
    payments = PaymentOut(many=True)
    refunds = RefundOut(many=True)
    returns = OrderReturnOut(many=True)


class ExchangeOut(s.Serializer):
    number = s.CharField()
    credit_minor = s.IntegerField()
    order = MerchantOrderDetailOut()
    new_order = MerchantOrderDetailOut()
