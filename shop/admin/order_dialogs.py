"""The small forms on an order's page. Each carries a number made with it: sent twice, done once."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from shop.admin.base import MinorField
from shop.models import Order
from shop.services.orders.line_progress import progress_of
from shop.services.orders.orders import WantedLine
from shop.services.stock.allocations import allocations_of

MOST_LINES = 200


def new_number() -> str:
    return f"BO-{uuid.uuid4().hex[:12].upper()}"


class OrderDialog(BaseDialogForm):
    """One field of units per row of the order that can still move, then the dialog's own."""

    number = forms.CharField(widget=forms.HiddenInput, initial=new_number, max_length=64)
    prefix_: ClassVar[str] = "units_"

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        order = Order.objects.filter(pk=self.object_id).first()
        rows = self.rows(order)[:MOST_LINES] if order else []
        own = dict(self.fields)
        self.fields.clear()
        for pk, label, most, initial in rows:
            self.fields[f"{self.prefix_}{pk}"] = forms.IntegerField(
                label=label,
                min_value=0,
                max_value=most,
                initial=initial,
                required=False,
                widget=UnfoldAdminIntegerFieldWidget,
            )
        self.fields.update(own)

    def rows(self, order: Order) -> list[tuple[int, str, int, int]]:
        """(key, label, most units, units to begin with)."""
        return []

    @property
    def units(self) -> dict[int, int]:
        return {
            int(name.removeprefix(self.prefix_)): units
            for name, units in self.cleaned_data.items()
            if name.startswith(self.prefix_) and units
        }


class ParcelDialog(OrderDialog):
    carrier = forms.CharField(
        label=_("Carrier"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget
    )
    tracking_code = forms.CharField(
        label=_("Tracking code"), max_length=100, required=False, widget=UnfoldAdminTextInputWidget
    )

    def rows(self, order: Order) -> list[tuple[int, str, int, int]]:
        still = [one for one in allocations_of(order) if one.open_units]
        first = still[0].warehouse_id if still else None
        return [
            (
                one.pk,
                f"{one.variant.sku} · {one.warehouse} ({one.open_units})",
                one.open_units,
                one.open_units if one.warehouse_id == first else 0,
            )
            for one in still
        ]


class ReturnDialog(OrderDialog):
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )
    restock = forms.BooleanField(
        label=_("Sound: back on the shelf"),
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
    )

    def rows(self, order: Order) -> list[tuple[int, str, int, int]]:
        return [
            (one.line.pk, f"{one.line.text} ({one.returnable_units})", one.returnable_units, 0)
            for one in progress_of(order).values()
            if one.returnable_units
        ]


class ExchangeDialog(ReturnDialog):
    reason = None
    wanted = forms.CharField(
        label=_("Instead: one SKU a line, with units after a space (TEA-1 2)"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def clean_wanted(self) -> tuple[WantedLine, ...]:
        lines = [line.split() for line in self.cleaned_data["wanted"].splitlines() if line.strip()]
        if any(len(line) > 2 or not ([*line, "1"])[1].isdecimal() for line in lines):
            raise forms.ValidationError(_("One SKU a line, with units after a space."))
        return tuple(WantedLine(line[0], int(([*line, "1"])[1])) for line in lines[:MOST_LINES])


class RefundDialog(OrderDialog):
    amount_minor = MinorField(label=_("Amount"), max_digits=15)
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class NumberDialog(OrderDialog):
    """Nothing to fill in, and still done once."""
