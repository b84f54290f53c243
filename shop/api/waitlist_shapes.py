"""The waitlist as it comes in, checked field by field, and as it goes out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s

from shop.api.serializers import Code, Units
from shop.models import WaitlistState

EITHER_THING = _("Give either a SKU or a product.")
EITHER_PERSON = _("Give either a customer or an e-mail address.")


class WaitlistIn(s.Serializer):
    sku = Code(required=False, default="", help_text="Exactly this SKU.")
    product = Code(required=False, default="", help_text="Any SKU of this product.")
    customer = Code(required=False, default="")
    email = s.EmailField(required=False, default="", help_text="Of a guest; needs `consent`.")
    consent = s.BooleanField(required=False, default=False, help_text="Agreed to be told.")
    units = Units(required=False, default=1)
    channel = Code(required=False, default="", allow_blank=True, max_length=32)
    source = s.CharField(required=False, default="storefront", max_length=80)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["sku"]) == bool(attrs["product"]):
            raise s.ValidationError({"sku": [EITHER_THING]})
        if bool(attrs["customer"]) == bool(attrs["email"]):
            raise s.ValidationError({"customer": [EITHER_PERSON]})
        return attrs


class OwnWaitlist(s.Serializer):
    customer = Code(required=False, default="")
    email = s.EmailField(required=False, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["customer"]) == bool(attrs["email"]):
            raise s.ValidationError({"customer": [EITHER_PERSON]})
        return attrs


class WaitlistOut(s.Serializer):
    id = s.UUIDField()
    sku = s.CharField(allow_null=True)
    product = s.CharField(allow_null=True)
    units = s.IntegerField()
    state = s.ChoiceField(WaitlistState.choices)
    consent = s.BooleanField()
    created_at = s.DateTimeField()
    expires_at = s.DateTimeField()
    closed_at = s.DateTimeField(allow_null=True)


class WaitlistFilter(s.Serializer):
    sku = Code(required=False)
    product = Code(required=False)
    customer = Code(required=False)
    state = s.ChoiceField(WaitlistState.choices, required=False)
    since = s.DateTimeField(required=False)
    until = s.DateTimeField(required=False)


class MerchantWaitlistOut(WaitlistOut):
    customer = s.CharField(allow_null=True)
    contact = s.CharField()
    channel = s.CharField(allow_null=True)
    source = s.CharField()


class ServableFilter(s.Serializer):
    sku = Code(required=False)


class ServableOut(s.Serializer):
    id = s.UUIDField()
    sku = s.CharField(help_text="What they would get.")
    units = s.IntegerField(help_text="So many of them are there, in turn.")
    wanted_units = s.IntegerField()
    customer = s.CharField(allow_null=True)
    contact = s.CharField()
    consent = s.BooleanField()
    created_at = s.DateTimeField()
