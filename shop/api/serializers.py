"""What comes in, checked field by field; and what goes out, for the OpenAPI document.

Rows go out as plain dicts (rows.py): a ModelSerializer costs a list most of its speed.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s

from shop.models import OrderState, PriceKind, Product, Purpose, Reservation

MAX_UNITS = 1_000_000
MAX_MINOR = 10**15
MAX_LINES = 200


class Code(s.CharField):
    """A SKU, a customer's code, a cart: short and without control characters."""

    def __init__(self, **options: Any):
        super().__init__(**{"max_length": 64} | options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.isprintable():
            raise s.ValidationError(_("Printable characters only."), code="not_printable")
        return text


class Units(s.IntegerField):
    def __init__(self, **options: Any):
        super().__init__(**{"min_value": 1, "max_value": MAX_UNITS} | options)


class Minor(s.IntegerField):
    """Money in minor units of its currency."""

    def __init__(self, **options: Any):
        super().__init__(**{"min_value": 0, "max_value": MAX_MINOR} | options)


# In, storefront


class ProductFilter(s.Serializer):
    category = Code(required=False)
    brand = Code(required=False)
    search = s.CharField(required=False, max_length=100)
    language = s.ChoiceField(["en", "zh"], required=False)


class LanguageChoice(s.Serializer):
    language = s.ChoiceField(["en", "zh"], required=False)


class EventBatch(s.Serializer):
    """The events are checked one by one by the service: one bad event spoils no other."""

    events = s.ListField(child=s.JSONField(), min_length=1, max_length=1000)
    sent_at = s.DateTimeField(
        required=False, allow_null=True, help_text=_("The sender's clock when it sent them.")
    )


class IdentityIn(s.Serializer):
    customer = Code()
    visitor = Code(required=False, default="", allow_blank=True)


class NewReservation(s.Serializer):
    sku = Code()
    units = Units()
    minutes = s.IntegerField(min_value=1, max_value=24 * 60, default=15)
    ring_fence = s.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text=_("In a flash sale: the quota that its recommendation named."),
    )


class LongerReservations(s.Serializer):
    minutes = s.IntegerField(min_value=1, max_value=24 * 60, default=15)


class CartFilter(s.Serializer):
    sku = Code(required=False)


class CustomerIn(s.Serializer):
    code = Code()
    email = s.EmailField(required=False, default="")
    name = s.CharField(required=False, default="", max_length=200)
    phone = s.CharField(required=False, default="", max_length=32)
    country = s.CharField(required=False, default="", max_length=60)
    language = s.ChoiceField(["en", "zh"], required=False, default="")


class ConsentIn(s.Serializer):
    customer = Code()
    purpose = s.ChoiceField(Purpose.choices)
    granted = s.BooleanField()
    source = s.CharField(max_length=80, default="storefront")


# In, merchant


class VariantFilter(s.Serializer):
    sku = Code(required=False)
    product = Code(required=False)
    is_active = s.BooleanField(required=False, allow_null=True, default=None)


class MerchantProductFilter(s.Serializer):
    state = s.ChoiceField(Product.State.choices, required=False)
    category = Code(required=False)
    brand = Code(required=False)
    search = s.CharField(required=False, max_length=100)


class OrderFilter(s.Serializer):
    state = s.ChoiceField(OrderState.choices, required=False)
    customer = Code(required=False)
    since = s.DateTimeField(required=False)
    until = s.DateTimeField(required=False)


class CustomerFilter(s.Serializer):
    code = Code(required=False)
    email = s.EmailField(required=False)
    country = s.CharField(required=False, max_length=60)


class PriceIn(s.Serializer):
    sku = Code()
    amount_minor = Minor()
    kind = s.ChoiceField(PriceKind.choices, default=PriceKind.LIST)
    valid_from = s.DateTimeField(required=False, allow_null=True, default=None)
    valid_until = s.DateTimeField(required=False, allow_null=True, default=None)
    channel = Code(required=False, default="", max_length=32)


class HoldIn(s.Serializer):
    reason = s.CharField(max_length=200)


# Out


class PriceOut(s.Serializer):
    amount_minor = s.IntegerField()
    currency = s.CharField()
    amount = s.CharField(help_text="The same in major units, as text.")
    kind = s.ChoiceField(PriceKind.choices)
    valid_until = s.DateTimeField(allow_null=True)
    prior_amount_minor = s.IntegerField(
        required=False,
        allow_null=True,
        help_text="What may be struck through: docs/ledgers.md; null where nothing may.",
    )
    reduction_percent = s.IntegerField(
        required=False, allow_null=True, help_text="Rounded down; null where none may be said."
    )


class VariantOut(s.Serializer):
    sku = s.CharField()
    name = s.CharField()
    attributes = s.JSONField()
    price = PriceOut(allow_null=True)
    available = s.BooleanField(help_text="Can be bought now.")
    available_units = s.IntegerField(allow_null=True, help_text="Null: not counted.")


class ProductOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()
    brand = s.CharField(allow_null=True)
    category = s.CharField(allow_null=True)
    images = s.ListField(child=s.CharField())
    variants = VariantOut(many=True)


class ProductDetailOut(VariantOut):
    product = s.CharField()
    description = s.CharField()
    brand = s.CharField(allow_null=True)
    category = s.CharField(allow_null=True)
    images = s.ListField(child=s.CharField())
    other_skus = s.ListField(child=s.CharField())


class EventErrorOut(s.Serializer):
    index = s.IntegerField()
    field = s.CharField()
    message = s.CharField()


class IdentityOut(s.Serializer):
    customer = s.CharField()
    identity = s.CharField()
    expires_at = s.DateTimeField()


class EventsOut(s.Serializer):
    accepted = s.IntegerField()
    duplicates = s.IntegerField()
    bots = s.IntegerField()
    errors = EventErrorOut(many=True)  # type: ignore[assignment]


class ReservationOut(s.Serializer):
    sku = s.CharField()
    kit = s.CharField(allow_null=True, help_text="The kit that this is a component of.")
    units = s.IntegerField()
    state = s.ChoiceField(Reservation.State.choices)
    expires_at = s.DateTimeField()


class CartOut(s.Serializer):
    cart = s.CharField()
    reservations = ReservationOut(many=True)


class ReleasedOut(s.Serializer):
    cart = s.CharField()
    released = s.IntegerField()


class ConsentOut(s.Serializer):
    customer = s.CharField()
    purpose = s.ChoiceField(Purpose.choices)
    granted = s.BooleanField()
    source = s.CharField()
    recorded_at = s.DateTimeField()


class MerchantProductOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()
    name_zh = s.CharField()
    state = s.ChoiceField(Product.State.choices)
    brand = s.CharField(allow_null=True)
    category = s.CharField(allow_null=True)
    attributes = s.JSONField()
    updated_at = s.DateTimeField()


class MerchantVariantOut(s.Serializer):
    sku = s.CharField()
    product = s.CharField()
    name = s.CharField()
    barcode = s.CharField()
    cost_minor = s.IntegerField(allow_null=True)
    is_active = s.BooleanField()
    tracks_stock = s.BooleanField()
    available_units = s.IntegerField()


class MerchantOrderOut(s.Serializer):
    number = s.CharField()
    state = s.ChoiceField(OrderState.choices)
    customer = s.CharField(allow_null=True)
    channel = s.CharField(allow_null=True)
    currency = s.CharField()
    total_minor = s.IntegerField()
    country = s.CharField()
    placed_at = s.DateTimeField()
    is_history = s.BooleanField()


class CustomerOut(s.Serializer):
    code = s.CharField()
    email = s.CharField()
    name = s.CharField()
    phone = s.CharField()
    country = s.CharField()
    language = s.CharField()
    created_at = s.DateTimeField()


class HoldOut(s.Serializer):
    sku = s.CharField()
    held = s.BooleanField()
    reason = s.CharField()
