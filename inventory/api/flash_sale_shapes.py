"""Flash sales as they come in, checked field by field, and as they go out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s

from inventory.models import FlashSaleState
from inventory.services.flash_sales import MOST_LINES, MOST_UNITS


class Printable(s.CharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.isprintable():
            raise s.ValidationError(_("Printable characters only."), code="not_printable")
        return text


class FlashSaleFilter(s.Serializer):
    state = s.ChoiceField(FlashSaleState.choices, required=False)


class FlashSaleLineIn(s.Serializer):
    sku = Printable(max_length=64)
    price_minor = s.IntegerField(min_value=0, max_value=10**15 - 1)
    units = s.IntegerField(min_value=1, max_value=MOST_UNITS, help_text="Set aside for the sale.")
    warehouse = Printable(
        required=False,
        default="",
        allow_blank=True,
        max_length=32,
        help_text="None: the one that ships first.",
    )


class FlashSaleIn(s.Serializer):
    name = Printable(max_length=200)
    name_zh = Printable(required=False, default="", allow_blank=True, max_length=200)
    starts_at = s.DateTimeField(help_text="Without a time zone: in the shop's.")
    ends_at = s.DateTimeField()
    lines = FlashSaleLineIn(many=True, max_length=MOST_LINES)


class FlashSaleOut(s.Serializer):
    id = s.IntegerField()
    name = s.CharField()
    name_zh = s.CharField()
    state = s.CharField()
    starts_at = s.DateTimeField()
    ends_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True, help_text="When it really ended or was called off.")
    decision = s.UUIDField(allow_null=True, help_text="The receipt of the approval.")


class FlashSaleLineOut(s.Serializer):
    sku = s.CharField()
    warehouse = s.CharField()
    price_minor = s.IntegerField()
    before_minor = s.IntegerField(allow_null=True, help_text="The price that it replaces.")
    units = s.IntegerField(help_text="Set aside.")
    available = s.IntegerField(allow_null=True, help_text="Of a draft: may be set aside now.")
    left = s.IntegerField(allow_null=True, help_text="Not sold; null before the approval.")
    in_carts = s.IntegerField(allow_null=True)


class SkuSoldOut(s.Serializer):
    sku = s.CharField()
    units = s.IntegerField(help_text="Everything ordered in the window that stands.")
    revenue_minor = s.IntegerField()
    before_minor = s.IntegerField(
        allow_null=True, help_text="The same units at the price that was replaced."
    )


class FlashSaleDetailOut(FlashSaleOut):
    lines = FlashSaleLineOut(many=True)
    sold = SkuSoldOut(many=True)
    reasons = s.ListField(
        child=s.CharField(), help_text="What speaks against approving the draft now."
    )
    is_counted = s.BooleanField(help_text="Whether the purchase plan reckons with it.")
    basis = s.CharField(help_text="What the expectation rests on; numbers: planned-demand.")
    is_too_late = s.BooleanField(help_text="For some SKU it is too late to order.")
