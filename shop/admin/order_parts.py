"""What staff do with a part of an order: buttons on its page, each by its own permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from shop.admin import order_dialogs as dialogs
from shop.admin.base import back_to, tell_refusals
from shop.models import Order, OrderState
from shop.services.orders import orders
from shop.services.orders.exchanges import exchange
from shop.services.orders.order_states import been
from shop.services.orders.returns import return_lines
from shop.services.stock.balances import balance_of
from shop.services.stock.movements import StockError


def is_possible(name: str, order: Order) -> bool:
    """Whether the button makes sense where the order is."""
    left = order.state == OrderState.PART_SHIPPED or been(order, OrderState.SHIPPED)
    if name == "ship_part":
        return order.state in (OrderState.PAID, OrderState.PART_SHIPPED) and not order.is_history
    if name == "cancel_rest":
        return order.state == OrderState.PART_SHIPPED
    if name in ("take_back", "exchange"):
        return left and not order.is_history
    balance = balance_of(order)
    if name == "refund_money":
        return balance.refundable_minor > 0 and order.state != OrderState.CANCELLED
    return balance.shop_owes_minor > 0


class OrderParts:
    parts = ["ship_part", "cancel_rest", "take_back", "exchange", "refund_money", "pay_back"]

    def has_return_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.add_return")

    def has_refund_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.add_refund")

    def has_payment_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.add_payment")

    @action(
        description=_("Ship a parcel"),
        permissions=["move"],
        icon="package_2",
        dialog={"title": _("What is in the parcel"), "form_class": dialogs.ParcelDialog},
    )
    def ship_part(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        said = form.cleaned_data
        parcel = orders.Parcel(said["number"], form.units, said["carrier"], said["tracking_code"])
        return self._done(
            request, object_id, _("parcel sent"), lambda order: orders.ship_part(
                order, parcel, by=request.user
            )
        )  # fmt: skip

    @action(
        description=_("Cancel the rest"),
        permissions=["move"],
        icon="cancel",
        dialog={
            "title": _("Cancel the rest"),
            "description": _("What has not left may be sold again, and its money goes back."),
            "form_class": dialogs.NumberDialog,
            "form_submit_text": _("Cancel the rest"),
        },
    )
    def cancel_rest(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._done(
            request, object_id, _("rest cancelled"), lambda order: orders.cancel_rest(
                order, by=request.user
            )
        )  # fmt: skip

    @action(
        description=_("Take back"),
        permissions=["return"],
        icon="assignment_return",
        dialog={"title": _("What came back"), "form_class": dialogs.ReturnDialog},
    )
    def take_back(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        said = form.cleaned_data

        def verb(order: Order) -> Any:
            return return_lines(
                order,
                form.units,
                number=said["number"],
                reason=said["reason"],
                restock=said["restock"],
                by=request.user,
            )

        return self._done(request, object_id, _("goods taken back"), verb)

    @action(
        description=_("Exchange"),
        permissions=["return"],
        icon="swap_horiz",
        dialog={"title": _("What came back, and what goes out"), "form_class": dialogs.ExchangeDialog},
    )  # fmt: skip
    def exchange(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        said = form.cleaned_data

        def verb(order: Order) -> Any:
            return exchange(
                order,
                form.units,
                said["wanted"],
                number=said["number"],
                restock=said["restock"],
                by=request.user,
            )

        return self._done(request, object_id, _("goods exchanged"), verb)

    @action(
        description=_("Refund"),
        permissions=["refund"],
        icon="undo",
        dialog={"title": _("Refund without goods"), "form_class": dialogs.RefundDialog},
    )
    def refund_money(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        said = form.cleaned_data

        def verb(order: Order) -> Any:
            return orders.refund(
                order,
                said["amount_minor"],
                number=said["number"],
                reason=said["reason"],
                by=request.user,
            )

        return self._done(request, object_id, _("refund recorded"), verb)

    @action(
        description=_("Paid back"),
        permissions=["payment"],
        icon="price_check",
        dialog={
            "title": _("Paid back"),
            "description": _("What the shop owes for this order was paid back by hand."),
            "form_class": dialogs.NumberDialog,
            "form_submit_text": _("Paid back"),
        },
    )
    def pay_back(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        number = form.cleaned_data["number"]
        return self._done(
            request, object_id, _("paid back"), lambda order: orders.pay_back(
                order, number=number, by=request.user
            )
        )  # fmt: skip

    def _done(
        self, request: HttpRequest, pk: str, what: Any, verb: Callable[[Order], Any]
    ) -> HttpResponse:
        order = get_object_or_404(Order, pk=pk)
        try:
            verb(order)
        except (orders.OrderError, StockError) as refusal:
            tell_refusals(request, [refusal], 0, "")
        else:
            tell_refusals(request, [], 1, str(what))
        return back_to(Order, pk)
