"""Orders in parts: kits, parcels, the rest that is cancelled, exchanges. Each twice equals once."""

import pytest

from outbox.models import Message
from shop.models import (
    Allocation,
    KitComponent,
    Order,
    OrderState,
    Refund,
    Return,
    Shipment,
    StockLevel,
)
from shop.services.orders import orders
from shop.services.orders.exchanges import exchange
from shop.services.orders.orders import NewOrder, Parcel, WantedLine, place_order
from shop.services.orders.returns import ReturnTooLargeError, return_lines
from shop.services.stock import stock
from shop.services.stock.balances import balance_of
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db


def stocked(sku, units, price_minor=1000, place="MAIN"):
    variant = make_variant(sku, price_minor=price_minor)
    stock.receive(variant, units, warehouse=make_warehouse(place), key=f"po:{sku}")
    return variant


@pytest.fixture
def tea():
    return stocked("TEA", 10)


@pytest.fixture
def teaset(tea):
    """One pot and two cups, with a tea in it."""
    kit = make_variant("SET", price_minor=5000)
    for sku, units in (("POT", 1), ("CUP", 2)):
        KitComponent.objects.create(kit=kit, component=stocked(sku, 6), units=units)
    KitComponent.objects.create(kit=kit, component=tea, units=1)
    return kit


def place(*lines, key="k", **fields):
    return place_order(NewOrder(tuple(WantedLine(*line) for line in lines), **fields), key=key)


def paid(*lines, **fields):
    return orders.pay(place(*lines, **fields))


def allocated():
    return dict(StockLevel.objects.values_list("variant__sku", "allocated"))


def on_hand():
    return dict(StockLevel.objects.values_list("variant__sku", "on_hand"))


def pieces(order, **units):
    found = {one.variant.sku: one.pk for one in Allocation.objects.filter(order_line__order=order)}
    return {found[sku]: count for sku, count in units.items()}


def test_a_kit_is_one_line_and_its_components_are_counted(teaset):
    order = place(("SET", 2), ("TEA", 3))
    assert list(order.lines.values_list("variant__sku", "units", "total_minor")) == [
        ("SET", 2, 10_000),
        ("TEA", 3, 3000),
    ]
    assert allocated() == {"POT": 2, "CUP": 4, "TEA": 5}
    kit, tea = order.lines.all()
    assert sorted(kit.allocations.values_list("variant__sku", "units")) == [
        ("CUP", 4),
        ("POT", 2),
        ("TEA", 2),
    ]
    assert list(tea.allocations.values_list("variant__sku", "units")) == [("TEA", 3)]
    assert verify_stock() == []


def test_kits_are_checked_by_inventory_item_over_all_lines(teaset):
    with pytest.raises(stock.OutOfStockError) as refusal:
        place(("SET", 3), ("TEA", 8))  # each alone would fit: 10 teas
    assert refusal.value.shortages == [("TEA", 11, 10)]
    assert set(allocated().values()) == {0}
    assert place(("SET", 3), ("TEA", 7))


def test_a_carts_reservation_of_a_kit_is_used_up(teaset):
    stock.reserve(teaset, 3, cart="c", key="r")
    with pytest.raises(stock.OutOfStockError):
        place(("SET", 1))
    place(("SET", 2), cart="c")
    assert allocated() == {"POT": 2, "CUP": 4, "TEA": 2}
    assert set(StockLevel.objects.values_list("reserved", flat=True)) == {0}
    assert verify_stock() == []


def test_a_kit_comes_back_whole_and_to_its_components(teaset):
    order = orders.ship(paid(("SET", 2)))
    assert on_hand() == {"POT": 4, "CUP": 2, "TEA": 8}
    return_lines(order, {order.lines.get().pk: 1}, number="R1")
    assert on_hand() == {"POT": 5, "CUP": 4, "TEA": 9}
    assert Refund.objects.get().amount_minor == 5000
    assert verify_stock() == []


def test_parcels_one_after_the_other(tea):
    cup = stocked("CUP", 5, place="SECOND")
    order = paid(("TEA", 3), ("CUP", 2))
    parcel = Parcel("P1", pieces(order, TEA=2), "Royal Mail", "RM-7")
    for _again in range(2):
        shipment = orders.ship_part(order, parcel)
        assert (order.state, on_hand()) == (OrderState.PART_SHIPPED, {"TEA": 8, "CUP": 5})
    assert (shipment.carrier, shipment.tracking_code) == ("Royal Mail", "RM-7")
    with pytest.raises(orders.ShipmentKeyReusedError):
        orders.ship_part(order, Parcel("P1", pieces(order, TEA=1)))
    with pytest.raises(orders.OrderError, match="1 units"):
        orders.ship_part(order, Parcel("P2", pieces(order, TEA=2)))
    with pytest.raises(orders.OrderError, match="one warehouse"):
        orders.ship_part(order, Parcel("P2", pieces(order, TEA=1, CUP=1)))
    with pytest.raises(orders.OrderStateError):
        orders.cancel(order)
    orders.ship_part(order, Parcel("P2", pieces(order, TEA=1)))
    orders.ship_part(order, Parcel("P3", pieces(order, CUP=2)))
    assert order.state == OrderState.SHIPPED
    orders.ship_part(order, parcel)  # a late repeat of the first
    assert (on_hand(), allocated()) == ({"TEA": 7, "CUP": 3}, {"TEA": 0, "CUP": 0})
    assert Shipment.objects.count() == 3
    assert stock.available([cup.pk]) == {cup.pk: 3}
    assert verify_stock() == []


def test_a_whole_order_leaves_in_one_parcel_per_warehouse(tea):
    stocked("CUP", 5, place="SECOND")
    order = paid(("TEA", 3), ("CUP", 2))
    orders.ship_part(order, Parcel(f"{order.number}-1", pieces(order, TEA=1)))
    orders.ship(order)
    orders.ship(order)
    numbers = [f"{order.number}-{count}" for count in (1, 2, 3)]
    assert sorted(Shipment.objects.values_list("number", flat=True)) == numbers
    assert on_hand() == {"TEA": 7, "CUP": 3}


def test_nothing_leaves_before_payment(tea):
    order = place(("TEA", 3))
    with pytest.raises(orders.OrderStateError):
        orders.ship_part(order, Parcel("P1", pieces(order, TEA=1)))
    assert on_hand() == {"TEA": 10}


def test_the_rest_is_cancelled_and_its_money_due_back(tea):
    order = paid(("TEA", 3), discount_minor=1, shipping_minor=395)
    with pytest.raises(orders.OrderStateError, match="partly shipped"):
        orders.cancel_rest(order)
    orders.ship_part(order, Parcel("P1", pieces(order, TEA=1)))
    line = order.lines.first()
    return_lines(order, {line.pk: 1}, number="R1")
    with pytest.raises(ReturnTooLargeError):
        return_lines(order, {line.pk: 1}, number="R2")
    for _again in range(2):
        orders.cancel_rest(order)
    # 29.99 for three: 9.99 for the first, 20.00 for the two others; shipping is kept.
    assert list(Refund.objects.order_by("pk").values_list("amount_minor", flat=True)) == [999, 2000]
    assert order.state == OrderState.SHIPPED
    assert balance_of(order).claim_minor == 395
    assert (on_hand(), allocated()) == ({"TEA": 10}, {"TEA": 0})
    assert verify_stock() == []


def test_half_a_kit_cannot_be_cancelled_nor_returned(teaset):
    order = paid(("SET", 2))
    orders.ship_part(order, Parcel("P1", pieces(order, POT=1, CUP=1)))
    with pytest.raises(orders.KitHalfShippedError):
        orders.cancel_rest(order)
    with pytest.raises(ReturnTooLargeError, match="0 units"):
        return_lines(order, {order.lines.get().pk: 1}, number="R1")
    orders.ship_part(order, Parcel("P2", pieces(order, CUP=1, TEA=1)))
    orders.cancel_rest(order)
    assert Refund.objects.get().amount_minor == 5000
    assert on_hand() == {"POT": 5, "CUP": 4, "TEA": 9}
    assert verify_stock() == []


def test_downloads_go_with_the_first_parcel(tea):
    make_variant("E-BOOK", price_minor=500, tracks_stock=False)
    order = paid(("TEA", 2), ("E-BOOK", 1))
    orders.ship_part(order, Parcel("P1", pieces(order, TEA=1)))
    orders.cancel_rest(order)
    assert Refund.objects.get().amount_minor == 1000


def test_money_that_went_back_without_goods_is_not_paid_twice(tea):
    order = orders.ship(paid(("TEA", 3)))
    orders.refund(order, 2500, number="goodwill")
    made = return_lines(order, {order.lines.get().pk: 3}, number="R1")
    assert made.refund_minor == 500
    assert list(made.lines.values_list("text", "total_minor")) == [
        ("Product TEA", 3000),
        ("Refunded before", -2500),
    ]
    assert return_lines(order, {order.lines.get().pk: 3}, number="R1") == made
    assert balance_of(order).shop_owes_minor == 3000


@pytest.mark.parametrize(
    ("new", "customer_owes", "shop_owes", "state"),
    [(("CUP", 1), 0, 700, "paid"), (("CUP", 4), 200, 0, "placed"), (("TEA", 1), 0, 0, "paid")],
)
def test_an_exchange_settles_what_it_can(tea, new, customer_owes, shop_owes, state):
    stocked("CUP", 5, price_minor=300)
    old = orders.ship(paid(("TEA", 10)))  # the last ones: an exchange for the same frees its own
    units = {old.lines.get().pk: 1}
    for _again in range(2):
        made = exchange(old, units, (WantedLine(*new),), number="X1")
        assert (made.order.state, made.order.exchange_of) == (state, made.goods_return)
        assert balance_of(made.order).customer_owes_minor == customer_owes
        assert balance_of(old).shop_owes_minor == shop_owes
        assert balance_of(made.order).shop_owes_minor == balance_of(old).customer_owes_minor == 0
    assert (Order.objects.count(), Return.objects.count()) == (2, 1)
    with pytest.raises(orders.OrderKeyReusedError):
        exchange(old, units, (WantedLine("CUP", 2),), number="X1")
    assert verify_stock() == []


def test_an_exchange_that_cannot_be_placed_takes_nothing_back(tea):
    stocked("CUP", 1)
    old = orders.ship(paid(("TEA", 3)))
    with pytest.raises(stock.OutOfStockError):
        exchange(old, {old.lines.get().pk: 1}, (WantedLine("CUP", 2),), number="X1")
    assert not Return.objects.exists()
    assert on_hand() == {"TEA": 7, "CUP": 1}


def test_the_credit_of_a_cancelled_exchange_is_owed_as_money(tea):
    old = orders.ship(paid(("TEA", 3)))
    made = exchange(old, {old.lines.get().pk: 1}, (WantedLine("TEA", 1),), number="X1")
    orders.cancel(made.order)
    assert balance_of(made.order).shop_owes_minor == 1000
    assert balance_of(old).shop_owes_minor == 0


def test_every_step_is_told_once(tea):
    order = paid(("TEA", 3))
    orders.ship_part(order, Parcel("P1", pieces(order, TEA=1)))
    orders.ship_part(order, Parcel("P1", pieces(order, TEA=1)))
    orders.cancel_rest(order)
    orders.deliver(orders.deliver(order))
    return_lines(order, {order.lines.get().pk: 1}, number="R1")
    told = Message.objects.filter(kind__regex="^(order|return|refund)")
    assert sorted(told.values_list("kind", flat=True)) == [
        "order.delivered",
        "order.paid",
        "order.part_shipped",
        "order.placed",
        "order.shipped",
        "refund.created",
        "refund.created",
        "return.created",
    ]
