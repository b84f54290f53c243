"""What lies in a customer's cart, read from the event log: what was added and not taken out since
her last order. Written for messages, which need the cart of now, not of when the trigger fired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max

from shop.models import Event, EventKind, Order, OrderState

REMEMBERED = timedelta(days=14)
CART_KINDS = (EventKind.CART_ADD, EventKind.CART_REMOVE)
MOST_EVENTS = 20_000  # of one batch of customers


@dataclass
class Cart:
    """`began_with` is the id of the event that filled the empty cart: the cart's own name."""

    began_with: str
    touched_at: datetime
    units: dict[int, int] = field(default_factory=dict)  # SKU's key → units, oldest first

    @property
    def newest_first(self) -> list[int]:
        return list(reversed(self.units))


def open_carts(customer_ids: Iterable[int], at: datetime) -> dict[int, Cart]:
    """The carts of these customers that hold something. Two queries.

    An order empties a cart, whatever was in it: who has just paid is not reminded of the rest.
    Units below zero (a removal whose addition is older than the window) count as nothing.
    """
    ids = set(customer_ids)
    ordered = dict(
        Order.objects.filter(customer__in=ids, placed_at__lte=at)
        .exclude(state=OrderState.CANCELLED)
        .order_by()
        .values_list("customer")
        .annotate(last=Max("placed_at"))
    )
    events = Event.objects.filter(
        customer__in=ids,
        kind__in=CART_KINDS,
        received_at__gt=at - REMEMBERED,
        received_at__lte=at,
        variant__isnull=False,
    ).order_by("received_at", "pk")
    carts: dict[int, Cart] = {}
    for event in events.only(
        "customer_id", "variant_id", "kind", "units", "event_id", "received_at"
    )[:MOST_EVENTS]:
        last = ordered.get(event.customer_id)
        if last is None or event.received_at > last:
            _apply(carts, event)
    return {pk: cart for pk, cart in carts.items() if cart.units}


def _apply(carts: dict[int, Cart], event: Event) -> None:
    customer_id, variant_id = event.customer_id, event.variant_id
    if customer_id is None or variant_id is None:
        return
    cart = carts.get(customer_id)
    if cart is None or not cart.units:
        if event.kind != EventKind.CART_ADD:
            return
        cart = Cart(event.event_id, event.received_at)
        carts[customer_id] = cart
    sign = 1 if event.kind == EventKind.CART_ADD else -1
    # A removal without a number takes all of it out.
    change = event.units or (1 if sign > 0 else cart.units.get(variant_id, 0))
    units = cart.units.pop(variant_id, 0) + sign * change
    if units > 0:
        cart.units[variant_id] = units
    cart.touched_at = event.received_at
