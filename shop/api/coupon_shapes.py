"""Coupons and their offers as they come in, checked field by field, and as they go out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s

from shop.api.order_serializers import WantedLineIn
from shop.api.serializers import MAX_LINES, Code, Minor
from shop.models import CouponMove, CouponState, OfferState
from shop.models.catalogue import CODE
from shop.services.coupons.redeeming import LineNote, Reason

MAX_NAMED = 200
EITHER_PERSON = _("Give either a customer or an e-mail address.")


class QuoteIn(s.Serializer):
    code = Code(max_length=40)
    customer = Code(required=False, default="", help_text="Whose cart it is.")
    email = s.EmailField(required=False, default="", help_text="Or her e-mail address.")
    lines = WantedLineIn(many=True, min_length=1, max_length=MAX_LINES)
    channel = Code(required=False, default="", max_length=32)
    country = s.CharField(required=False, default="", max_length=60)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["customer"]) == bool(attrs["email"]):
            raise s.ValidationError({"customer": [EITHER_PERSON]})
        return attrs


class QuoteLineOut(s.Serializer):
    sku = s.CharField()
    units = s.IntegerField()
    total_minor = s.IntegerField()
    discount_minor = s.IntegerField()
    note = s.ChoiceField(LineNote.choices)


class QuoteOut(s.Serializer):
    code = s.CharField()
    usable = s.BooleanField()
    reason = s.ChoiceField(Reason.choices, allow_null=True, help_text="Why not; null: usable.")
    message = s.CharField(help_text="The reason in the reader's language.")
    currency = s.CharField()
    goods_minor = s.IntegerField()
    discount_minor = s.IntegerField()
    valid_until = s.DateTimeField(allow_null=True, help_text="null: not this customer's code.")
    lines = QuoteLineOut(many=True)


class OfferIn(s.Serializer):
    code = s.CharField(max_length=40, validators=[CODE])
    name = s.CharField(max_length=120)
    name_zh = s.CharField(required=False, default="", max_length=120)
    percent = s.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=90
    )
    most_minor = Minor(min_value=1, help_text="The amount; of a percentage the most.")
    least_order_minor = Minor(required=False, default=0)
    categories = s.ListField(child=Code(), required=False, default=list, max_length=MAX_NAMED)
    products = s.ListField(child=Code(), required=False, default=list, max_length=MAX_NAMED)
    skus = s.ListField(child=Code(), required=False, default=list, max_length=MAX_NAMED)
    valid_days = s.IntegerField(min_value=1, max_value=366)
    last_on = s.DateField(required=False, allow_null=True, default=None)
    most_uses = s.IntegerField(min_value=1, max_value=10**9)
    once_per_customer = s.BooleanField(default=True)
    budget_minor = Minor(min_value=1)


class OfferFilter(s.Serializer):
    code = Code(required=False)
    state = s.ChoiceField(OfferState.choices, required=False)


class OfferOut(s.Serializer):
    id = s.IntegerField()
    code = s.CharField()
    revision = s.IntegerField()
    name = s.CharField()
    state = s.ChoiceField(OfferState.choices)
    percent = s.IntegerField(allow_null=True)
    most_minor = s.IntegerField()
    currency = s.CharField()
    least_order_minor = s.IntegerField()
    valid_days = s.IntegerField()
    last_on = s.DateField(allow_null=True)
    most_uses = s.IntegerField()
    once_per_customer = s.BooleanField()
    budget_minor = s.IntegerField()
    open_coupons = s.IntegerField()
    redeemed_coupons = s.IntegerField()
    held_minor = s.IntegerField()
    spent_minor = s.IntegerField()
    decided_at = s.DateTimeField(allow_null=True)
    stopped_at = s.DateTimeField(allow_null=True)


class OfferDetailOut(OfferOut):
    categories = s.ListField(child=s.CharField())
    products = s.ListField(child=s.CharField())
    skus = s.ListField(child=s.CharField())
    left_coupons = s.IntegerField(help_text="By uses and by budget.")
    expired_coupons = s.IntegerField()
    revoked_coupons = s.IntegerField()


class OfferDecisionIn(s.Serializer):
    to = s.ChoiceField([OfferState.LIVE, OfferState.STOPPED])


class CouponFilter(s.Serializer):
    customer = Code(required=False)
    offer = Code(required=False)
    state = s.ChoiceField(CouponState.choices, required=False)
    order = Code(required=False)


class CouponOut(s.Serializer):
    code = s.CharField()
    offer = s.CharField()
    revision = s.IntegerField()
    customer = s.CharField()
    state = s.ChoiceField(CouponState.choices)
    occasion = s.CharField()
    issued_at = s.DateTimeField()
    valid_until = s.DateTimeField()
    order = s.CharField(allow_null=True)
    discount_minor = s.IntegerField(allow_null=True)


class CouponMovementOut(s.Serializer):
    kind = s.ChoiceField(CouponMove.choices)
    at = s.DateTimeField()
    order = s.CharField(allow_null=True)
    spent_minor_delta = s.IntegerField()
    by = s.CharField(allow_null=True)
    note = s.CharField()


class CouponDetailOut(CouponOut):
    movements = CouponMovementOut(many=True)


class RevocationIn(s.Serializer):
    note = s.CharField(required=False, default="", max_length=200)
