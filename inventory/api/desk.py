"""The purchase plan by money, stock health, scorecards, and all about one forecast."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem
from access.api.views import MerchantView
from inventory.api import desk_shapes as shapes
from inventory.models import (
    DemandForecast,
    PurchaseOrderLine,
    SkuHealth,
    Supplier,
    WarehouseForecast,
)
from inventory.services.forecast_check import check_forecast, count_facts
from inventory.services.forecast_events import sku_events
from inventory.services.forecast_what_if import NoWhatIfError
from inventory.services.scorecards import Scorecard, scorecard_of
from inventory.services.stock_health import stock_health_totals
from inventory.services.what_if_order import Question, ask
from inventory.services.worklist import PlanFilter, plan_lines


class PurchasePlan(MerchantView):
    needs = {"GET": "inventory.view_purchaseorder"}

    @extend_schema(parameters=[shapes.PlanQuery], responses=shapes.PlanLineOut(many=True))
    def get(self, request: Request) -> Response:
        """Lines of suggested purchase orders, newest first; money and last safe day of each."""
        chosen = self.checked(shapes.PlanQuery, request.query_params)
        return self.page(
            plan_lines(PlanFilter(**chosen)), lambda rows: [_line(row) for row in rows]
        )


class StockHealth(MerchantView):
    needs = {"GET": "inventory.view_skuhealth"}

    @extend_schema(responses=shapes.HealthTotalsOut)
    def get(self, request: Request) -> Response:
        """The shop as one, as of the last night; null where nothing is known."""
        return Response(asdict(stock_health_totals()))


class SkuHealths(MerchantView):
    needs = {"GET": "inventory.view_skuhealth"}

    @extend_schema(parameters=[shapes.HealthQuery], responses=shapes.SkuHealthOut(many=True))
    def get(self, request: Request) -> Response:
        """Each SKU's stock: sold, value, age, excess, chance to be sold out by each day."""
        chosen = self.checked(shapes.HealthQuery, request.query_params)
        found = SkuHealth.objects.all()
        if "sku" in chosen:
            found = found.filter(variant__sku=chosen["sku"])
        if "least_risk" in chosen:
            found = found.filter(out_risk_28__gte=chosen["least_risk"])
        names = [name for name in shapes.SkuHealthOut().fields if name != "sku"]
        rows = found.values("pk", "variant__sku", *names)
        return self.page(
            rows,
            lambda page: [
                {"sku": row["variant__sku"]} | {name: row[name] for name in names} for row in page
            ],
        )


class SupplierScorecard(MerchantView):
    needs = {"GET": "inventory.view_supplier"}

    @extend_schema(responses=shapes.ScorecardOut)
    def get(self, request: Request, code: str) -> Response:
        """Promised against done, each figure with n and interval; null under five deliveries."""
        supplier = Supplier.objects.filter(code=code).first()
        if supplier is None:
            raise Http404
        return Response(_card(scorecard_of(supplier)))


class ForecastDetail(MerchantView):
    needs = {"GET": "inventory.view_demandforecast"}

    @extend_schema(responses=shapes.ForecastDetailOut)
    def get(self, request: Request, sku: str) -> Response:
        """The newest forecast of a SKU: what it is made of, the eight checks, what was said then."""
        row = _forecast(sku)
        counted = count_facts(row)
        names = ("as_of", "method", "horizon_days", "mean_units", "quantile_units")
        names += ("contributions", "demand_class", "history_days", "days_missing")
        return Response(
            {"sku": sku}
            | {name: getattr(row, name) for name in names}
            | {
                "checks": [
                    {
                        "name": one.name,
                        "state": one.state,
                        "evidence": one.evidence,
                        "adds_units": one.adds_units,
                    }
                    for one in check_forecast(row, counted)
                ],
                "warehouses": [
                    _part(part) for part in row.by_warehouse.select_related("warehouse")
                ],
                "said_then": [asdict(one) for one in counted.said],
                "events": [
                    asdict(one) for one in sku_events(row.variant_id, counted.past.first, row.as_of)
                ],
            }
        )


class WarehouseForecasts(MerchantView):
    needs = {"GET": "inventory.view_warehouseforecast"}

    @extend_schema(
        parameters=[shapes.WarehouseForecastQuery],
        responses=shapes.WarehouseForecastOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Each warehouse's part of the SKUs' forecasts, newest first; means sum to the SKU's."""
        chosen = self.checked(shapes.WarehouseForecastQuery, request.query_params)
        found = WarehouseForecast.objects.select_related("forecast__variant", "warehouse")
        columns = {
            "sku": "forecast__variant__sku",
            "warehouse": "warehouse__code",
            "as_of": "forecast__as_of",
        }
        found = found.filter(**{columns[name]: value for name, value in chosen.items()})
        return self.page(
            found,
            lambda rows: [
                {"sku": row.forecast.variant.sku, "as_of": row.forecast.as_of} | _part(row)
                for row in rows
            ],
        )


def _part(row: WarehouseForecast) -> dict[str, Any]:
    return {
        "warehouse": row.warehouse.code,
        "share": row.share,
        "mean_units": row.mean_units,
        "quantile_units": row.quantile_units,
    }


class ForecastWhatIf(MerchantView):
    needs = {"GET": "inventory.view_demandforecast"}

    @extend_schema(parameters=[shapes.WhatIfQuery], responses=shapes.WhatIfOut)
    def get(self, request: Request, sku: str) -> Response:
        """The forecast, and the order it would make, under other terms. Writes nothing."""
        chosen = self.checked(shapes.WhatIfQuery, request.query_params)
        row = _forecast(sku)
        try:
            answer = ask(row, Question(**chosen))
        except NoWhatIfError as error:
            said = {"field": "sku", "message": str(error), "code": "no-forecast"}
            raise Problem("invalid", status=400, errors=[said]) from error
        moved = answer.moved
        return Response(
            {
                "mean_units": answer.mean_units,
                "quantile_units": answer.quantile_units,
                "change_units": moved.change_units if moved else 0.0,
                "change_low_units": moved.low_units if moved else 0.0,
                "change_high_units": moved.high_units if moved else 0.0,
                "unanswered": answer.no_price,
                "order_units": answer.order["units"],
                "reorder_point": answer.order["reorder_point"],
                "order_up_to_level": answer.order["order_up_to_level"],
                "order_by_on": answer.order_by_on if answer.order["units"] else None,
                "expected_minor": answer.order["expected_minor"],
                "expected_low_minor": answer.order["expected_low_minor"],
                "expected_high_minor": answer.order["expected_high_minor"],
            }
        )


def _forecast(sku: str) -> DemandForecast:
    found = DemandForecast.objects.filter(variant__sku=sku).order_by("-as_of")
    row = found.select_related("variant__elasticity", "model_run").first()
    if row is None:
        raise Http404
    return row


def _line(line: PurchaseOrderLine) -> dict[str, Any]:
    order = line.order
    outer = ("order", "supplier", "warehouse", "sku", "currency", "assumptions")
    names = [name for name in shapes.PlanLineOut().fields if name not in outer]
    return {
        "order": order.number,
        "supplier": order.supplier.code if order.supplier else None,
        "warehouse": order.warehouse.code,
        "sku": line.variant.sku,
        "currency": order.currency,
        "assumptions": line.assumption_texts,
    } | {name: getattr(line, name) for name in names}


def _card(card: Scorecard) -> dict[str, Any]:
    learned = card.learned
    return {
        "supplier": card.supplier.code,
        "promised_days": card.promised_days,
        "p50_days": learned.p50_days if learned else None,
        "p90_days": learned.p90_days if learned else None,
        "deliveries": len(card.lead_days),
        "deliveries_missing": card.deliveries_missing,
        **asdict(card.scores),
        "price_trend": asdict(card.trend) if card.trend else None,
        "open_orders": [asdict(one) for one in card.open_orders],
        "open_count": card.open_count,
    }
