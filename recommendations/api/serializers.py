"""The shapes of what is asked and answered."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s

from recommendations.ml.chains import ABOUT_PRODUCTS, ORDER

MAX_LIMIT = 50
MAX_SKUS = 200
AFTER_AN_ORDER = "post_purchase"


def skus_of(text: str) -> tuple[str, ...]:
    """`A,B,C`. Raises ValueError for more than MAX_SKUS."""
    skus = tuple(sku.strip() for sku in text.split(",") if sku.strip())
    if len(skus) > MAX_SKUS:
        raise ValueError(len(skus))
    return skus


class SkuList(s.CharField):
    """`A,B,C`, at most MAX_SKUS."""

    def to_internal_value(self, data: object) -> tuple[str, ...]:
        text = super().to_internal_value(data)
        if "\x00" in text:  # the field's own check comes after, and sees a tuple
            raise s.ValidationError(_("Printable characters only."), code="not_printable")
        try:
            return skus_of(text)
        except ValueError as error:
            most = _("At most %(most)s SKUs.") % {"most": MAX_SKUS}
            raise s.ValidationError(most) from error


class RecommendationAsk(s.Serializer):
    LANGUAGES = ("en", "zh")

    placement = s.ChoiceField(list(ORDER), default="home")
    customer = s.CharField(required=False, max_length=64, help_text=_("The customer's code."))
    visitor = s.CharField(required=False, max_length=64, help_text=_("The browser's id."))
    session = s.CharField(
        required=False,
        max_length=64,
        help_text=_(
            "The visit's id: of a visitor who is no customer yet only this visit counts, once"
            " something is known of it."
        ),
    )
    order = s.CharField(
        required=False,
        max_length=64,
        help_text=_("After an order: its number; what goes with its goods is shown."),
    )
    channel = s.CharField(
        required=False,
        max_length=32,
        help_text=_("The channel's code: its own prices count beside those for all channels."),
    )
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
    language = s.ChoiceField(LANGUAGES, required=False)

    def validate(self, asked: dict) -> dict:
        refuse_what_is_missing(asked["placement"], asked["sku"], asked.get("order", ""))
        return asked


def refuse_what_is_missing(placement: str, skus: tuple[str, ...], order: str) -> None:
    """Raises ValidationError where a placement is not told what it is about."""
    if skus or placement not in ABOUT_PRODUCTS:
        return
    if placement != AFTER_AN_ORDER:
        raise s.ValidationError({"sku": _("This placement needs a SKU.")})
    if not order:
        raise s.ValidationError({"order": _("This placement needs an order, or SKUs.")})


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
    ring_fence = s.IntegerField(
        required=False,
        help_text=_("In a flash sale: the quota to name when the cart reserves it."),
    )


class RecommendationOut(s.Serializer):
    placement = s.CharField()
    items = RecommendedOut(many=True)
    receipt = s.UUIDField(help_text=_("Send it back with impressions and clicks."))
    model_run = s.IntegerField(allow_null=True)
