"""Goods back and others instead, in one transaction: what came back pays for the new order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shop.models import Allocation, Order, PaymentEventKind, Refund, Return, Variant
from shop.services.orders.order_states import OrderError, lock
from shop.services.orders.payment_records import EXCHANGE, record_own
from shop.services.orders.payments import settle
from shop.services.orders.placing import NewOrder, WantedLine, place_order
from shop.services.orders.returns import return_lines
from shop.services.stock.bulk_movements import lock_levels
from shop.services.stock.kits import components_of


class ExchangeError(OrderError):
    """The exchange cannot be made like that; nothing was changed."""


class Exchange(NamedTuple):
    goods_return: Return
    order: Order  # the new one


def exchange(
    order: Order,
    units_by_line: Mapping[int, int],
    wanted: tuple[WantedLine, ...],
    *,
    number: str,
    restock: bool = True,
    by: Any = None,
) -> Exchange:
    """Return lines of an order and place a new one for the same customer.

    The number names the return and is the key of both. What the return is worth pays for the new
    order as far as that goes; either the customer owes the rest there, or the shop here. Raises
    what a return and an order raise, and ExchangeError for another currency.
    """
    with transaction.atomic():
        lock(order)
        _lock_all_levels(units_by_line, wanted)
        made = return_lines(
            order, units_by_line, number=number, reason=str(_("Exchange")), restock=restock, by=by
        )
        new = place_order(_wish(order, made, wanted), key=f"exchange:{made.pk}")
        if new.currency != order.currency:
            raise ExchangeError(_("An exchange stays in the currency of its order."))
        _pay_with(made, order, lock(new), by)
    return Exchange(made, new)


def _lock_all_levels(units_by_line: Mapping[int, int], wanted: tuple[WantedLine, ...]) -> None:
    """The return and the new order each take counters: both at once, in lock order."""
    new = Variant.objects.filter(sku__in={line.sku for line in wanted})
    items = {
        item for parts in components_of(new.values_list("pk", flat=True)).values() for item in parts
    }
    back = Allocation.objects.filter(order_line__in=units_by_line)
    lock_levels(items | set(back.values_list("variant_id", flat=True)))


def _wish(order: Order, made: Return, wanted: tuple[WantedLine, ...]) -> NewOrder:
    return NewOrder(
        wanted,
        customer=order.customer,
        channel=order.channel,
        country=order.country,
        exchange_of=made,
    )


def _pay_with(made: Return, order: Order, new: Order, by: Any) -> None:
    """Twice equals once: a new order that was paid so before owes nothing of it any more."""
    name = f"exchange:{made.pk}"
    refund = Refund.objects.filter(goods_return=made).first()
    credit = min(refund.amount_minor if refund else 0, new.total_minor)
    if not credit or new.payments.filter(provider=EXCHANGE).exists():
        return
    record_own(order, PaymentEventKind.REFUNDED, credit, provider=EXCHANGE, name=f"{name}:out")
    event = record_own(new, PaymentEventKind.CAPTURED, credit, provider=EXCHANGE, name=f"{name}:in")
    settle(new, event, by=by, note=str(_("Paid with return %(number)s.") % {"number": made.number}))
