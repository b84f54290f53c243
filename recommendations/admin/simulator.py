"""The panel beside an editor: the change in words, its conflicts, and lists before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from recommendations.admin.rule_form import TryForm
from recommendations.models import Placement, Rule
from shop.models import Customer

MOST_CUSTOMERS = 5
MOST_RULES = 1_000


def rule_panel(request: HttpRequest, rule: Rule) -> HttpResponse:
    """The lists with this rule beside the lists without what was changed of it."""
    from recommendations.rule_words import rule_sentence
    from recommendations.services.placements import settings_with
    from recommendations.services.rule_conflicts import conflicts_of

    form, now = TryForm(request.POST), timezone.now()
    form.is_valid()
    place = form.cleaned_data.get("place") or "home"
    if rule.placement:
        place = rule.placement.code
    saved = list(_every_rule(now))
    changed = [one for one in saved if one.pk != rule.pk]
    changed.append(rule)
    changed.sort(key=lambda one: one.pk or float("inf"))  # the older of two pins has the place
    context = {
        "sentence": rule_sentence(rule),
        "conflicts": conflicts_of(rule, saved, now),
        "after": settings_with(place, now, rules=changed),
        "before": settings_with(place, now, rules=saved),
        "now": now,
    }
    return _panel(request, form, place, context)


def placement_panel(request: HttpRequest, row: Placement) -> HttpResponse:
    """The lists by the settings in the form beside those by what is saved."""
    from recommendations.services.placements import settings_with

    form, now = TryForm(request.POST), timezone.now()
    form.is_valid()
    before = settings_with(row.code, now, row=Placement.objects.get(pk=row.pk))
    after = settings_with(row.code, now, row=row)
    return _panel(request, form, row.code, {"before": before, "after": after, "now": now})


def problem_panel(request: HttpRequest, form: forms.BaseForm) -> HttpResponse:
    """Why nothing can be tried yet. 200: the panel shows it as it shows everything else."""
    lines = [
        f"{form.fields[name].label}: {text}" if name in form.fields else text
        for name, texts in form.errors.items()
        for text in texts
    ]
    return TemplateResponse(request, "recommendations/panel.html", {"problems": lines})


def _panel(
    request: HttpRequest, form: TryForm, place: str, context: dict[str, Any]
) -> HttpResponse:
    from recommendations.ml.chains import ABOUT_PRODUCTS
    from recommendations.services.previews import previews
    from recommendations.words import placement_name

    people, unknown = _people(form)
    found = previews(
        context.pop("before"),
        context.pop("after"),
        people or [None],
        context.pop("now"),
        sku=form.cleaned_data.get("sku", "").strip(),
    )
    context |= {
        "previews": found,
        "changed": sum(one.is_changed for one in found),
        "unknown": unknown,
        "place": placement_name(place),
        "about_sku": found[0].sku if place in ABOUT_PRODUCTS and found else "",
    }
    return TemplateResponse(request, "recommendations/panel.html", context)


def _people(form: TryForm) -> tuple[list[Customer], str]:
    """Those who were named, else a sample by the seed; and what is wrong with the names."""
    from recommendations.services.previews import sample_of_customers

    text = form.cleaned_data.get("customers", "")
    codes = [code.strip() for code in text.split(",") if code.strip()][:MOST_CUSTOMERS]
    if not codes:
        return sample_of_customers(form.cleaned_data.get("seed") or 0), ""
    found = {one.code: one for one in Customer.objects.filter(code__in=codes)}
    missing = [code for code in codes if code not in found]
    said = _("There is no customer %(codes)s.") % {"codes": ", ".join(missing)} if missing else ""
    return [found[code] for code in codes if code in found], said


def _every_rule(now: datetime) -> Any:
    every = Rule.objects.beside(now, None)
    named = every.select_related("placement", "category", "brand", "attribute", "page_category")
    return named.order_by("pk")[:MOST_RULES]
