"""What would be forecast, and ordered, under another price, promotion, lead time, service level."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from inventory.frames import preferred_items, stock_positions
from inventory.models import DemandForecast, SupplierItem
from inventory.planned_frames import extended_days, planned_extra, planning_quantiles
from inventory.services.costs import unit_costs_minor
from inventory.services.forecast_what_if import NoWhatIfError, WhatIf, what_if
from inventory.services.forecasts import day_correlation
from inventory.services.lead_days import lead_times
from inventory.services.plan_lines import PlanOptions
from inventory.services.targets import service_by_class
from shop.services.prices import prices_at

SEED = 42  # the night's
# Of a SKU that no plan has classed yet: the class depends on all SKUs of a night.
MIDDLE_CLASS = "BY"


@dataclass(frozen=True)
class Question:
    """None or "planned" = as it stands."""

    price_minor: int | None = None
    promotion: str = "planned"  # planned, none, all
    lead_time_days: int | None = None
    service_level: float | None = None


@dataclass(frozen=True)
class Answer:
    """The forecast and the order under a question; no_price says why price has no answer."""

    mean_units: list[float]
    quantile_units: dict[str, list[float]]
    moved: WhatIf | None
    no_price: str
    order: dict[str, Any]
    terms: dict[str, Any]
    order_by_on: Any


def ask(row: DemandForecast, question: Question) -> Answer:
    """The forecast, and one order for all warehouses together, recomputed now. Writes nothing.

    Raises NoWhatIfError for a SKU without a forecast.
    """
    from inventory.ml.reorder import plan_line

    moved, no_price = _moved(row, question)
    mean = moved.mean_units if moved else row.mean_units
    quantiles = moved.quantile_units if moved else row.quantile_units
    item = preferred_items([row.variant_id]).get(row.variant_id)
    terms = _terms(row, item, question)
    line = _line(row, (mean, quantiles), item, terms)
    found = plan_line(line, terms)
    by = timezone.localdate() + timedelta(days=found["order_by_days"])
    return Answer(mean, quantiles, moved, no_price, found, terms, by)


def _moved(row: DemandForecast, question: Question) -> tuple[WhatIf | None, str]:
    """The forecast under another price or promotion; none where nothing else is asked."""
    shares = {"none": 0.0, "all": 1.0}.get(question.promotion)
    promotion = None if shares is None else [shares] * row.horizon_days
    if question.price_minor is None and promotion is None:
        if row.is_refused:
            what_if(row)  # says why
        return None, ""
    try:
        return what_if(row, price_minor=question.price_minor, promotion=promotion), ""
    except NoWhatIfError as error:
        if row.is_refused:
            raise
        return None, str(error)


def _terms(row: DemandForecast, item: SupplierItem | None, question: Question) -> dict[str, Any]:
    options = PlanOptions()
    usual = service_by_class()[row.basis.get("service_class", MIDDLE_CLASS)]
    lead = lead_times([item])[item.pk].p50_days if item else options.no_supplier_lead_days
    review = item.supplier.review_period_days if item else options.no_supplier_review_days
    asked = question.lead_time_days
    return {
        "lead_time_days": lead if asked is None else asked,
        "lead_time_sd_days": item.supplier.lead_time_sd_days if item else 0.0,
        "review_period_days": review,
        "cycle_service_level": question.service_level or usual.cycle_service_level,
        "holding_rate": usual.holding_rate,
    }


def _line(
    row: DemandForecast, forecast: tuple, item: SupplierItem | None, terms: dict[str, Any]
) -> dict[str, Any]:
    import numpy as np

    from inventory.ml.lead_time import LeadTimeSimulator, longest_days
    from inventory.ml.metrics import LEVELS
    from inventory.ml.planned_units import add_extra

    lead, review, sd = (
        terms[name] for name in ("lead_time_days", "review_period_days", "lead_time_sd_days")
    )
    days = longest_days(lead, review, sd) + review
    mean = extended_days(row, np.array(forecast[0]), days)
    quantiles = np.array([forecast[1][level] for level in sorted(forecast[1])]).T
    demand = (mean, planning_quantiles(row, mean, extended_days(row, quantiles, days)))
    extra = planned_extra([row.variant_id], row.as_of + timedelta(days=1), days)
    if row.variant_id in extra:
        demand = add_extra(demand, extra[row.variant_id], LEVELS)
    simulator = LeadTimeSimulator(days, correlation=day_correlation(row.model_run), seed=SEED)
    found = simulator.protection(
        demand,
        lead_time_days=lead,
        review_period_days=review,
        lead_time_sd_days=sd,
        cycle_service_level=terms["cycle_service_level"],
    )
    return {
        "sku": row.variant.sku,
        "lead_units": found.lead_units.tolist(),
        "cycle_units": found.cycle_units.tolist(),
        "cover_units": found.cover_units.tolist(),
        "review_mean_units": found.review_mean_units,
        "moq": item.moq if item else 1,
        "pack_size": item.pack_size if item else 1,
        **_position(row.variant_id),
        **_money(row.variant_id),
    }


def _position(variant_id: int) -> dict[str, int]:
    total = {"on_hand": 0, "on_order": 0, "allocated": 0}
    for stock in stock_positions([variant_id]).values():
        for name in total:
            total[name] += getattr(stock, name)
    return total


def _money(variant_id: int) -> dict[str, int | None]:
    cost = unit_costs_minor([variant_id]).get(variant_id)
    price = prices_at([variant_id], timezone.now()).get(variant_id)
    if cost is None or price is None or price.currency != settings.SHOP_CURRENCY:
        return {"unit_cost_minor": cost, "unit_margin_minor": None}
    return {"unit_cost_minor": cost, "unit_margin_minor": price.amount_minor - cost}
