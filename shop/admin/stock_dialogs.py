"""What a person types to move stock. Each key is made with the form: a button pressed twice acts once."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from shop.models import Warehouse

MOST_UNITS = 1_000_000


class KeyedDialog(BaseDialogForm):
    key = forms.CharField(widget=forms.HiddenInput, initial=lambda: f"admin:{uuid.uuid4()}")


class MovementDialog(KeyedDialog):
    units = forms.IntegerField(
        label=_("Units"), min_value=1, max_value=MOST_UNITS, widget=UnfoldAdminIntegerFieldWidget
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=120, required=False, widget=UnfoldAdminTextInputWidget
    )


def batch_field() -> forms.CharField:
    return forms.CharField(
        label=_("Batch"), max_length=64, required=False, widget=UnfoldAdminTextInputWidget
    )


class ReceiptDialog(MovementDialog):
    batch = batch_field()
    expires_on = forms.DateField(
        label=_("Expires on"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )


class AdjustmentDialog(MovementDialog):
    units = forms.IntegerField(
        label=_("Units more or less"),
        min_value=-MOST_UNITS,
        max_value=MOST_UNITS,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)
    batch = batch_field()


class CountDialog(MovementDialog):
    units = forms.IntegerField(
        label=_("Units counted on the shelf"),
        min_value=0,
        max_value=MOST_UNITS,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class TransferDialog(MovementDialog):
    target = forms.ModelChoiceField(
        label=_("To warehouse"), queryset=Warehouse.objects.all(), widget=UnfoldAdminSelectWidget
    )
    batch = batch_field()


class RingFenceDialog(KeyedDialog):
    units = forms.IntegerField(
        label=_("Units"), min_value=1, max_value=MOST_UNITS, widget=UnfoldAdminIntegerFieldWidget
    )
    purpose = forms.CharField(label=_("Purpose"), max_length=120, widget=UnfoldAdminTextInputWidget)
    ends_at = forms.DateTimeField(
        label=_("Until"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )


class WriteOffDialog(KeyedDialog):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)
