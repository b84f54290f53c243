"""Carts hold units until a time; release, order and expiry close a reservation once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shop.models import Reservation, StockLevel, StockMovement
from shop.services.stock import stock
from shop.tasks import expire_reservations
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, 5, warehouse=make_warehouse(), key="po")
    return variant


def reserved():
    return sum(StockLevel.objects.values_list("reserved", flat=True))


def test_reserved_units_are_not_available_to_others(tea):
    [held] = stock.reserve(tea, 3, cart="c1", key="k1")
    assert stock.available([tea.pk]) == {tea.pk: 2}
    with pytest.raises(stock.OutOfStockError):
        stock.reserve(tea, 3, cart="c2", key="k2")
    stock.release(held)
    stock.release(held)
    assert stock.available([tea.pk]) == {tea.pk: 5}
    assert reserved() == 0


def test_the_same_key_reserves_once(tea):
    first = stock.reserve(tea, 3, cart="c1", key="k1")
    assert stock.reserve(tea, 3, cart="c1", key="k1") == first
    assert reserved() == 3
    for other in ({"units": 2, "cart": "c1"}, {"units": 3, "cart": "c2"}):
        with pytest.raises(stock.StockKeyReusedError):
            stock.reserve(tea, other["units"], cart=other["cart"], key="k1")


def test_a_reservation_may_come_from_two_warehouses(tea):
    stock.receive(tea, 4, warehouse=make_warehouse("SECOND"), key="po2")
    held = stock.reserve(tea, 8, cart="c1", key="k1")
    assert sorted(one.units for one in held) == [3, 5]
    assert stock.reserve(tea, 8, cart="c1", key="k1") == held
    assert stock.release_cart("c1") == 2
    assert stock.release_cart("c1") == 0
    assert reserved() == 0


def test_expiry_gives_back_what_is_due_and_twice_equals_once(tea):
    now = timezone.now()
    stock.reserve(tea, 1, cart="old", key="k1", expires_at=now - timedelta(seconds=1))
    stock.reserve(tea, 1, cart="new", key="k2", expires_at=now + timedelta(hours=1))
    assert expire_reservations() == 1
    assert expire_reservations() == 0
    assert reserved() == 1
    assert Reservation.objects.get(cart="old").state == Reservation.State.EXPIRED


def test_an_extended_reservation_stays(tea):
    now = timezone.now()
    stock.reserve(tea, 1, cart="c", key="k", expires_at=now)
    assert stock.extend("c", now + timedelta(hours=1)) == 1
    assert stock.extend("c", now) == 1  # never shortens
    assert stock.expire_due_reservations(now + timedelta(minutes=59)) == 0
    assert stock.expire_due_reservations(now + timedelta(minutes=60)) == 1
    assert stock.extend("c", now + timedelta(hours=2)) == 0


def test_what_was_expired_cannot_be_released_again(tea):
    [held] = stock.reserve(tea, 2, cart="c", key="k", expires_at=timezone.now())
    stock.expire_due_reservations()
    movements = StockMovement.objects.count()
    stock.release(held)
    assert held.state == Reservation.State.EXPIRED
    assert StockMovement.objects.count() == movements


def test_what_was_ordered_is_not_released(tea):
    [held] = stock.reserve(tea, 2, cart="c", key="k")
    Reservation.objects.update(state=Reservation.State.ORDERED)
    with pytest.raises(stock.ReservationClosedError):
        stock.release(held)


def test_what_is_not_counted_needs_no_reservation():
    book = make_variant("E-BOOK", tracks_stock=False)
    assert stock.reserve(book, 1_000_000, cart="c", key="k") == []
