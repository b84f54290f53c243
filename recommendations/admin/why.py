"""Why is this here? The list as the shop would show it now, for any person and placement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from recommendations.models import Placement
from recommendations.words import placement_name, source_name
from shop.models import Customer

MAY_SEE = "recommendations.view_recommendation"
AFTER_ORDER = "post_purchase"


class WhyForm(forms.Form):
    """Whose list to look at."""

    placement = forms.ChoiceField(initial="home", label=_("Placement"))
    customer = forms.CharField(required=False, max_length=64, label=_("Customer number"))
    visitor = forms.CharField(required=False, max_length=64, label=_("Visitor"))
    sku = forms.CharField(
        required=False,
        max_length=2000,
        label=_("SKU"),
        help_text=_("The page's SKU, or the cart's SKUs with commas between."),
    )
    order = forms.CharField(
        required=False,
        max_length=64,
        label=_("Order number"),
        help_text=_("After the purchase: instead of SKUs."),
    )
    about = forms.CharField(
        required=False,
        max_length=64,
        label=_("Why not this SKU?"),
        help_text=_("Says what keeps it out of the list."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        from recommendations.ml.chains import ORDER

        named = [(code, placement_name(code).capitalize()) for code in ORDER]
        self.fields["placement"].choices = named

    def clean_customer(self) -> Customer | None:
        code = self.cleaned_data["customer"].strip()
        if not code:
            return None
        found = Customer.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("There is no customer with this number."))
        return found

    def clean_sku(self) -> tuple[str, ...]:
        text = self.cleaned_data["sku"]
        return tuple(sku.strip() for sku in text.split(",") if sku.strip())[:200]

    def clean(self) -> dict[str, Any]:
        from recommendations.ml.chains import ABOUT_PRODUCTS

        fields = super().clean() or {}
        place = fields.get("placement", "home")
        said = fields.get("sku") or (place == AFTER_ORDER and fields.get("order"))
        if place in ABOUT_PRODUCTS and not said:
            self.add_error("sku", _("This placement needs a SKU."))
        return fields


def page(request: HttpRequest) -> HttpResponse:
    """The list with sources, scores, reasons, rules and gates, and how it came about."""
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
    form = WhyForm(request.GET or {"placement": "home"})
    context = {
        **admin.site.each_context(request),
        "title": gettext("Why is this here?"),
        "form": form,
        **(_explained(form.cleaned_data) if form.is_valid() else {}),
        "may_rule": request.user.has_perm("recommendations.add_rule"),
    }
    return TemplateResponse(request, "recommendations/why.html", context)


def _explained(chosen: dict[str, Any]) -> dict[str, Any]:
    from recommendations.services.asking import Ask  # these load numeric libraries
    from recommendations.services.explaining import explain

    place, visitor = chosen["placement"], chosen["visitor"].strip()
    ask = Ask(
        placement=place,
        customer=chosen["customer"],
        visitor=visitor,
        skus=chosen["sku"],
        order=chosen["order"].strip(),
    )
    found = explain(ask, about=chosen["about"].strip())
    return {
        "found": found,
        "lines": [(line, source_name(line.source)) for line in found.lines],
        "settings": found.settings,
        "absence": found.absence,
        "sources": " → ".join(source_name(name) for name in found.settings.sources),
        "trial": _trial(place, chosen["customer"], visitor),
        "row": Placement.objects.filter(code=place).first(),
    }


def _trial(place: str, customer: Customer | None, visitor: str) -> Any:
    """The experiment that runs here and this person's arm, None where there is none."""
    from recommendations.services.trials import running_trials, trial_of

    experiment = running_trials(timezone.now()).get(place)
    if experiment is None:
        return None
    mine = trial_of(experiment, customer.pk if customer else None, visitor)
    return {"experiment": experiment, "arm": mine.arm if mine else ""}
