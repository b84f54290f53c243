"""Flash sales for staff and their programs. Writes call a service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from decisions.services.receipts import DecisionClosedError
from inventory.api import flash_sale_shapes as shapes
from inventory.models import FlashSale
from inventory.services import flash_sales as service
from inventory.services.flash_sale_report import LineReport, report_of
from inventory.services.flash_sales import Draft, FlashSaleError, WantedLine

describe(
    "flash-sale-refused",
    _("The flash sale cannot take this step."),
    _("Read the reasons in `errors`; nothing was changed."),
)
COLUMNS = ("name", "name_zh", "state", "starts_at", "ends_at", "ended_at")


class FlashSales(MerchantView):
    needs = {"GET": "inventory.view_flashsale", "POST": "inventory.add_flashsale"}
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[shapes.FlashSaleFilter], responses=shapes.FlashSaleOut(many=True))
    def get(self, request: Request) -> Response:
        """Flash sales, the latest start first."""
        chosen = self.checked(shapes.FlashSaleFilter, request.query_params)
        return self.page(
            FlashSale.objects.filter(**chosen), lambda rows: [_row(sale) for sale in rows]
        )

    @extend_schema(request=shapes.FlashSaleIn, responses={201: shapes.FlashSaleDetailOut})
    def post(self, request: Request) -> Response:
        """Draft a flash sale: purchasing reckons with it, prices and stock stay as they are."""
        draft = _draft(self.checked(shapes.FlashSaleIn, request.data))
        with _refusals():
            made = service.save_draft(draft, by=request.user)
        return Response(_detail(made), status=201)


class FlashSaleDetail(MerchantView):
    needs = {
        "GET": "inventory.view_flashsale",
        "PUT": "inventory.change_flashsale",
        "DELETE": "inventory.delete_flashsale",
    }

    @extend_schema(responses=shapes.FlashSaleDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One sale: its lines, what is left and sold, what speaks against approving it."""
        return Response(_detail(get_object_or_404(FlashSale, pk=pk)))

    @extend_schema(request=shapes.FlashSaleIn, responses=shapes.FlashSaleDetailOut)
    def put(self, request: Request, pk: int) -> Response:
        """Replace all that a draft says."""
        sale = get_object_or_404(FlashSale, pk=pk)
        draft = _draft(self.checked(shapes.FlashSaleIn, request.data))
        with _refusals():
            return Response(_detail(service.save_draft(draft, sale=sale)))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete a draft; every number of the plan is as if it had never been."""
        with _refusals():
            service.delete_draft(get_object_or_404(FlashSale, pk=pk))
        return Response(status=204)


class FlashSaleApproval(MerchantView):
    needs = {"POST": service.PERMISSION}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.FlashSaleDetailOut)
    def post(self, request: Request, pk: int) -> Response:
        """Write its prices and set its units aside, all or nothing."""
        sale = get_object_or_404(FlashSale, pk=pk)
        with _refusals():
            return Response(_detail(service.approve_flash_sale(sale, by=request.user)))


class FlashSaleCancellation(MerchantView):
    needs = {"POST": service.PERMISSION}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.FlashSaleDetailOut)
    def post(self, request: Request, pk: int) -> Response:
        """Call it off: its prices end now and its units go back."""
        sale = get_object_or_404(FlashSale, pk=pk)
        with _refusals():
            return Response(_detail(service.cancel_flash_sale(sale, by=request.user)))


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except FlashSaleError as error:
        errors = [{"field": "", "message": text, "code": "refused"} for text in error.reasons]
        raise Problem("flash-sale-refused", str(error), errors=errors) from error
    except DecisionClosedError as error:
        raise Problem("flash-sale-refused", str(error)) from error


def _draft(said: dict[str, Any]) -> Draft:
    lines = tuple(WantedLine(**line) for line in said["lines"])
    return Draft(**said | {"lines": lines})


def _row(sale: FlashSale) -> dict[str, Any]:
    return {"id": sale.pk, "decision": sale.decision_id} | {
        name: getattr(sale, name) for name in COLUMNS
    }


def _detail(sale: FlashSale) -> dict[str, Any]:
    found = report_of(sale)
    return _row(sale) | {
        "lines": [_line(one) for one in found.lines],
        "sold": [
            {name: getattr(one, name) for name in shapes.SkuSoldOut().fields} for one in found.skus
        ],
        "reasons": found.reasons,
        "is_counted": bool(found.source and found.source.is_counted),
        "basis": found.source.basis_text if found.source else "",
        "is_too_late": found.is_too_late,
    }


def _line(one: LineReport) -> dict[str, Any]:
    return {
        "sku": one.line.variant.sku,
        "warehouse": one.line.warehouse.code,
        "price_minor": one.line.price_minor,
        "units": one.line.units,
    } | {name: getattr(one, name) for name in ("before_minor", "available", "left", "in_carts")}
