"""Why a person cannot be erased yet: what the shop still owes her, or she the shop."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from shop.models import Customer, Order, OrderState

UNDER_WAY = (OrderState.PLACED, OrderState.PAID, OrderState.PART_SHIPPED)
MOST = 20


class Obstacle(NamedTuple):
    order: str
    text: Any


def obstacles_to(customer: Customer) -> list[Obstacle]:
    """At most MOST of them. An order under way needs to know whose it is."""
    text = _("is under way: deliver or cancel it first.")
    orders = Order.objects.filter(customer=customer, state__in=UNDER_WAY, is_history=False)
    numbers = orders.order_by("-placed_at", "-pk").values_list("number", flat=True)[:MOST]
    return [Obstacle(number, text) for number in numbers]
