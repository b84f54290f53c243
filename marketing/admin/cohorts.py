"""Cohorts in the back office: page, file, and the wish to have them counted."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketing.admin.base import csv_file
from marketing.frames.cohorts import Who
from marketing.pages import cohorts as shown
from marketing.pages import payback
from marketing.services.customers.cohort_snapshots import Ask, ask_refresh, cohort_report

NEEDS = "marketing.view_segment"
WHO = ("category", "channel", "country", "segment")


class CohortForm(forms.Form):
    """The address: what is not among the choices is an error that the page names."""

    unit = forms.ChoiceField(choices=list(shown.UNITS.items()), required=False)
    measure = forms.ChoiceField(choices=list(shown.MEASURES.items()), required=False)
    category = forms.ChoiceField(required=False)
    channel = forms.ChoiceField(required=False)
    country = forms.ChoiceField(required=False)
    segment = forms.ChoiceField(required=False)

    def __init__(self, data: Any, choices: dict[str, list[tuple[str, str]]]):
        super().__init__(data)
        plural = {"category": "categories", "country": "countries"}
        for name in WHO:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("all")), *choices[plural.get(name, f"{name}s")]]
            field.label = LABELS[name]()
        self.fields["unit"].label, self.fields["measure"].label = _("periods"), _("figure")
        for field in self.fields.values():
            field.widget.attrs["class"] = "mk-input"


LABELS = {
    "category": lambda: _("first bought from"),
    "channel": lambda: _("first bought through"),
    "country": lambda: _("country"),
    "segment": lambda: _("in the segment now"),
}


def urls(site: AdminSite) -> list[URLPattern]:
    """Below marketing/segment/."""
    view = site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(_page(site)))
    return [path("cohorts/", view, name="marketing_cohorts")]


def _page(site: AdminSite) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(NEEDS):
            raise PermissionDenied
        form = CohortForm(request.GET, shown.filter_choices())
        asked = form.cleaned_data if form.is_valid() else {}
        ask = Ask(
            asked.get("unit") or "month", Who(**{name: asked.get(name) or "" for name in WHO})
        )
        if request.method == "POST":
            if ask_refresh(ask, request.user):
                messages.success(request, _("It is being counted; reload the page in a moment."))
            return redirect(request.get_full_path())
        found = cohort_report(ask) if form.is_valid() else None
        if found and request.GET.get("as") == "csv":
            rows = chain(shown.file_rows(found), payback.file_rows(found))
            return csv_file(f"cohorts_{ask.unit}", rows)
        measure = asked.get("measure") or "retention"
        context = {
            **site.each_context(request),
            "title": _("Cohorts"),
            "form": form,
            "found": found,
            "measure": measure,
            "measure_label": shown.MEASURES[measure],
            "unit": ask.unit,
            "query": request.GET.urlencode(),
            "payback": payback.payback_of(found) if found and measure == "margin" else None,
            **(shown.table_of(found, measure) | {"as_of": shown.as_of(found)} if found else {}),
        }
        return TemplateResponse(request, "marketing/cohorts.html", context)

    return view
