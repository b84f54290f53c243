"""The price ledger: one adds a price, and nobody changes one."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import display

from shop.admin.base import CappedPaginator, MinorField, NewestInline, ShopAdmin, link, money
from shop.models import Price, PriceEnding
from shop.money import format_money
from shop.services.prices import PriceError, PriceTerms, refuse_what_cannot_be, set_price

KIND_COLOURS = {"list": "info", "campaign": "warning", "flash": "danger"}


class PriceForm(forms.ModelForm):
    amount = MinorField(label=_("Price"), min_value=0, max_digits=15)
    # Pressing the button twice sends the same key: one price.
    key = forms.CharField(widget=forms.HiddenInput, initial=lambda: f"admin:{uuid.uuid4()}")

    class Meta:
        model = Price
        fields = ["variant", "channel", "kind", "valid_from", "valid_until"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "valid_from" in self.fields:  # a row that is only looked at has no fields
            self.fields["valid_from"].required = False
            self.fields["valid_from"].help_text = _("Empty: from now on.")

    def terms(self) -> PriceTerms:
        said = self.cleaned_data
        return PriceTerms(
            said["kind"], said.get("valid_from"), said.get("valid_until"), said.get("channel")
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if self.errors:
            return said
        try:
            begins = said.get("valid_from") or timezone.now()
            refuse_what_cannot_be(said["amount"], self.terms(), begins)
        except PriceError as refusal:
            raise ValidationError(str(refusal)) from refusal
        return said

    def _post_clean(self) -> None:
        """The service writes the row; there is no instance to validate."""


class PriceEndingInline(NewestInline):
    model = PriceEnding
    fields = ["was_until", "ends_at", "source", "recorded_at"]


@admin.register(Price)
class PriceAdmin(ShopAdmin):
    paginator = CappedPaginator
    form = PriceForm
    list_display = ["sku", "amount", "kind_", "channel", "valid_from", "valid_until", "source"]
    list_select_related = ["variant", "channel"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("variant", AutocompleteSelectFilter),
        ("valid_from", RangeDateTimeFilter),
    ]
    search_fields = ["variant__sku"]
    autocomplete_fields = ["variant", "channel"]

    def get_fields(self, request: HttpRequest, obj: Price | None = None) -> list[Any]:
        if obj is not None:
            return [("sku", "amount_"), ("kind", "channel"), ("valid_from", "valid_until"),
                    "source", "key", "recorded_at"]  # fmt: skip
        return ["variant", ("kind", "channel"), "amount", "valid_from", "valid_until", "key"]

    def get_inlines(self, request: HttpRequest, obj: Price | None = None) -> list[Any]:
        return [PriceEndingInline] if obj is not None else []

    def get_readonly_fields(self, request: HttpRequest, obj: Price | None = None) -> list[str]:
        return ["sku", "amount_"] if obj is not None else []

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Price, form: PriceForm, change: bool) -> None:
        said = form.cleaned_data
        source = f"user:{request.user.get_username()}"[:80]
        made = set_price(
            said["variant"],
            said["amount"],
            key=said["key"],
            source=source,
            terms=form.terms(),
        )
        obj.__dict__.update(made.__dict__)

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, price: Price) -> str:
        return link(price.variant)

    @display(description=_("price"), ordering="amount_minor")
    def amount(self, price: Price) -> str:
        return money(price.amount_minor, price.currency)

    @display(description=_("price"))
    def amount_(self, price: Price) -> str:
        return format_money(price.amount_minor, price.currency)

    @display(description=_("kind"), ordering="kind", label=KIND_COLOURS)
    def kind_(self, price: Price) -> tuple[str, str]:
        return price.kind, price.get_kind_display()
