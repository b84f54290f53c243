"""A rule as a form: text for SKUs, money as it is typed, times in the shop's zone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from recommendations.models import Placement, Rule
from recommendations.words import placement_name
from shop.models import Attribute, Brand, Category
from shop.money import MoneyError, from_minor, to_minor

MOMENT = "%Y-%m-%dT%H:%M"


class PlacementChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Placement) -> str:
        return placement_name(obj.code).capitalize()


class SkuField(forms.CharField):
    """SKUs with commas or line ends between ↔ a list."""

    widget = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = (super().clean(value) or "").replace("\n", ",").replace(";", ",")
        return list(dict.fromkeys(sku.strip() for sku in text.split(",") if sku.strip()))


class MoneyField(forms.CharField):
    """12.50 ↔ 1250."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "size": 8})

    def prepare_value(self, value: Any) -> Any:
        return str(from_minor(value)) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        text = (super().clean(value) or "").strip().replace(",", ".")
        if not text:
            return None
        try:
            amount = to_minor(text)
        except MoneyError as error:
            raise forms.ValidationError(_("An amount like 12.50.")) from error
        if amount < 0:
            raise forms.ValidationError(_("Not below zero."))
        return amount


def moment_field(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        required=False,
        label=label,
        input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
    )


class RuleForm(forms.ModelForm):
    """Fields only; what a rule may be is said by services.rules."""

    placement = PlacementChoice(
        Placement.objects.all(), required=False, empty_label=_("Everywhere"), label=_("Where")
    )
    skus = SkuField(required=False, max_length=20_000, label=_("SKUs"))
    category = forms.ModelChoiceField(
        Category.objects.all(), required=False, empty_label="–", label=_("Category")
    )
    brand = forms.ModelChoiceField(
        Brand.objects.all(), required=False, empty_label="–", label=_("Brand")
    )
    attribute = forms.ModelChoiceField(
        Attribute.objects.all(), required=False, empty_label="–", label=_("Attribute")
    )
    page_category = forms.ModelChoiceField(
        Category.objects.all(), required=False, empty_label="–", label=_("On pages of category")
    )
    price_from_minor = MoneyField(required=False, max_length=20, label=_("Price from"))
    price_to_minor = MoneyField(required=False, max_length=20, label=_("Price to"))
    starts_at = moment_field(_("From"))
    ends_at = moment_field(_("Until"))

    class Meta:
        model = Rule
        fields = [
            "name", "action", "position", "factor", "placement", "skus", "category", "brand",
            "attribute", "attribute_value", "price_from_minor", "price_to_minor", "same_category",
            "same_brand", "same_attribute", "price_than", "page_category", "starts_at", "ends_at",
            "is_on", "note",
        ]  # fmt: skip
        labels = {
            "name": _("Name"),
            "action": _("What"),
            "position": _("Place"),
            "factor": _("Times"),
            "attribute_value": _("Value"),
            "same_category": _("Of its category"),
            "same_brand": _("Of its brand"),
            "same_attribute": _("Of the same value of the attribute"),
            "price_than": _("Price beside its own"),
            "is_on": _("Switched on"),
            "note": _("Why"),
        }
        widgets = {
            "note": forms.Textarea(attrs={"rows": 2}),
            "position": forms.NumberInput(attrs={"min": 1, "max": 50}),
            "factor": forms.NumberInput(attrs={"min": 0, "step": "any"}),
        }

    def _post_clean(self) -> None:
        """The row is filled; services.rules checks it, with words for a merchant."""
        self.instance = forms.models.construct_instance(
            self, self.instance, self._meta.fields, self._meta.exclude
        )
        from recommendations.services.rules import problems_of, too_many  # numeric libraries

        for field, text in (problems_of(self.instance) | too_many(self.instance)).items():
            if field not in self.errors:
                self.add_error(field, text)


class TryForm(forms.Form):
    """On whom a change is tried."""

    place = forms.ChoiceField(required=False, label=_("Try on"))
    customers = forms.CharField(
        required=False,
        max_length=400,
        label=_("Customer numbers"),
        widget=forms.TextInput(attrs={"placeholder": "C-1, C-2"}),
        help_text=_("Empty: five customers drawn at random."),
    )
    sku = forms.CharField(
        required=False,
        max_length=64,
        label=_("SKU of the page"),
        help_text=_("Empty: what sells best."),
    )
    seed = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        from recommendations.ml.chains import ORDER

        self.fields["place"].choices = [(code, placement_name(code).capitalize()) for code in ORDER]
