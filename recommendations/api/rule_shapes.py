"""The shapes of a rule as it comes in and goes out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as s

from recommendations.models import PriceThan, RuleAction

MOST_MINOR = 10**15


def _code(**terms: object) -> s.CharField:
    return s.CharField(required=False, allow_null=True, allow_blank=True, max_length=64, **terms)


class RuleFilter(s.Serializer):
    placement = s.CharField(required=False, max_length=40)
    is_on = s.BooleanField(required=False, allow_null=True, help_text=_("Empty: both."))


class RuleIn(s.Serializer):
    name = s.CharField(max_length=120)
    action = s.ChoiceField(RuleAction.choices)
    placement = _code(help_text=_("Empty: every placement."))
    skus = s.ListField(
        child=s.CharField(max_length=64), required=False, max_length=200,
        help_text=_("One of them must fit."),
    )  # fmt: skip
    category = _code(help_text=_("Its code; with all that lies below it."))
    brand = _code(help_text=_("Its code."))
    attribute = _code(help_text=_("Its code."))
    attribute_value = s.CharField(required=False, allow_blank=True, max_length=120)
    price_from_minor = s.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MOST_MINOR
    )
    price_to_minor = s.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MOST_MINOR
    )
    same_category = s.BooleanField(
        required=False, help_text=_("In the category of the page's product.")
    )
    same_brand = s.BooleanField(required=False, help_text=_("Of the brand of the page's product."))
    same_attribute = s.BooleanField(
        required=False,
        help_text=_("With the same value of the attribute as the page's product."),
    )
    price_than = s.ChoiceField(
        PriceThan.choices, required=False, allow_blank=True,
        help_text=_("Cheaper or dearer than the page's product."),
    )  # fmt: skip
    page_category = _code(help_text=_("Only on pages of products in this category, or below it."))
    position = s.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=50, help_text=_("Of a pin.")
    )
    factor = s.FloatField(
        required=False, allow_null=True, min_value=0, max_value=1_000,
        help_text=_("Of boost (above 1) and bury (below 1)."),
    )  # fmt: skip
    starts_at = s.DateTimeField(required=False, allow_null=True)
    ends_at = s.DateTimeField(required=False, allow_null=True)
    is_on = s.BooleanField(required=False)
    note = s.CharField(required=False, allow_blank=True, max_length=500)


class RuleChange(RuleIn):
    name = s.CharField(required=False, max_length=120)
    action = s.ChoiceField(RuleAction.choices, required=False)


class RuleOut(s.Serializer):
    id = s.IntegerField()
    name = s.CharField()
    action = s.ChoiceField(RuleAction.choices)
    placement = s.CharField(allow_null=True)
    skus = s.ListField(child=s.CharField())
    category = s.CharField(allow_null=True)
    brand = s.CharField(allow_null=True)
    attribute = s.CharField(allow_null=True)
    attribute_value = s.CharField(allow_blank=True)
    price_from_minor = s.IntegerField(allow_null=True)
    price_to_minor = s.IntegerField(allow_null=True)
    same_category = s.BooleanField()
    same_brand = s.BooleanField()
    same_attribute = s.BooleanField()
    price_than = s.ChoiceField(PriceThan.choices, allow_blank=True)
    page_category = s.CharField(allow_null=True)
    position = s.IntegerField(allow_null=True)
    factor = s.FloatField(allow_null=True)
    starts_at = s.DateTimeField(allow_null=True)
    ends_at = s.DateTimeField(allow_null=True)
    is_on = s.BooleanField()
    note = s.CharField(allow_blank=True)
    author = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    sentence = s.CharField(help_text=_("The rule in words."))


class ConflictOut(s.Serializer):
    text = s.CharField(help_text=_("What is wrong and what to do."))
    stops_it = s.BooleanField(help_text=_("Whether the rule does not do what it says."))
    other = s.IntegerField(allow_null=True, help_text=_("The other rule."))


class RuleDetailOut(RuleOut):
    conflicts = ConflictOut(many=True)
