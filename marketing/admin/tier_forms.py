"""The terms of a programme as typed: one form for the programme, one per tier."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from marketing.models import ProgrammeState, TierFigure, TierProgramme
from marketing.services.tiers.programmes import MOST_TIERS, Terms, TierTerms, terms_of
from shop.models import CouponOffer, OfferState
from shop.money import MoneyError, from_minor, to_minor

EMPTY_ROWS = 1
OFFERED = 200


class ProgrammeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=100, required=False)
    code = forms.SlugField(label=_("Code"), max_length=40)
    figure = forms.ChoiceField(label=_("Measured by"), choices=TierFigure.choices)
    window_days = forms.IntegerField(
        label=_("Orders of so many days"), min_value=7, max_value=1095, initial=365
    )
    grace_days = forms.IntegerField(
        label=_("Days of grace below the threshold"), min_value=0, max_value=366, initial=30
    )
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput({"type": "date"}))
    ends_on = forms.DateField(
        label=_("Last day, if any"), required=False, widget=forms.DateInput({"type": "date"})
    )

    def __init__(self, *given: Any, programme: TierProgramme | None = None, **said: Any):
        super().__init__(*given, **said)
        if programme:
            self.fields["code"].disabled = True
            self.fields["figure"].disabled = programme.first_checked_at is not None
        for field in self.fields.values():
            field.widget.attrs["class"] = "mk-input"
            if isinstance(field.widget, forms.DateInput):
                field.widget.format = "%Y-%m-%d"


class TierForm(forms.Form):
    """Money is typed as 100.50 and kept as 10050; orders as they are."""

    name = forms.CharField(label=_("Name"), max_length=60, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=60, required=False)
    code = forms.SlugField(label=_("Code"), max_length=40, required=False)
    enter_at = forms.DecimalField(label=_("Won from"), min_value=0, max_digits=15, required=False)
    stay_at = forms.DecimalField(label=_("Kept from"), min_value=0, max_digits=15, required=False)
    offer_code = forms.ChoiceField(label=_("Coupon on entering"), required=False)

    def __init__(self, *given: Any, offers: list[tuple[str, str]], **said: Any):
        super().__init__(*given, **said)
        offer = self.fields["offer_code"]
        assert isinstance(offer, forms.ChoiceField)
        held = (self.initial or {}).get("offer_code", "")
        kept = [(held, held)] if held and held not in dict(offers) else []
        offer.choices = [("", "–"), *offers, *kept]
        for field in self.fields.values():
            field.widget.attrs["class"] = "mk-input"

    @property
    def is_empty(self) -> bool:
        return not any(self.cleaned_data.get(name) for name in ("name", "code", "enter_at"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if self.errors or self.is_empty:
            return said
        for name in ("name", "code", "enter_at"):
            if not said.get(name):
                self.add_error(name, _("This is needed."))
        return said


class TermsForm:
    """Both kinds together. `terms` after `is_valid()`."""

    def __init__(self, programme: TierProgramme | None, data: QueryDict | None = None):
        self.programme, self.data = programme, data
        known = terms_of(programme) if programme else None
        self.head = ProgrammeForm(
            data, programme=programme, initial=_head_initial(programme) if programme else None
        )
        offers = CouponOffer.objects.filter(state=OfferState.LIVE).order_by("code")[:OFFERED]
        choices = [(one.code, f"{one.code} · {one.value}") for one in offers]
        held = list(known.tiers) if known else []
        count = min(MOST_TIERS, max(len(held) + EMPTY_ROWS, 3))
        self.rows = [
            TierForm(
                data, prefix=f"tier{n}", offers=choices,
                initial=_row_initial(held[n], programme) if programme and n < len(held) else None,
            )
            for n in range(count)
        ]  # fmt: skip

    def is_valid(self) -> bool:
        checked = [self.head.is_valid(), *(row.is_valid() for row in self.rows)]
        return all(checked)

    @property
    def code(self) -> str:
        return self.head.cleaned_data["code"]

    @property
    def terms(self) -> Terms:
        """Raises MoneyError for an amount that is none."""
        said = {name: value for name, value in self.head.cleaned_data.items() if name != "code"}
        is_money = said["figure"] != TierFigure.ORDERS
        rows = [row.cleaned_data for row in self.rows if not row.is_empty]
        tiers = sorted((_tier(row, is_money) for row in rows), key=lambda one: one.enter_at)
        return Terms(tiers=tuple(tiers), **said)


def _head_initial(programme: TierProgramme) -> dict[str, Any]:
    names = (
        "name",
        "name_zh",
        "code",
        "figure",
        "window_days",
        "grace_days",
        "starts_on",
        "ends_on",
    )
    return {name: getattr(programme, name) for name in names}


def _row_initial(tier: TierTerms, programme: TierProgramme) -> dict[str, Any]:
    def typed(value: int) -> Any:
        return from_minor(value) if programme.is_money else value

    return {
        "name": tier.name, "name_zh": tier.name_zh, "code": tier.code,
        "enter_at": typed(tier.enter_at), "stay_at": typed(tier.stay_at),
        "offer_code": tier.offer_code,
    }  # fmt: skip


def _tier(row: dict[str, Any], is_money: bool) -> TierTerms:
    """Kept from nothing named: from what wins it."""
    kept = row["enter_at"] if row["stay_at"] is None else row["stay_at"]
    if not is_money and any(one != one.to_integral_value() for one in (row["enter_at"], kept)):
        raise MoneyError(_("Orders are whole numbers."))
    enter, stay = (to_minor(one) if is_money else int(one) for one in (row["enter_at"], kept))
    return TierTerms(
        row["code"], row["name"], enter, stay, row["name_zh"], row.get("offer_code") or ""
    )


def may_change(programme: TierProgramme | None) -> bool:
    return programme is None or programme.state != ProgrammeState.STOPPED
