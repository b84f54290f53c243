"""What lies in a customer's cart, read from the event log: what was added and not taken out since
her last order. Written for messages, which need the cart of now, not of when the trigger fired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.db.models import F, Max, Q, Window
from django.db.models.functions import RowNumber

from shop.models import Event, EventKind, Order, OrderState
from shop.services.events.event_rows import among

REMEMBERED = timedelta(days=14)
CART_KINDS = (EventKind.CART_ADD, EventKind.CART_REMOVE)
MOST_EVENTS = 200  # of one customer, the newest: a noisy client takes no room of others


@dataclass
class Cart:
    """`began_with` is the id of the event that filled the empty cart: the cart's own name."""

    began_with: str
    touched_at: datetime
    units: dict[int, int] = field(default_factory=dict)  # SKU's key → units, oldest first

    @property
    def newest_first(self) -> list[int]:
        return list(reversed(self.units))


class Touch(NamedTuple):
    customer_id: int
    variant_id: int
    kind: str
    units: int | None
    event_id: str
    received_at: datetime


def open_carts(customer_ids: Iterable[int], at: datetime) -> dict[int, Cart]:
    """The carts of these customers that hold something. Two queries.

    An order empties a cart, whatever was in it: who has just paid is not reminded of the rest.
    Units below zero (a removal whose addition is older than the window) count as nothing.
    Additions are read under consent to analytics alone; a removal only ever keeps a message away
    and counts whatever she said.
    """
    ids = set(customer_ids)
    if not ids:
        return {}
    ordered = dict(
        Order.objects.filter(customer__in=among(ids), placed_at__lte=at)
        .exclude(state=OrderState.CANCELLED)
        .order_by()
        .values_list("customer")
        .annotate(last=Max("placed_at"))
    )
    carts = {}
    for customer_id, hers in groupby(_newest(ids, at), key=lambda touch: touch.customer_id):
        cart = _cart(list(hers), ordered.get(customer_id))
        if cart is not None and cart.units:
            carts[customer_id] = cart
    return carts


def _newest(ids: set[int], at: datetime) -> list[Touch]:
    """By customer, oldest first, at most MOST_EVENTS of each."""
    turn = Window(
        RowNumber(), partition_by=F("customer_id"),
        order_by=[F("received_at").desc(), F("id").desc()],
    )  # fmt: skip
    events = (
        Event.objects.filter(
            Q(consent=True) | Q(kind=EventKind.CART_REMOVE),
            customer__in=among(ids), kind__in=CART_KINDS, variant__isnull=False,
            received_at__gt=at - REMEMBERED, received_at__lte=at,
        )
        .annotate(turn=turn)
        .filter(turn__lte=MOST_EVENTS)
        .order_by("customer_id", "received_at", "pk")
    )  # fmt: skip
    return [Touch(*row) for row in events.values_list(*Touch._fields)]


def _cart(touches: Sequence[Touch], ordered_at: datetime | None) -> Cart | None:
    """Where older touches were left out, a cart that may have begun among them is named by what it
    follows: the oldest touch that is read is another one after every touch."""
    since = [one for one in touches if ordered_at is None or one.received_at > ordered_at]
    is_cut = len(since) >= MOST_EVENTS
    cart: Cart | None = None
    for touch in since:
        is_first = cart is None
        cart = _touched(cart, touch)
        if is_first and is_cut and cart is not None:
            cart.began_with = f"many:{ordered_at:%Y%m%dT%H%M%S}" if ordered_at else "many"
    return cart


def _touched(cart: Cart | None, touch: Touch) -> Cart | None:
    if cart is None or not cart.units:
        if touch.kind != EventKind.CART_ADD:
            return cart
        cart = Cart(touch.event_id, touch.received_at)
    sign = 1 if touch.kind == EventKind.CART_ADD else -1
    # A removal without a number takes all of it out.
    change = touch.units or (1 if sign > 0 else cart.units.get(touch.variant_id, 0))
    units = cart.units.pop(touch.variant_id, 0) + sign * change
    if units > 0:
        cart.units[touch.variant_id] = units
    cart.touched_at = touch.received_at
    return cart
