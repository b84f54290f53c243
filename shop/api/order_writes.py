"""What staff and their programs do with an order beyond its steps. Each write has its own number,
so that it can be sent again."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView
from shop.api import order_serializers as order_shapes
from shop.api.order_rows import merchant_order_row
from shop.api.problems import refusals_as_problems
from shop.models import LineKind, Order
from shop.services.orders import orders
from shop.services.orders.exchanges import exchange
from shop.services.orders.parcels import Piece, pieces_of


def order_of(number: str) -> Order:
    found = Order.objects.select_related("customer").filter(number=number).first()
    if found is None:
        raise Http404
    return found


def units_by_line(order: Order, lines: list[dict[str, int]]) -> dict[int, int]:
    """Positions as keys of lines. Raises ValidationError naming the position at fault."""
    paid = order.lines.exclude(kind=LineKind.DISCOUNT)
    pks = dict(paid.values_list("position", "pk"))
    units: dict[int, int] = {}
    for index, line in enumerate(lines):
        if line["position"] not in pks or pks[line["position"]] in units:
            message = _("The position of one of the order's lines, each once.")
            raise ValidationError({f"lines.{index}.position": [message]})
        units[pks[line["position"]]] = line["units"]
    return units


class OrderWrite(MerchantView):
    def done(self, order: Order, status: int = 201) -> Response:
        order.refresh_from_db()
        return Response(merchant_order_row(order), status=status)


class OrderShipments(OrderWrite):
    needs = {"POST": "shop.change_order"}

    @extend_schema(
        request=order_shapes.ParcelIn, responses={201: order_shapes.MerchantOrderDetailOut}
    )
    def post(self, request: Request, number: str) -> Response:
        """A parcel leaves with some units of the order."""
        said = self.checked(order_shapes.ParcelIn, request.data)
        order = order_of(number)
        with refusals_as_problems():
            wanted = [Piece(line["position"], line["units"], line["sku"]) for line in said["lines"]]
            pieces = pieces_of(order, wanted, said["warehouse"])
            parcel = orders.Parcel(said["number"], pieces, said["carrier"], said["tracking_code"])
            orders.ship_part(order, parcel, by=request.user, note=said["note"])
        return self.done(order)


class OrderRest(OrderWrite):
    needs = {"DELETE": "shop.change_order"}

    @extend_schema(request=None, responses=order_shapes.MerchantOrderDetailOut)
    def delete(self, request: Request, number: str) -> Response:
        """What has not left will not: units and money of the rest go back."""
        order = order_of(number)
        with refusals_as_problems():
            orders.cancel_rest(order, by=request.user)
        return self.done(order, 200)


class OrderRefunds(OrderWrite):
    needs = {"POST": "shop.add_refund"}

    @extend_schema(
        request=order_shapes.RefundIn, responses={201: order_shapes.MerchantOrderDetailOut}
    )
    def post(self, request: Request, number: str) -> Response:
        """Money goes back without goods: never more than was paid."""
        said = self.checked(order_shapes.RefundIn, request.data)
        order = order_of(number)
        with refusals_as_problems():
            orders.refund(
                order,
                said["amount_minor"],
                number=said["number"],
                reason=said["reason"],
                by=request.user,
            )
        return self.done(order)


class OrderPaidBack(OrderWrite):
    needs = {"POST": "shop.add_payment"}

    @extend_schema(
        request=order_shapes.PaidBackIn, responses={201: order_shapes.MerchantOrderDetailOut}
    )
    def post(self, request: Request, number: str) -> Response:
        """Somebody paid back by hand what the shop owes for this order."""
        said = self.checked(order_shapes.PaidBackIn, request.data)
        order = order_of(number)
        with refusals_as_problems():
            orders.pay_back(order, number=said["number"], by=request.user)
        return self.done(order)


class OrderExchanges(OrderWrite):
    needs = {"POST": "shop.add_return"}

    @extend_schema(request=order_shapes.ExchangeIn, responses={201: order_shapes.ExchangeOut})
    def post(self, request: Request, number: str) -> Response:
        """Goods come back and others go out: a return and a new order, both or neither."""
        said = self.checked(order_shapes.ExchangeIn, request.data)
        order = order_of(number)
        with refusals_as_problems():
            made = exchange(
                order,
                units_by_line(order, said["lines"]),
                tuple(orders.WantedLine(line["sku"], line["units"]) for line in said["wanted"]),
                number=said["number"],
                restock=said["restock"],
                by=request.user,
            )
        return Response(_exchange_row(order, made), status=201)


def _exchange_row(order: Order, made: Any) -> dict[str, Any]:
    order.refresh_from_db()
    made.order.refresh_from_db()
    return {
        "number": made.goods_return.number,
        "credit_minor": made.goods_return.refund_minor,
        "order": merchant_order_row(order),
        "new_order": merchant_order_row(made.order),
    }
