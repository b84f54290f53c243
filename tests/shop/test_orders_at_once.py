"""Carts of several SKUs in opposite order: no deadlock, nothing oversold, one order for a key."""

import pytest

from shop.models import Order, StockLevel
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.orders.returns import ReturnTooLargeError, return_lines
from shop.services.stock import stock
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse
from tests.factories_crowd import crowd

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def stocked(sku, units):
    variant = make_variant(sku)
    stock.receive(variant, units, warehouse=make_warehouse(), key=f"po:{sku}")
    return variant


def test_crossing_carts_sell_exactly_what_is_there():
    for sku in ("A", "B"):
        stocked(sku, 6)

    def buy(number):
        skus = ["A", "B"] if number % 2 else ["B", "A"]
        return place_order(NewOrder(tuple(WantedLine(sku, 1) for sku in skus)), key=f"k{number}")

    results = crowd(buy, refusals=stock.StockError)
    assert sum(isinstance(result, Order) for result in results) == 6
    assert set(StockLevel.objects.values_list("allocated", flat=True)) == {6}
    assert verify_stock() == []


def test_one_key_at_once_places_one_order():
    stocked("A", 6)
    results = crowd(lambda _n: place_order(NewOrder((WantedLine("A", 2),)), key="one"))
    assert {order.pk for order in results} == {Order.objects.get().pk}
    assert StockLevel.objects.get().allocated == 2


def test_paying_and_cancelling_at_once_leave_one_story():
    stocked("A", 6)
    order = place_order(NewOrder((WantedLine("A", 2),)), key="one")

    def act(number):
        fresh = Order.objects.get(pk=order.pk)
        return (orders.cancel if number % 2 else orders.pay)(fresh)

    crowd(act, size=8, refusals=orders.OrderStateError)
    order.refresh_from_db()
    left = StockLevel.objects.get().allocated
    assert (order.state, left) in {("cancelled", 0), ("paid", 2)}
    assert verify_stock() == []


def test_two_returns_at_once_never_give_back_more_than_was_sold():
    stocked("A", 6)
    order = orders.ship(orders.pay(place_order(NewOrder((WantedLine("A", 3),)), key="one")))
    line = order.lines.get()
    crowd(
        lambda number: return_lines(order, {line.pk: 2}, number=f"R{number}"),
        size=6,
        refusals=ReturnTooLargeError,
    )
    assert StockLevel.objects.get().on_hand == 5
