"""Orders: placed from the ledgers, moved along TRANSITIONS and nowhere else.

Every verb locks the order first, and twice equals once. Rules in prose: docs/ledgers.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shop.models import Order, OrderState
from shop.services.coupons import ledger as coupon_ledger
from shop.services.coupons.redeeming import CouponRefusedError
from shop.services.orders.order_lines import DiscountTooLargeError
from shop.services.orders.order_states import OrderError, OrderStateError, enter, lock
from shop.services.orders.payment_records import (
    PaymentEventReusedError,
    PaymentMismatchError,
    PaymentReport,
    UnknownPaymentError,
    put_payment_on_record,
)
from shop.services.orders.payments import pay, pay_back, record_payment_event
from shop.services.orders.placing import (
    LineProblem,
    NewOrder,
    OrderKeyReusedError,
    OrderRefusedError,
    PriceChangedError,
    Quoted,
    WantedLine,
    place_order,
    quote_coupon,
)
from shop.services.orders.refunds import (
    RefundKeyReusedError,
    RefundTooLargeError,
    refund,
    refund_what_is_left,
)
from shop.services.orders.shipments import (
    KitHalfShippedError,
    Parcel,
    ShipmentKeyReusedError,
    cancel_rest,
    ship,
    ship_part,
)
from shop.services.stock.allocations import give_back_open
from shop.services.stock.balances import balance_of


def deliver(order: Order, *, by: Any = None, note: str = "") -> Order:
    with transaction.atomic():
        enter(lock(order), OrderState.DELIVERED, by=by, note=note)
    return order


def cancel(order: Order, *, by: Any = None, note: str = "") -> Order:
    """The order will not ship: its units may be sold again, and what was paid goes back."""
    with transaction.atomic():
        _cancel(lock(order), by, note)
    return order


def cancel_unpaid_orders(at: datetime | None = None, limit: int = 500) -> int:
    """Give back the stock of orders that nobody paid in time; returns how many were cancelled.

    One short transaction each, the longest due first. An order whose whole total a bank has
    authorised is not unpaid: its money waits to be captured.
    """
    at = at or timezone.now()
    due = Order.objects.filter(state=OrderState.PLACED, pay_by__lte=at)
    return sum(cancel_if_unpaid(order, at) for order in list(due.order_by("pay_by")[:limit]))


def cancel_if_unpaid(order: Order, at: datetime) -> bool:
    """Cancel under the order's lock: a payment that came first has won, one that comes later is
    recorded and goes back."""
    with transaction.atomic():
        lock(order)
        if not still_unpaid(order, at):
            return False
        _cancel(order, None, _("Not paid in time."))
    return True


def still_unpaid(order: Order, at: datetime) -> bool:
    is_due = order.state == OrderState.PLACED and order.pay_by is not None and order.pay_by <= at
    return is_due and balance_of(order).authorised_minor < order.total_minor


def _cancel(order: Order, by: Any, note: str) -> None:
    if order.can_become(OrderState.CANCELLED):
        put_payment_on_record(order)
        if not order.is_history:
            give_back_open(order, by)
            coupon_ledger.give_back(order, by=by)
    if enter(order, OrderState.CANCELLED, by=by, note=note):
        refund_what_is_left(order, number=f"{order.number}-C", reason=_("Order cancelled."), by=by)


__all__ = [
    "CouponRefusedError",
    "DiscountTooLargeError",
    "KitHalfShippedError",
    "LineProblem",
    "NewOrder",
    "OrderError",
    "OrderKeyReusedError",
    "OrderRefusedError",
    "OrderStateError",
    "Parcel",
    "PaymentEventReusedError",
    "PaymentMismatchError",
    "PaymentReport",
    "PriceChangedError",
    "Quoted",
    "RefundKeyReusedError",
    "RefundTooLargeError",
    "ShipmentKeyReusedError",
    "UnknownPaymentError",
    "WantedLine",
    "cancel",
    "cancel_if_unpaid",
    "cancel_rest",
    "cancel_unpaid_orders",
    "deliver",
    "pay",
    "pay_back",
    "place_order",
    "quote_coupon",
    "record_payment_event",
    "refund",
    "ship",
    "ship_part",
]
