"""The way of an order: one compare-and-set a step, with a row that says who and when."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from outbox.services import publish
from shop.models import Order, OrderState, OrderTransition
from shop.models.orders import TRANSITIONS


class OrderError(Exception):
    """Why the order cannot be placed or moved; its text is meant for the merchant."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class OrderStateError(OrderError):
    """The order is not where this step begins."""


def lock(order: Order) -> Order:
    """Inside a transaction: whoever else changes this order waits. Reads the row again.

    An UPDATE takes the row's lock on PostgreSQL and the database's on SQLite. An order is always
    locked before its stock levels, so that two callers cannot wait for each other.
    """
    Order.objects.filter(pk=order.pk).update(state=F("state"))
    order.refresh_from_db()
    return order


def enter(order: Order, to: str, *, by: Any = None, note: str = "") -> bool:
    """Move a locked order on; False when it is there already.

    Raises OrderStateError when no arrow of TRANSITIONS leads there.
    """
    if order.state == to:
        return False
    if not order.can_become(to):
        raise no_way(order, to)
    OrderTransition.objects.create(
        order=order, from_state=order.state, to_state=to, by=by, note=note[:200]
    )
    Order.objects.filter(pk=order.pk).update(state=to)
    order.state = to
    announce(order, to)
    return True


def announce(order: Order, step: str) -> None:
    """Tell others of a step, in the transaction that makes it. Imported orders say nothing."""
    if order.is_history:
        return
    customer = order.customer
    publish(
        f"order.{step}",
        {
            "number": order.number,
            "state": order.state,
            "customer": customer.code if customer else None,
            "currency": order.currency,
            "total_minor": order.total_minor,
            "happened_at": timezone.now().isoformat(),
        },
        key=f"order:{order.pk}:{step}",
    )


def been(order: Order, state: str) -> bool:
    """Whether the order is in a state or can only have come through it."""
    return order.state == state or order.state in states_after(state)


def states_after(state: str) -> set[str]:
    """Every state that lies behind this one, cancelling left out."""
    ahead: set[str] = set()
    nexts = set(TRANSITIONS[OrderState(state)]) - {OrderState.CANCELLED}
    while nexts - ahead:
        ahead |= nexts
        nexts = {to for one in nexts for to in TRANSITIONS[OrderState(one)]}
    return ahead - {OrderState.CANCELLED}


def no_way(order: Order, to: str) -> OrderStateError:
    return OrderStateError(
        format_lazy(
            _("Order {number} is {before}; it cannot become {to}."),
            number=order.number,
            before=OrderState(order.state).label,
            to=OrderState(to).label,
        )
    )
