"""What staff and their programs read and write, by role. Writes call a service and nothing else."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.views import MerchantView
from shop.api import rows
from shop.api import serializers as shapes
from shop.api.problems import refusals_as_problems
from shop.api.storefront import channel_of
from shop.models import (
    Customer,
    LineKind,
    Order,
    OrderState,
    Product,
    StockLevel,
    StockMovement,
    Variant,
    Warehouse,
)
from shop.services import holds, orders, stock
from shop.services.prices import PriceTerms, set_price
from shop.services.returns import return_lines

STEPS = {
    OrderState.PAID: orders.pay,
    OrderState.SHIPPED: orders.ship,
    OrderState.DELIVERED: orders.deliver,
    OrderState.CANCELLED: orders.cancel,
}


class Listing(MerchantView):
    """A read list. `columns`: name in the answer → path in the ORM. `lookups`: filter → path."""

    filters: ClassVar[type]
    columns: ClassVar[dict[str, str]]
    lookups: ClassVar[dict[str, str]] = {}

    def rows(self) -> QuerySet:
        raise NotImplementedError

    def listed(self, request: Request) -> Response:
        chosen = self.checked(self.filters, request.query_params)
        wanted = {
            path: chosen[name]
            for name, path in self.lookups.items()
            if chosen.get(name) is not None
        }
        found = self.searched(self.rows().filter(**wanted), chosen)
        return self.page(found.values("pk", *self.columns.values()), self._shaped)

    def searched(self, found: QuerySet, chosen: dict[str, Any]) -> QuerySet:
        return found

    def _shaped(self, page: list[dict]) -> list[dict]:
        return [{name: row[path] for name, path in self.columns.items()} for row in page]


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


class Stock(Listing):
    needs = {"GET": "shop.view_stocklevel"}
    filters = shapes.StockFilter
    lookups = {"sku": "variant__sku", "warehouse": "warehouse__code"}
    columns = {
        "sku": "variant__sku",
        "warehouse": "warehouse__code",
        **{name: name for name in ("on_hand", "allocated", "reserved", "ring_fenced")},
        "available": "available_units",
    }

    def rows(self) -> QuerySet:
        taken = F("allocated") + F("reserved") + F("ring_fenced")
        return StockLevel.objects.annotate(available_units=F("on_hand") - taken)

    @extend_schema(parameters=[shapes.StockFilter], responses=shapes.StockOut(many=True))
    def get(self, request: Request) -> Response:
        """Counters per SKU and warehouse."""
        return self.listed(request)


class Movements(Listing):
    needs = {"GET": "shop.view_stockmovement"}
    filters = shapes.MovementFilter
    lookups = {
        "sku": "variant__sku",
        "warehouse": "warehouse__code",
        "kind": "kind",
        "since": "occurred_at__gte",
        "until": "occurred_at__lt",
    }
    columns = {
        "sku": "variant__sku",
        "warehouse": "warehouse__code",
        "actor": "actor__username",
        **{
            name: name
            for name in (
                "kind",
                "on_hand_delta",
                "allocated_delta",
                "reserved_delta",
                "ring_fenced_delta",
                "reference",
                "reason",
                "occurred_at",
            )
        },
    }

    def rows(self) -> QuerySet:
        return StockMovement.objects.all()

    @extend_schema(parameters=[shapes.MovementFilter], responses=shapes.MovementOut(many=True))
    def get(self, request: Request) -> Response:
        """The stock ledger, newest first."""
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


class StockWrite(MerchantView):
    """A change of the stock ledger; answers with the counters after it."""

    needs = {"POST": "shop.add_stockmovement"}
    needs_idempotency_key = ("POST",)

    def posted(self, request: Request, shape: type, verb: Any, units: str) -> Response:
        said = dict(self.checked(shape, request.data))
        variant, warehouse = variant_of(said.pop("sku")), warehouse_of(said.pop("warehouse"))
        with refusals_as_problems():
            verb(
                variant,
                said.pop(units),
                warehouse=warehouse,
                key=service_key(request),
                by=request.user,
                **said,
            )
        level = StockLevel.objects.get(variant=variant, warehouse=warehouse)
        counters = ("on_hand", "allocated", "reserved", "ring_fenced", "available")
        body = {name: getattr(level, name) for name in counters}
        return Response({"sku": variant.sku, "warehouse": warehouse.code, **body}, status=201)


class Receipts(StockWrite):
    @extend_schema(request=shapes.ReceiptIn, responses={201: shapes.StockOut})
    def post(self, request: Request) -> Response:
        """Goods arrived."""
        return self.posted(request, shapes.ReceiptIn, stock.receive, "units")


class Adjustments(StockWrite):
    @extend_schema(request=shapes.AdjustmentIn, responses={201: shapes.StockOut})
    def post(self, request: Request) -> Response:
        """Found, broken, stolen: up or down, with a reason."""
        return self.posted(request, shapes.AdjustmentIn, stock.adjust, "delta_units")


class Counts(StockWrite):
    @extend_schema(request=shapes.CountIn, responses={201: shapes.StockOut})
    def post(self, request: Request) -> Response:
        """What somebody counted on the shelf."""
        return self.posted(request, shapes.CountIn, stock.count_stock, "counted_units")


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

    @extend_schema(responses=shapes.OrderOut)
    def get(self, request: Request, number: str) -> Response:
        """One order with its lines."""
        return Response(rows.order_row(order_of(number)))


class OrderSteps(MerchantView):
    needs = {"POST": "shop.change_order"}

    @extend_schema(request=shapes.StepIn, responses=shapes.OrderOut)
    def post(self, request: Request, number: str) -> Response:
        """Move the order on its way. A step that was made already changes nothing."""
        said = self.checked(shapes.StepIn, request.data)
        order = order_of(number)
        with refusals_as_problems():
            STEPS[OrderState(said["to"])](order, by=request.user, note=said["note"])
        return Response(rows.order_row(order))


class OrderReturns(MerchantView):
    needs = {"POST": "shop.add_return"}

    @extend_schema(request=shapes.ReturnIn, responses={201: shapes.ReturnOut})
    def post(self, request: Request, number: str) -> Response:
        """Goods came back; the return's own number makes the request safe to repeat."""
        said = self.checked(shapes.ReturnIn, request.data)
        order = order_of(number)
        with refusals_as_problems():
            made = return_lines(
                order,
                _units_by_line(order, said["lines"]),
                number=said["number"],
                reason=said["reason"],
                restock=said["restock"],
                by=request.user,
            )
        columns = ("number", "currency", "refund_minor", "reason", "returned_at")
        body = {name: getattr(made, name) for name in columns}
        return Response({"order": order.number, **body}, status=201)


def _units_by_line(order: Order, lines: list[dict[str, int]]) -> dict[int, int]:
    pks = dict(order.lines.filter(kind=LineKind.ITEM).values_list("position", "pk"))
    units: dict[int, int] = {}
    for index, line in enumerate(lines):
        if line["position"] not in pks or pks[line["position"]] in units:
            message = _("The position of one of the order's lines, each once.")
            raise ValidationError({f"lines.{index}.position": [message]})
        units[pks[line["position"]]] = line["units"]
    return units


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


def variant_of(sku: str, in_address: str = "") -> Variant:
    found = Variant.objects.filter(sku=sku).first()
    if found is None and in_address:
        raise Http404
    if found is None:
        raise ValidationError({"sku": [_("There is none with this name.")]})
    return found


def warehouse_of(code: str) -> Warehouse:
    found = Warehouse.objects.filter(code=code).first()
    if found is None:
        raise ValidationError({"warehouse": [_("There is none with this name.")]})
    return found


def order_of(number: str) -> Order:
    found = Order.objects.filter(number=number).first()
    if found is None:
        raise Http404
    return found
