"""A supplier's promises against what he did."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from access.figures import figure, percent
from inventory.bar_charts import share_bars
from inventory.models import Supplier
from inventory.services.scorecards import Scorecard, scorecard_of
from shop.money import format_money

if TYPE_CHECKING:
    from inventory.ml.scorecard import Interval  # numpy: not at start-up

MAY_SEE = "inventory.view_supplier"


def page(request: HttpRequest, code: str) -> HttpResponse:
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
    card = scorecard_of(get_object_or_404(Supplier, code=code))
    context = admin.site.each_context(request) | {
        "title": _("Scorecard of %(supplier)s") % {"supplier": card.supplier},
        "opts": Supplier._meta,
        "card": card,
        "figures": _figures(card),
        "chart": _chart(card.lead_days),
        "orders": [
            (one, "–" if one.value_minor is None else _money(one.value_minor, card))
            for one in card.open_orders
        ],
    }
    return TemplateResponse(request, "inventory/scorecard.html", context)


def _money(minor: int, card: Scorecard) -> str:
    return format_money(minor, card.supplier.currency)


def _figures(card: Scorecard) -> list[dict[str, str]]:
    scores = card.scores
    return [
        _figure(_("Mean delay (days)"), scores.delay_days, partial(figure, digits=1, signed=True)),
        _figure(_("Arrived on time"), scores.on_time_rate, percent),
        _figure(_("Fill rate"), scores.fill_rate, percent),
        _trend(card.trend),
    ]


def _figure(label: str, found: Interval | None, shown: Any) -> dict[str, str]:
    if found is None:
        return {"label": label, "value": "–", "note": _("too few deliveries")}
    note = _("80 %%: %(low)s to %(high)s; n = %(n)s") % {
        "low": shown(found.low),
        "high": shown(found.high),
        "n": found.n,
    }
    return {"label": label, "value": shown(found.value), "note": note}


def _trend(found: Interval | None) -> dict[str, str]:
    label = _("Prices in a year")
    if found is None:
        return {"label": label, "value": "–", "note": _("no SKU was bought twice")}
    note = _("80 %% of SKUs: %(low)s to %(high)s; n = %(n)s SKUs") % {
        "low": _signed(found.low),
        "high": _signed(found.high),
        "n": found.n,
    }
    return {"label": label, "value": _signed(found.value), "note": note}


def _signed(rate: float) -> str:
    return percent(rate, 1, signed=True)


def _chart(days: list[int]) -> Any:
    """Deliveries by weeks of lead time."""
    if not days:
        return ""
    weeks = Counter(day // 7 for day in days)
    return share_bars(
        [
            (f"{7 * week}–{7 * week + 6}", weeks[week], str(weeks[week]))
            for week in range(min(weeks), max(weeks) + 1)
        ][:60]
    )
