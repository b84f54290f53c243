"""Writes sent ten times, out of order and at once, have one effect each; and what guards that."""

import random
from datetime import timedelta
from threading import Barrier

import pytest
from django.db.models import Sum
from django.utils import timezone

from shop.models import (
    Allocation,
    Order,
    OrderState,
    OrderTransition,
    PaymentEvent,
    Refund,
    Return,
    ReturnLine,
    Shipment,
    StockLevel,
)
from shop.services.orders import orders, returns
from shop.services.orders.orders import NewOrder, Parcel, WantedLine, place_order
from shop.services.orders.returns import ReturnTooLargeError, return_lines
from shop.services.stock import stock
from shop.services.stock.balances import balance_of
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse
from tests.factories_crowd import BUYERS, LONG, crowd
from tests.factories_payments import report

COPIES = 10


@pytest.fixture
def tea():
    variant = make_variant("TEA-1", price_minor=1000)
    stock.receive(variant, 1000, warehouse=make_warehouse(), key="po")
    return variant


def life_of(number):
    """The writes of one order, each as it would be sent: all of them may come at any time."""

    def placed():
        return Order.objects.get(idempotency_key=f"order {number}")

    def piece(order, units):
        return {Allocation.objects.get(order_line__order=order).pk: units}

    return [
        lambda: place_order(NewOrder((WantedLine("TEA-1", 3),)), key=f"order {number}"),
        lambda: orders.record_payment_event(
            report(placed(), "captured", 3000, event_id=f"event {number}", reference=f"{number}")
        ),
        lambda: orders.ship_part(placed(), Parcel(f"first {number}", piece(placed(), 1))),
        lambda: orders.ship_part(placed(), Parcel(f"second {number}", piece(placed(), 2))),
        lambda: return_lines(placed(), {placed().lines.get().pk: 2}, number=f"back {number}"),
        lambda: orders.refund(placed(), 500, number=f"goodwill {number}"),
    ]


TOO_EARLY = (Order.DoesNotExist, orders.OrderError)


def effects(units=3):
    return {
        "orders": Order.objects.count(),
        "payments": PaymentEvent.objects.count(),
        "parcels": Shipment.objects.count(),
        "returns": Return.objects.count(),
        "refunds": Refund.objects.count(),
        "sold": 1000 - StockLevel.objects.get().on_hand,
    }


def once(count):
    return {
        "orders": count,
        "payments": count,
        "parcels": 2 * count,
        "returns": count,
        "refunds": 2 * count,
        "sold": count,
    }


def sent_again(writes, *, seed):
    """Ten copies of each write, shuffled; what came too early is sent again, as its sender would."""
    dice = random.Random(seed)
    waiting = [write for write in writes for _copy in range(COPIES)]
    while waiting:
        dice.shuffle(waiting)
        early = []
        for write in waiting:
            try:
                write()
            except TOO_EARLY:
                early.append(write)
        assert len(early) < len(waiting)
        waiting = early


@pytest.mark.django_db
def test_ten_copies_in_any_order_have_one_effect_each(tea):
    sent_again([write for number in range(10) for write in life_of(number)], seed=7)
    assert effects() == once(10)
    assert balance_of(Order.objects.first()).refunded_minor == 2500
    assert verify_stock() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_crowd_of_copies_has_one_effect_each(tea):
    """Twelve senders, each with every copy of every write, in an order of their own."""
    writes = [write for number in range(4) for write in life_of(number)]
    crowd(lambda sender: sent_again(writes, seed=sender) or sender)
    assert effects() == once(4)
    assert OrderTransition.objects.count() == 4 * 3
    assert verify_stock() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_orders_lock_copies_have_more_effects(tea, monkeypatch):
    """Returns under numbers of their own: without the lock each has counted before the others write."""
    order = orders.ship(orders.pay(place_order(NewOrder((WantedLine("TEA-1", 3),)), key="k")))
    line = order.lines.get()

    def back(number):
        return return_lines(Order.objects.get(pk=order.pk), {line.pk: 3}, number=f"R{number}")

    def unlocked(order):
        order.refresh_from_db()
        return order

    all_have_counted, count = Barrier(BUYERS), returns._returnable

    def counted(*given):
        found = count(*given)
        all_have_counted.wait(timeout=LONG)
        return found

    monkeypatch.setattr(returns, "lock", unlocked)
    monkeypatch.setattr(returns, "_returnable", counted)
    monkeypatch.setattr(returns, "_refund", lambda *args: None)
    monkeypatch.setattr(returns, "_take_back", lambda *args: None)
    crowd(back, refusals=ReturnTooLargeError)
    assert ReturnLine.objects.aggregate(units=Sum("units"))["units"] == 3 * BUYERS


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_with_the_lock_ten_returns_of_all_give_back_once(tea):
    order = orders.ship(orders.pay(place_order(NewOrder((WantedLine("TEA-1", 3),)), key="k")))
    line = order.lines.get()
    crowd(
        lambda number: return_lines(
            Order.objects.get(pk=order.pk), {line.pk: 3}, number=f"R{number}"
        ),
        refusals=ReturnTooLargeError,
    )
    assert Return.objects.aggregate(units=Sum("lines__units"))["units"] == 3
    assert Refund.objects.aggregate(minor=Sum("amount_minor"))["minor"] == 3000


def due_orders(count):
    made = []
    for number in range(count):
        order = place_order(NewOrder((WantedLine("TEA-1", 1),)), key=f"k{number}")
        order.pay_by = timezone.now() - timedelta(minutes=1)
        order.save(update_fields=["pay_by"])
        made.append(order)
    return made


def pay_and_expire(made):
    """For each order a payment and the clock at the same moment."""

    def act(number):
        order = made[number // 2]
        if number % 2:
            return orders.cancel_unpaid_orders()
        return orders.record_payment_event(report(order, "captured", 1000, event_id=f"e{number}"))

    crowd(act, size=2 * len(made))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_payment_and_the_clock_at_once_leave_one_story(tea):
    made = due_orders(6)
    pay_and_expire(made)
    for order in made:
        order.refresh_from_db()
        balance = balance_of(order)
        assert balance.paid_minor == 1000
        assert (order.state, balance.shop_owes_minor) in {("paid", 0), ("cancelled", 1000)}
    still = Order.objects.filter(state=OrderState.PAID).count()
    assert StockLevel.objects.get().allocated == still
    assert verify_stock() == []


@pytest.mark.django_db
def test_control_a_clock_that_does_not_look_again_cancels_a_paid_order(tea, monkeypatch):
    """The payment comes between reading which orders are due and cancelling them."""
    [order] = due_orders(1)
    locked = orders.lock

    def paid_meanwhile(order):
        orders.record_payment_event(report(order, "captured", 1000, event_id="just in time"))
        return locked(order)

    monkeypatch.setattr(orders, "lock", paid_meanwhile)
    assert orders.cancel_unpaid_orders() == 0
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    monkeypatch.setattr(orders, "still_unpaid", lambda order, at: True)
    Order.objects.filter(pk=order.pk).update(state=OrderState.PLACED)
    assert orders.cancel_unpaid_orders() == 1
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_key_with_two_wishes_at_once_places_one_order(tea):
    results = crowd(
        lambda number: place_order(NewOrder((WantedLine("TEA-1", 1 + number % 2),)), key="one"),
        refusals=orders.OrderKeyReusedError,
    )
    order = Order.objects.get()
    assert {one.pk for one in results if isinstance(one, Order)} == {order.pk}
    assert sum(isinstance(one, orders.OrderKeyReusedError) for one in results) == 6
    assert StockLevel.objects.get().allocated == order.lines.get().units


@pytest.mark.django_db
def test_a_key_keeps_its_wish_for_ever(tea):
    """Also without the kept answer of the API: the hash stands on the order."""
    first = place_order(NewOrder((WantedLine("TEA-1", 1),), shipping_minor=395), key="k")
    for other in ({"shipping_minor": 0}, {"discount_minor": 1}, {"country": "FR"}, {"cart": "c"}):
        with pytest.raises(orders.OrderKeyReusedError):
            place_order(
                NewOrder((WantedLine("TEA-1", 1),), **{"shipping_minor": 395} | other), key="k"
            )
    again = NewOrder((WantedLine("TEA-1", 1),), shipping_minor=395, visitor="another browser")
    assert place_order(again, key="k") == first
