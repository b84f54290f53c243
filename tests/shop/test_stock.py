"""The stock ledger: goods in, promised, out; refusals change nothing; twice equals once."""

import pytest

from shop.models import MovementKind, StockLevel, StockMovement
from shop.services.stock import stock
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea():
    return make_variant("TEA-1")


@pytest.fixture
def main():
    return make_warehouse()


def counters(variant, warehouse):
    level = StockLevel.objects.get(variant=variant, warehouse=warehouse)
    return level.on_hand, level.allocated, level.reserved, level.ring_fenced


def test_goods_move_through_the_house(tea, main):
    stock.receive(tea, 10, warehouse=main, key="po:1")
    assert counters(tea, main) == (10, 0, 0, 0)
    stock.allocate(tea, 4, warehouse=main, key="o:1")
    assert counters(tea, main) == (10, 4, 0, 0)
    stock.consume(tea, 3, warehouse=main, key="o:1:ship")
    assert counters(tea, main) == (7, 1, 0, 0)
    stock.cancel_allocation(tea, 1, warehouse=main, key="o:1:cancel")
    stock.return_to_stock(tea, 2, warehouse=main, key="r:1")
    stock.adjust(tea, -1, warehouse=main, key="a:1", reason="broken")
    assert counters(tea, main) == (8, 0, 0, 0)
    assert stock.available([tea.pk]) == {tea.pk: 8}
    assert StockMovement.objects.count() == 6


def test_the_same_key_moves_once(tea, main):
    first = stock.receive(tea, 10, warehouse=main, key="po:1")
    again = stock.receive(tea, 10, warehouse=main, key="po:1")
    assert first == again
    assert counters(tea, main) == (10, 0, 0, 0)
    assert StockMovement.objects.count() == 1


def test_a_key_that_stands_for_something_else_is_refused(tea, main):
    stock.receive(tea, 10, warehouse=main, key="po:1")
    with pytest.raises(stock.StockKeyReusedError):
        stock.receive(tea, 11, warehouse=main, key="po:1")
    with pytest.raises(stock.StockKeyReusedError):
        stock.allocate(tea, 10, warehouse=main, key="po:1")
    assert counters(tea, main) == (10, 0, 0, 0)


@pytest.mark.parametrize(
    ("verb", "units"),
    [
        (stock.allocate, 11),
        (stock.cancel_allocation, 1),
        (stock.consume, 1),
    ],
)
def test_what_is_not_there_cannot_be_taken(tea, main, verb, units):
    stock.receive(tea, 10, warehouse=main, key="po:1")
    with pytest.raises(stock.InsufficientStockError, match="10"):
        verb(tea, units, warehouse=main, key="x")
    assert counters(tea, main) == (10, 0, 0, 0)
    assert StockMovement.objects.count() == 1


def test_an_adjustment_never_takes_what_is_promised(tea, main):
    stock.receive(tea, 10, warehouse=main, key="po:1")
    stock.allocate(tea, 8, warehouse=main, key="o:1")
    with pytest.raises(stock.InsufficientStockError):
        stock.adjust(tea, -3, warehouse=main, key="a:1", reason="stolen")
    assert counters(tea, main) == (10, 8, 0, 0)


@pytest.mark.parametrize("units", [0, -1])
def test_units_are_above_zero(tea, main, units):
    for verb in (stock.receive, stock.allocate, stock.consume, stock.return_to_stock):
        with pytest.raises(stock.StockError):
            verb(tea, units, warehouse=main, key="x")
    assert not StockMovement.objects.exists()


def test_an_adjustment_has_a_reason_and_a_size(tea, main):
    with pytest.raises(stock.StockError, match="reason"):
        stock.adjust(tea, 1, warehouse=main, key="a", reason="  ")
    with pytest.raises(stock.StockError, match="0 units"):
        stock.adjust(tea, 0, warehouse=main, key="a", reason="why")


def test_a_count_writes_the_difference(tea, main):
    stock.receive(tea, 10, warehouse=main, key="po:1")
    assert stock.count_stock(tea, 7, warehouse=main, key="c:1").on_hand_delta == -3
    assert stock.count_stock(tea, 7, warehouse=main, key="c:2").on_hand_delta == 0
    stock.receive(tea, 5, warehouse=main, key="po:2")
    stock.count_stock(tea, 7, warehouse=main, key="c:1")  # an old count again: changes nothing
    assert counters(tea, main) == (12, 0, 0, 0)


def test_the_first_count_opens_the_level_even_at_zero(tea, main):
    stock.count_stock(tea, 0, warehouse=main, key="c:1")
    assert counters(tea, main) == (0, 0, 0, 0)


def test_a_count_below_what_is_promised_is_refused(tea, main):
    stock.receive(tea, 10, warehouse=main, key="po:1")
    stock.allocate(tea, 6, warehouse=main, key="o:1")
    with pytest.raises(stock.CountBelowPromisedError, match="6 units are promised"):
        stock.count_stock(tea, 5, warehouse=main, key="c:1")
    assert counters(tea, main) == (10, 6, 0, 0)


def test_an_order_comes_whole_from_one_warehouse_where_it_can(tea, main):
    far = make_warehouse("FAR")
    far.priority = 1
    far.save()
    stock.receive(tea, 3, warehouse=main, key="1")
    stock.receive(tea, 9, warehouse=far, key="2")
    assert stock.plan_pieces({tea.pk: 3}) == [(tea.pk, main.pk, 3)]
    assert stock.plan_pieces({tea.pk: 5}) == [(tea.pk, far.pk, 5)]
    assert stock.plan_pieces({tea.pk: 12}) == [(tea.pk, main.pk, 3), (tea.pk, far.pk, 9)]
    with pytest.raises(stock.OutOfStockError) as refusal:
        stock.plan_pieces({tea.pk: 13})
    assert refusal.value.shortages == [("TEA-1", 13, 12)]


def test_movements_say_who_and_why(tea, main, django_user_model):
    buyer = django_user_model.objects.create(username="bo")
    movement = stock.receive(tea, 1, warehouse=main, key="k", reference="po:7", by=buyer)
    assert (movement.kind, movement.reference, movement.actor) == (
        MovementKind.RECEIVE,
        "po:7",
        buyer,
    )
