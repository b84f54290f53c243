"""Everything about one SKU's forecast on one page, and what it would be if."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.figures import points
from inventory.admin.forecast_parts import warehouses, waterfall
from inventory.charts import MARK_KINDS, Fan, Mark, fan_chart
from inventory.models import DemandForecast
from inventory.services.forecast_check import Counted, check_forecast, count_facts
from inventory.services.forecast_events import SkuEvent, sku_events
from inventory.services.forecast_what_if import NoWhatIfError
from inventory.services.what_if_order import Answer, Question, ask
from shop.money import format_money, from_minor, to_minor

MAY_SEE = "inventory.view_demandforecast"
LEVEL_PERCENT = (80, 85, 90, 95, 97, 98, 99)
MARK_NAMES = {
    "promotion": gettext_lazy("reduced"),
    "campaign": gettext_lazy("campaign"),
    "price": gettext_lazy("new list price"),
    "receipt": gettext_lazy("goods received"),
}


class WhatIfForm(forms.Form):
    """The sliders. Empty = as it stands; what cannot be is said beside the field."""

    price = forms.DecimalField(required=False, min_value=0, max_digits=12, decimal_places=3)
    promotion = forms.ChoiceField(
        required=False,
        choices=[
            ("planned", gettext_lazy("as planned")),
            ("none", gettext_lazy("on no day")),
            ("all", gettext_lazy("on every day")),
        ],
    )
    lead_time_days = forms.IntegerField(required=False, min_value=0, max_value=200)
    service_percent = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[(n, f"{n} %") for n in LEVEL_PERCENT]
    )

    def question(self) -> Question:
        given = self.cleaned_data
        price, percent = given["price"], given["service_percent"]
        return Question(
            price_minor=to_minor(price) if price else None,
            promotion=given["promotion"] or "planned",
            lead_time_days=given["lead_time_days"],
            service_level=percent / 100 if percent else None,
        )


def page(request: HttpRequest, sku: str) -> HttpResponse:
    row = _row(request, sku)
    counted = count_facts(row)
    context = admin.site.each_context(request) | {
        "title": _("Forecast of %(sku)s") % {"sku": row.variant.sku},
        "opts": DemandForecast._meta,
        "row": row,
        "checks": check_forecast(row, counted),
        "chart": _chart(row, counted, row.mean_units, row.quantile_units),
        "legend": [(MARK_NAMES[kind], MARK_KINDS[kind][1]) for kind in MARK_KINDS],
        "horizon": _horizon(row.mean_units, row.quantile_units),
        "made_of": waterfall(row),
        "warehouses": warehouses(row),
        "own_percent": points(row.basis.get("own_share", 1.0)),
        "said": list(reversed(counted.said)),
        "inside": sum(bool(one.is_inside) for one in counted.said),
        "compared": counted.facts.compared,
        "price": _price_range(row),
        "levels": LEVEL_PERCENT,
    }
    if not row.is_refused:
        context["answer"] = _shown(ask(row, Question()))
        context["standing"] = context["answer"]
    return TemplateResponse(request, "inventory/forecast.html", context)


def what_if_part(request: HttpRequest, sku: str) -> HttpResponse:
    """The answer to the sliders alone: a fragment for the page."""
    row = _row(request, sku)
    form = WhatIfForm(request.GET)
    if not form.is_valid():
        return TemplateResponse(
            request, "inventory/what_if.html", {"errors": form.errors}, status=400
        )
    try:
        answer = _shown(ask(row, form.question()))
    except NoWhatIfError as error:
        return TemplateResponse(request, "inventory/what_if.html", {"problem": str(error)})
    return TemplateResponse(request, "inventory/what_if.html", {"answer": answer, "row": row})


def _row(request: HttpRequest, sku: str) -> DemandForecast:
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
    found = DemandForecast.objects.filter(variant__sku=sku).order_by("-as_of")
    row = found.select_related("variant__product", "variant__elasticity", "model_run").first()
    if row is None:
        raise Http404
    return row


def _chart(row: DemandForecast, counted: Counted, mean: list, quantiles: dict) -> Any:
    if row.is_refused:
        return ""
    past = counted.past
    last = row.as_of + timedelta(days=row.horizon_days)
    events = sku_events(row.variant_id, past.first, last)
    return fan_chart(
        Fan(
            starts_on=row.as_of + timedelta(days=1),
            units=past.units,
            out_of_stock=past.out_of_stock,
            mean=mean,
            quantiles=quantiles,
            marks=[_mark(event, past.first) for event in events],
        )
    )


def _mark(event: SkuEvent, first: date) -> Mark:
    days = [(day - first).days for day in (event.first, event.last)]
    when = f"{event.first:%Y-%m-%d}"
    if event.last > event.first:
        when += f" – {event.last:%Y-%m-%d}"
    return Mark(event.kind, *days, f"{when}: {event.text}")


def _horizon(mean: list[float], quantiles: dict[str, list[float]]) -> dict[str, float]:
    """Sum of the days and the mean daily interval; none of a refused row."""
    if not mean:
        return {}
    return {
        "units": sum(mean),
        "low": sum(quantiles["0.1"]) / len(mean),
        "high": sum(quantiles["0.9"]) / len(mean),
        "each": sum(mean) / len(mean),
    }


def _price_range(row: DemandForecast) -> dict[str, Any] | None:
    if row.price_minor is None:
        return None
    price = from_minor(row.price_minor)
    return {"now": price, "least": price / 2, "most": price * 3 / 2, "step": price / 100}


def _shown(answer: Answer) -> dict[str, Any]:
    """An answer as the fragment shows it."""
    order, moved = answer.order, answer.moved
    return {
        "horizon": _horizon(answer.mean_units, answer.quantile_units),
        "moved": moved,
        "no_price": answer.no_price,
        "order": order,
        "terms": answer.terms,
        "service_percent": round(100 * answer.terms["cycle_service_level"]),
        "is_late": order["order_by_days"] < 0,
        "order_by_on": answer.order_by_on,
        "earns": _money(order),
    }


def _money(order: dict[str, Any]) -> str:
    names = ("expected_minor", "expected_low_minor", "expected_high_minor")
    bounds = [order[name] for name in names]
    if not order["units"] or bounds[0] is None:
        return ""
    return "{} ({} – {})".format(*map(format_money, bounds))
