"""Why is this here? The list as the shop would show it now, for any person and placement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop.models import Customer

PLACEMENTS = [("home", _("home page")), ("product", _("product page")), ("cart", _("cart"))]
MAY_SEE = "recommendations.view_recommendation"


class WhyForm(forms.Form):
    """Whose list to look at."""

    placement = forms.ChoiceField(choices=PLACEMENTS, initial="home", label=_("Placement"))
    customer = forms.CharField(required=False, max_length=64, label=_("Customer number"))
    visitor = forms.CharField(required=False, max_length=64, label=_("Visitor"))
    sku = forms.CharField(
        required=False,
        max_length=2000,
        label=_("SKU"),
        help_text=_("The page's SKU, or the cart's SKUs with commas between."),
    )

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
        fields = super().clean() or {}
        if fields.get("placement", "home") != "home" and not fields.get("sku"):
            self.add_error("sku", _("This placement needs a SKU."))
        return fields


def page(request: HttpRequest) -> HttpResponse:
    """The list as the shop would show it now, with sources, scores, reasons and gates."""
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
    form = WhyForm(request.GET or {"placement": "home"})
    context = {
        **admin.site.each_context(request),
        "title": gettext("Why is this here?"),
        "form": form,
        "found": _explained(form.cleaned_data) if form.is_valid() else None,
    }
    return TemplateResponse(request, "recommendations/why.html", context)


def _explained(chosen: dict[str, Any]) -> Any:
    from recommendations.services.asking import Ask  # these load numeric libraries
    from recommendations.services.explaining import explain

    ask = Ask(
        placement=chosen["placement"],
        customer=chosen["customer"],
        visitor=chosen["visitor"].strip(),
        skus=chosen["sku"],
    )
    return explain(ask)
