"""What staff and their programs read and write, by role. Writes call a service and nothing else."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.views import MerchantView
from shop.api import order_serializers as order_shapes
from shop.api import rows
from shop.api import serializers as shapes
from shop.api.listing import Listing, variant_of
from shop.api.order_rows import merchant_order_row
from shop.api.order_writes import order_of, units_by_line
from shop.api.problems import refusals_as_problems
from shop.api.storefront import channel_of
from shop.models import (
    Customer,
    Order,
    OrderState,
    Product,
    Variant,
)
from shop.services.orders import orders
from shop.services.orders.returns import return_lines
from shop.services.prices import PriceTerms, set_price
from shop.services.stock import holds

STEPS = {
    OrderState.PAID: orders.pay,
    OrderState.SHIPPED: orders.ship,
    OrderState.DELIVERED: orders.deliver,
    OrderState.CANCELLED: orders.cancel,
}


class Products(Listing):
    needs = {"GET": "shop.view_product"}
    filters = shapes.MerchantProductFilter
    lookups = {"state": "state", "category": "category__code", "brand": "brand__code"}
    columns = {
        **{name: name for name in ("code", "name", "name_zh", "state", "attributes", "updated_at")},
        "brand": "brand__code",
        "category": "category__code",
    }

    def rows(self) -> QuerySet:
        return Product.objects.all()

    def searched(self, found: QuerySet, chosen: dict[str, Any]) -> QuerySet:
        if not (words := chosen.get("search")):
            return found
        return found.filter(Q(name__icontains=words) | Q(name_zh__icontains=words) | Q(code=words))

    @extend_schema(
        parameters=[shapes.MerchantProductFilter], responses=shapes.MerchantProductOut(many=True)
    )
    def get(self, request: Request) -> Response:
        """Products, newest first."""
        return self.listed(request)


class Variants(Listing):
    needs = {"GET": "shop.view_variant"}
    filters = shapes.VariantFilter
    lookups = {"sku": "sku", "product": "product__code", "is_active": "is_active"}
    columns = {
        "sku": "sku",
        "product": "product__code",
        **{
            name: name
            for name in (
                "name",
                "barcode",
                "cost_minor",
                "is_active",
                "tracks_stock",
                "available_units",
            )
        },
    }

    def rows(self) -> QuerySet:
        return Variant.objects.annotate_available()

    @extend_schema(
        parameters=[shapes.VariantFilter], responses=shapes.MerchantVariantOut(many=True)
    )
    def get(self, request: Request) -> Response:
        """SKUs with what is available of them."""
        return self.listed(request)


class Orders(Listing):
    needs = {"GET": "shop.view_order"}
    filters = shapes.OrderFilter
    lookups = {
        "state": "state",
        "customer": "customer__code",
        "since": "placed_at__gte",
        "until": "placed_at__lt",
    }
    columns = {
        "customer": "customer__code",
        "channel": "channel__code",
        **{
            name: name
            for name in (
                "number",
                "state",
                "currency",
                "total_minor",
                "country",
                "placed_at",
                "is_history",
            )
        },
    }

    def rows(self) -> QuerySet:
        return Order.objects.all()

    @extend_schema(parameters=[shapes.OrderFilter], responses=shapes.MerchantOrderOut(many=True))
    def get(self, request: Request) -> Response:
        """Orders, newest first."""
        return self.listed(request)


class Customers(Listing):
    needs = {"GET": "shop.view_customer"}
    filters = shapes.CustomerFilter
    lookups = {"code": "code", "email": "email", "country": "country"}
    columns = {
        name: name
        for name in ("code", "email", "name", "phone", "country", "language", "created_at")
    }

    def rows(self) -> QuerySet:
        return Customer.objects.all()

    @extend_schema(parameters=[shapes.CustomerFilter], responses=shapes.CustomerOut(many=True))
    def get(self, request: Request) -> Response:
        """Customers, newest first."""
        return self.listed(request)


class Prices(MerchantView):
    needs = {"POST": "shop.add_price"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.PriceIn, responses={201: shapes.PriceOut})
    def post(self, request: Request) -> Response:
        """A new price; the one before stays in the ledger."""
        said = self.checked(shapes.PriceIn, request.data)
        terms = PriceTerms(
            said["kind"], said["valid_from"], said["valid_until"], channel_of(said["channel"])
        )
        with refusals_as_problems():
            price = set_price(
                variant_of(said["sku"]),
                said["amount_minor"],
                key=service_key(request),
                source=f"user:{request.user.get_username()}"[:80],
                terms=terms,
            )
        return Response(rows.price_row(price), status=201)


class OrderDetail(MerchantView):
    needs = {"GET": "shop.view_order"}

    @extend_schema(responses=order_shapes.MerchantOrderDetailOut)
    def get(self, request: Request, number: str) -> Response:
        """One order: lines and their places, parcels, payments, refunds, and who owes whom."""
        return Response(merchant_order_row(order_of(number)))


class OrderSteps(MerchantView):
    needs = {"POST": "shop.change_order"}

    @extend_schema(request=order_shapes.StepIn, responses=order_shapes.OrderOut)
    def post(self, request: Request, number: str) -> Response:
        """Move the order on its way. A step that was made already changes nothing."""
        said = self.checked(order_shapes.StepIn, request.data)
        order = order_of(number)
        with refusals_as_problems():
            STEPS[OrderState(said["to"])](order, by=request.user, note=said["note"])
        return Response(rows.order_row(order))


class OrderReturns(MerchantView):
    needs = {"POST": "shop.add_return"}

    @extend_schema(request=order_shapes.ReturnIn, responses={201: order_shapes.ReturnOut})
    def post(self, request: Request, number: str) -> Response:
        """Goods came back; the return's own number makes the request safe to repeat."""
        said = self.checked(order_shapes.ReturnIn, request.data)
        order = order_of(number)
        with refusals_as_problems():
            made = return_lines(
                order,
                units_by_line(order, said["lines"]),
                number=said["number"],
                reason=said["reason"],
                restock=said["restock"],
                by=request.user,
            )
        columns = ("number", "currency", "refund_minor", "reason", "returned_at")
        body = {name: getattr(made, name) for name in columns}
        return Response({"order": order.number, **body}, status=201)


class Hold(MerchantView):
    needs = {"POST": "shop.add_sellinghold", "DELETE": "shop.change_sellinghold"}

    @extend_schema(request=shapes.HoldIn, responses={201: shapes.HoldOut})
    def post(self, request: Request, sku: str) -> Response:
        """Stop the sale of a SKU."""
        said = self.checked(shapes.HoldIn, request.data)
        held = holds.hold(variant_of(sku, "sku"), said["reason"], by=request.user)
        return Response({"sku": sku, "held": True, "reason": held.reason}, status=201)

    @extend_schema(request=None, responses={200: shapes.HoldOut})
    def delete(self, request: Request, sku: str) -> Response:
        """Let the sale go on."""
        holds.lift(variant_of(sku, "sku"))
        return Response({"sku": sku, "held": False, "reason": ""})
