"""The shapes of what is asked and answered."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s

MAX_LIMIT = 50
MAX_SKUS = 200


class SkuList(s.CharField):
    """`A,B,C`, at most MAX_SKUS."""

    def to_internal_value(self, data: object) -> tuple[str, ...]:
        text = super().to_internal_value(data)
        if "\x00" in text:  # the field's own check comes after, and sees a tuple
            raise s.ValidationError(_("Printable characters only."), code="not_printable")
        skus = tuple(sku.strip() for sku in text.split(",") if sku.strip())
        if len(skus) > MAX_SKUS:
            raise s.ValidationError(_("At most %(most)s SKUs.") % {"most": MAX_SKUS})
        return skus


class RecommendationAsk(s.Serializer):
    placement = s.ChoiceField(["home", "product", "cart"], default="home")
    customer = s.CharField(required=False, max_length=64, help_text=_("The customer's code."))
    visitor = s.CharField(required=False, max_length=64, help_text=_("The browser's id."))
    sku = SkuList(
        required=False,
        default=(),
        max_length=20_000,
        help_text=_("The page's SKU, or the cart's SKUs with commas between."),
    )
    exclude = SkuList(
        required=False, default=(), max_length=20_000, help_text=_("SKUs not to offer.")
    )
    limit = s.IntegerField(default=10, min_value=1, max_value=MAX_LIMIT)
    language = s.ChoiceField(["en", "zh"], required=False)

    def validate(self, asked: dict) -> dict:
        if asked["placement"] != "home" and not asked["sku"]:
            raise s.ValidationError({"sku": _("This placement needs a SKU.")})
        return asked


class RecommendedPriceOut(s.Serializer):
    amount_minor = s.IntegerField()
    currency = s.CharField()
    amount = s.CharField()


class RecommendedOut(s.Serializer):
    position = s.IntegerField()
    sku = s.CharField()
    name = s.CharField()
    price = RecommendedPriceOut()
    reason = s.CharField()
    source = s.CharField()


class RecommendationOut(s.Serializer):
    placement = s.CharField()
    items = RecommendedOut(many=True)
    receipt = s.UUIDField(help_text=_("Send it back with impressions and clicks."))
    model_run = s.IntegerField(allow_null=True)
