"""Orders take prices and units from the ledgers, all or nothing, and move along one path."""

import pytest

from shop.models import (
    Consent,
    Event,
    LineKind,
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    Reservation,
    Return,
    StockLevel,
    StockMovement,
)
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.orders.returns import ReturnKeyReusedError, ReturnTooLargeError, return_lines
from shop.services.stock import stock
from shop.services.stock.holds import hold, lift
from shop.services.stock.verify import verify_stock
from tests.factories import make_customer, make_order, make_variant, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea():
    variant = make_variant("TEA-1", price_minor=1250)
    stock.receive(variant, 10, warehouse=make_warehouse(), key="po:tea")
    return variant


@pytest.fixture
def cup():
    variant = make_variant("CUP", price_minor=333)
    stock.receive(variant, 2, warehouse=make_warehouse(), key="po:cup")
    return variant


def want(*lines, **fields):
    return NewOrder(lines=tuple(WantedLine(*line) for line in lines), **fields)


def counters(variant):
    level = StockLevel.objects.get(variant=variant)
    return level.on_hand, level.allocated, level.reserved


def nothing_happened(variant, on_hand=10):
    assert not Order.objects.exists()
    assert not Event.objects.exists()
    assert counters(variant) == (on_hand, 0, 0)


def test_prices_come_from_the_ledger_and_units_are_allocated(tea, cup):
    order = place_order(want(("TEA-1", 3), ("CUP", 2)), key="k")
    assert order.state == OrderState.PLACED
    assert order.total_minor == 3 * 1250 + 2 * 333
    assert counters(tea) == (10, 3, 0)
    assert list(order.lines.values_list("variant__sku", "units", "unit_price_minor")) == [
        ("TEA-1", 3, 1250),
        ("CUP", 2, 333),
    ]
    assert verify_stock() == []


def test_a_purchase_event_is_written_with_the_consent_that_applied(tea):
    ann = make_customer()
    Consent.objects.create(customer=ann, purpose="analytics", granted=True, source="test")
    order = place_order(want(("TEA-1", 1), customer=ann, visitor="v1"), key="k")
    event = Event.objects.get()
    assert (event.kind, event.order, event.variant, event.units) == ("purchase", order, tea, 1)
    assert (event.visitor, event.consent) == ("v1", True)


def test_the_same_key_places_one_order(tea):
    first = place_order(want(("TEA-1", 3)), key="k")
    assert place_order(want(("TEA-1", 3)), key="k") == first
    assert place_order(want(("TEA-1", 2), ("TEA-1", 1)), key="k") == first
    with pytest.raises(orders.OrderKeyReusedError):
        place_order(want(("TEA-1", 4)), key="k")
    assert counters(tea) == (10, 3, 0)


def test_one_line_too_many_and_nothing_is_changed(tea, cup):
    with pytest.raises(stock.OutOfStockError) as refusal:
        place_order(want(("TEA-1", 3), ("CUP", 3)), key="k")
    assert refusal.value.shortages == [("CUP", 3, 2)]
    nothing_happened(tea)


def test_every_line_that_cannot_be_sold_is_named(tea):
    make_variant("FREE", price_minor=None, tracks_stock=False)
    hold(tea, "recall")
    with pytest.raises(orders.OrderRefusedError) as refusal:
        place_order(want(("TEA-1", 1), ("NONE", 1), ("FREE", 1)), key="k")
    assert [(one.line, one.code) for one in refusal.value.problems] == [
        (0, "held"),
        (1, "not_on_sale"),
        (2, "no_price"),
    ]
    nothing_happened(tea)
    lift(tea)
    assert place_order(want(("TEA-1", 1)), key="k")


def test_another_total_than_was_shown_is_refused(tea):
    with pytest.raises(orders.PriceChangedError):
        place_order(want(("TEA-1", 1), expected_total_minor=1000), key="k")
    nothing_happened(tea)
    assert place_order(want(("TEA-1", 1), expected_total_minor=1250), key="k")


def test_a_cart_uses_its_own_reservations_first_and_gives_back_the_rest(tea):
    stock.reserve(tea, 8, cart="c1", key="r1")
    stock.reserve(tea, 2, cart="c2", key="r2")
    order = place_order(want(("TEA-1", 5), cart="c1"), key="k")
    assert counters(tea) == (10, 5, 2)
    assert order.lines.get().units == 5
    assert Reservation.objects.get(cart="c1").state == Reservation.State.ORDERED
    assert verify_stock() == []
    with pytest.raises(stock.OutOfStockError):
        place_order(want(("TEA-1", 4)), key="k2")  # the other cart's units are not for sale


def test_a_cart_may_order_more_than_it_holds(tea):
    stock.reserve(tea, 2, cart="c1", key="r1")
    place_order(want(("TEA-1", 10), cart="c1"), key="k")
    assert counters(tea) == (10, 10, 0)
    assert verify_stock() == []


def test_what_is_not_counted_is_sold_without_a_check():
    make_variant("E-BOOK", tracks_stock=False)
    order = place_order(want(("E-BOOK", 1000)), key="k")
    assert not order.lines.get().allocations.exists()
    orders.pay(order)
    orders.ship(order)
    assert not StockMovement.objects.exists()


def test_an_order_may_come_from_two_warehouses(tea):
    stock.receive(tea, 5, warehouse=make_warehouse("SECOND"), key="po2")
    order = place_order(want(("TEA-1", 12)), key="k")
    line = order.lines.get()  # one line for a SKU, however many places it comes from
    assert sorted(line.allocations.values_list("units", flat=True)) == [2, 10]
    orders.cancel(order)
    assert stock.available([tea.pk]) == {tea.pk: 15}


def test_the_way_of_an_order(tea, django_user_model):
    bo = django_user_model.objects.create(username="bo")
    order = place_order(want(("TEA-1", 3)), key="k")
    for step in (orders.pay, orders.ship, orders.deliver):
        step(order, by=bo)
        step(order, by=bo)  # twice equals once
    assert counters(tea) == (7, 0, 0)
    steps = OrderTransition.objects.values_list("from_state", "to_state", "by__username")
    assert list(steps) == [
        ("placed", "paid", "bo"),
        ("paid", "shipped", "bo"),
        ("shipped", "delivered", "bo"),
    ]
    assert verify_stock() == []


def test_a_step_that_the_path_does_not_have_is_refused(tea):
    order = place_order(want(("TEA-1", 3)), key="k")
    with pytest.raises(orders.OrderStateError, match="cannot become"):
        orders.ship(order)
    orders.cancel(order)
    with pytest.raises(orders.OrderStateError):
        orders.pay(order)
    assert counters(tea) == (10, 0, 0)
    assert OrderTransition.objects.count() == 1


def test_imported_history_never_moves_the_ledger(tea):
    order = make_order([(tea, 3)], state=OrderState.PAID, is_history=True)
    orders.ship(order)
    assert counters(tea) == (10, 0, 0)


def shipped(tea, units=3):
    order = place_order(want(("TEA-1", units)), key="k")
    orders.pay(order)
    return orders.ship(order)


def test_a_return_refunds_and_restocks_once(tea):
    order = shipped(tea)
    line = order.lines.get()
    back = return_lines(order, {line.pk: 2}, number="R1", reason="too big")
    assert return_lines(order, {line.pk: 2}, number="R1") == back
    assert back.refund_minor == 2500
    assert counters(tea) == (9, 0, 0)
    with pytest.raises(ReturnKeyReusedError):
        return_lines(order, {line.pk: 1}, number="R1")


def test_no_more_comes_back_than_was_sold(tea):
    order = shipped(tea)
    line = order.lines.get()
    return_lines(order, {line.pk: 2}, number="R1", restock=False)
    assert counters(tea) == (7, 0, 0)
    with pytest.raises(ReturnTooLargeError, match="1 units"):
        return_lines(order, {line.pk: 2}, number="R2")
    assert Return.objects.count() == 1


def test_what_was_not_shipped_cannot_come_back(tea):
    order = place_order(want(("TEA-1", 3)), key="k")
    with pytest.raises(orders.OrderStateError):
        return_lines(order, {order.lines.get().pk: 1}, number="R1")


@pytest.mark.parametrize("lines", [(), (("TEA-1", 0),)])
def test_an_order_has_lines_and_units(tea, lines):
    with pytest.raises(orders.OrderError):
        place_order(want(*lines), key="k")
    nothing_happened(tea)


def test_a_return_refunds_what_was_paid_after_the_discount(tea, cup):
    order = make_order([(tea, 3), (cup, 1)], number="OLD-1", is_history=True)
    OrderLine.objects.create(
        order=order,
        position=2,
        kind=LineKind.DISCOUNT,
        units=1,
        unit_price_minor=-1000,
        total_minor=-1000,
    )
    Order.objects.filter(pk=order.pk).update(total_minor=3000)
    units = {line.pk: line.units for line in order.lines.filter(kind=LineKind.ITEM)}
    back = return_lines(order, units, number="R1")
    assert back.refund_minor == 3000
    assert list(back.lines.values_list("unit_refund_minor", "total_minor")) == [
        (750, 2250),
        (750, 750),
    ]
