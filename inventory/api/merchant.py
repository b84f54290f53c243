"""Forecasts and purchase orders for staff and their programs. Writes call a service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.problems import Problem, describe
from access.api.views import MerchantView
from decisions.services.receipts import DecisionClosedError
from inventory.api import serializers as shapes
from inventory.models import DemandForecast, PurchaseOrder, PurchaseOrderLine
from inventory.services import purchase_orders as service

describe(
    "purchase-order-refused",
    gettext_lazy("The purchase order does not allow that now."),
    gettext_lazy("Read the order, then decide again; nothing was changed."),
)


class Forecasts(MerchantView):
    needs = {"GET": "inventory.view_demandforecast"}

    @extend_schema(parameters=[shapes.ForecastFilter], responses=shapes.ForecastOut(many=True))
    def get(self, request: Request) -> Response:
        """Demand forecasts, newest first: every SKU that ever sold, also where one is refused."""
        chosen = self.checked(shapes.ForecastFilter, request.query_params)
        found = DemandForecast.objects.select_related("variant")
        if "sku" in chosen:
            found = found.filter(variant__sku=chosen["sku"])
        if "as_of" in chosen:
            found = found.filter(as_of=chosen["as_of"])
        return self.page(found, lambda rows: [_forecast_row(row) for row in rows])


class PurchaseOrders(MerchantView):
    needs = {"GET": "inventory.view_purchaseorder"}

    @extend_schema(
        parameters=[shapes.PurchaseOrderFilter], responses=shapes.PurchaseOrderOut(many=True)
    )
    def get(self, request: Request) -> Response:
        """Purchase orders, newest first."""
        chosen = self.checked(shapes.PurchaseOrderFilter, request.query_params)
        found = PurchaseOrder.objects.select_related("supplier", "warehouse")
        if "state" in chosen:
            found = found.filter(state=chosen["state"])
        if "supplier" in chosen:
            found = found.filter(supplier__code=chosen["supplier"])
        return self.page(found, lambda rows: [_order_row(row) for row in rows])


class PurchaseOrderDetail(MerchantView):
    needs = {"GET": "inventory.view_purchaseorder", "PATCH": "inventory.change_purchaseorder"}

    @extend_schema(responses=shapes.PurchaseOrderDetailOut)
    def get(self, request: Request, number: str) -> Response:
        """One order with its lines."""
        return Response(_detail(_order_of(number)))

    @extend_schema(request=shapes.LineEdits, responses=shapes.PurchaseOrderDetailOut)
    def patch(self, request: Request, number: str) -> Response:
        """Change the units of lines; the plan keeps them."""
        order = _order_of(number)
        wanted = self.checked(shapes.LineEdits, request.data)["lines"]
        lines = _lines_by_sku(order, [one["sku"] for one in wanted])
        with _refusals(), transaction.atomic():
            for one in wanted:
                service.set_line_units(lines[one["sku"]], one["units"], by=request.user)
        return Response(_detail(_order_of(number)))


class Approval(MerchantView):
    needs = {"POST": "inventory.change_purchaseorder"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.PurchaseOrderDetailOut)
    def post(self, request: Request, number: str) -> Response:
        """Approve the order and its receipt."""
        with _refusals():
            order = service.approve_purchase_order(_order_of(number), by=request.user)
        return Response(_detail(order))


class Sending(MerchantView):
    needs = {"POST": "inventory.change_purchaseorder"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.PurchaseOrderDetailOut)
    def post(self, request: Request, number: str) -> Response:
        """Mail the approved order to its supplier."""
        with _refusals():
            order = service.send_purchase_order(_order_of(number), by=request.user)
        return Response(_detail(order))


class Receipts(MerchantView):
    needs = {"POST": "inventory.add_receipt"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.Arrival, responses={201: shapes.PurchaseOrderDetailOut})
    def post(self, request: Request, number: str) -> Response:
        """Book what arrived into the stock ledger; more than is outstanding is refused."""
        order = _order_of(number)
        arrived = self.checked(shapes.Arrival, request.data)["lines"]
        lines = _lines_by_sku(order, [one["sku"] for one in arrived])
        units = {lines[one["sku"]].pk: one["units"] for one in arrived}
        with _refusals():
            service.receive_purchase_order(order, units, key=service_key(request), by=request.user)
        return Response(_detail(_order_of(number)), status=201)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (service.PurchaseOrderError, DecisionClosedError) as error:
        raise Problem("purchase-order-refused", str(error)) from error


def _order_of(number: str) -> PurchaseOrder:
    orders = PurchaseOrder.objects.select_related("supplier", "warehouse", "decision")
    found = orders.filter(number=number).first()
    if found is None:
        raise Http404(_("There is no purchase order with this number."))
    return found


def _lines_by_sku(order: PurchaseOrder, skus: list[str]) -> dict[str, PurchaseOrderLine]:
    lines = order.lines.filter(variant__sku__in=skus).select_related("variant")
    found = {line.variant.sku: line for line in lines}
    unknown = [sku for sku in skus if sku not in found]
    if unknown or len(set(skus)) < len(skus):
        said = _("Each SKU once, and only SKUs of this order.")
        raise Problem(
            "invalid", status=400, errors=[{"field": "lines", "message": said, "code": "sku"}]
        )
    return found


def _forecast_row(row: DemandForecast) -> dict[str, Any]:
    names = (
        "as_of",
        "method",
        "horizon_days",
        "mean_units",
        "quantile_units",
        "history_days",
        "stockout_days",
        "days_missing",
    )
    return {
        "sku": row.variant.sku,
        "model_run": row.model_run_id,
        **{name: getattr(row, name) for name in names},
    }


def _order_row(order: PurchaseOrder) -> dict[str, Any]:
    names = (
        "number",
        "state",
        "currency",
        "cycle_on",
        "order_by_on",
        "expected_on",
        "created_at",
    )
    return {
        "supplier": order.supplier.code if order.supplier else None,
        "warehouse": order.warehouse.code,
        **{name: getattr(order, name) for name in names},
    }


def _detail(order: PurchaseOrder) -> dict[str, Any]:
    names = tuple(shapes.PurchaseOrderLineOut().fields)[1:-1]
    lines = order.lines.select_related("variant")
    return _order_row(order) | {
        "lines": [
            {
                "sku": line.variant.sku,
                **{name: getattr(line, name) for name in names},
                "assumptions": line.assumption_texts,
            }
            for line in lines
        ]
    }
