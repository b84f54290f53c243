"""Units set aside leave what everybody may buy, come back once, and the ledger says where they are."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from shop.models import MovementKind, RingFence, StockLevel, StockMovement
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.stock import ring_fences, stock
from shop.services.stock.movements import Change, post
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, 10, warehouse=make_warehouse(), key="po")
    return variant


def fenced(variant, units=4, **fields):
    return ring_fences.ring_fence(
        variant, units, **{"warehouse": make_warehouse(), "purpose": "sale:7", "key": "f"} | fields
    )


def test_fenced_units_are_not_for_everybody(tea):
    fence = fenced(tea)
    assert (fence.units, fence.units_left) == (4, 4)
    assert stock.available([tea.pk]) == {tea.pk: 6}
    assert fenced(tea) == fence  # the same key, the same fence
    with pytest.raises(stock.InsufficientStockError):
        fenced(tea, 7, key="g")
    with pytest.raises(stock.StockKeyReusedError):
        fenced(tea, 5)
    assert RingFence.objects.count() == 1
    assert verify_stock() == []


def test_units_are_given_back_in_part_and_the_rest_at_once(tea):
    fence = fenced(tea)
    for _twice in range(2):
        left = ring_fences.release_ring_fence(fence, units=1, key="r1")
        assert (left.units_left, left.released_at) == (3, None)
    with pytest.raises(stock.InsufficientStockError):
        ring_fences.release_ring_fence(fence, units=4, key="r2")
    for _twice in range(2):
        ended = ring_fences.release_ring_fence(fence, key="r3")
        assert ended.units_left == 0
        assert ended.released_at
    assert stock.available([tea.pk]) == {tea.pk: 10}
    kinds = StockMovement.objects.filter(ring_fence=fence).values_list("kind", "ring_fenced_delta")
    assert sorted(kinds) == [("ring_fence", 4), ("unfence", -3), ("unfence", -1)]


def test_a_sale_that_is_over_gives_its_units_back(tea):
    now = timezone.now()
    fenced(tea, ends_at=now + timedelta(hours=1))
    assert ring_fences.end_due_ring_fences(now) == 0
    later = now + timedelta(hours=1)
    assert [ring_fences.end_due_ring_fences(later) for _twice in range(2)] == [1, 0]
    assert stock.available([tea.pk]) == {tea.pk: 10}


def test_what_a_cart_gives_back_to_a_fence_that_ended_is_on_sale_again(tea):
    fence = fenced(tea)
    place = {"variant_id": tea.pk, "warehouse_id": make_warehouse().pk, "ring_fence_id": fence.pk}
    post(Change(**place, kind="reserve", key="c", ring_fenced=-3, reserved=3))
    ring_fences.release_ring_fence(fence, key="end")
    assert stock.available([tea.pk]) == {tea.pk: 7}
    post(Change(**place, kind="expire", key="d", ring_fenced=3, reserved=-3))
    assert stock.available([tea.pk]) == {tea.pk: 7}
    assert [ring_fences.end_due_ring_fences() for _twice in range(2)] == [1, 0]
    assert stock.available([tea.pk]) == {tea.pk: 10}


@pytest.mark.parametrize(("ended", "left", "free"), [(False, 3, 6), (True, 0, 9)])
def test_what_an_order_leaves_of_a_fenced_reservation_goes_back_to_the_fence(ended, left, free):
    tea = make_variant("TEA-1", price_minor=500)
    stock.receive(tea, 10, warehouse=make_warehouse(), key="po")
    fence = fenced(tea)
    stock.reserve(tea, 3, cart="c", key="r", ring_fence=fence)
    if ended:
        ring_fences.release_ring_fence(fence, key="end")
    place_order(NewOrder(lines=(WantedLine("TEA-1", 1),), cart="c"), key="o")
    fence.refresh_from_db()
    assert (fence.units_left, stock.available([tea.pk])) == (left, {tea.pk: free})
    assert verify_stock() == []


def test_a_fence_never_gives_more_than_it_holds(tea):
    first, second = fenced(tea, 2), fenced(tea, 3, key="g")
    place = {"variant_id": tea.pk, "warehouse_id": make_warehouse().pk}
    with pytest.raises(stock.InsufficientStockError), transaction.atomic():
        post(
            Change(
                **place,
                kind="reserve",
                key="c",
                ring_fenced=-3,
                reserved=3,
                ring_fence_id=first.pk,
            )
        )
    second.refresh_from_db()
    level = StockLevel.objects.get()
    assert (level.ring_fenced, level.reserved, second.units_left) == (5, 0, 3)
    assert not StockMovement.objects.filter(kind=MovementKind.RESERVE).exists()


def test_ring_fenced_units_name_their_fence(tea):
    with pytest.raises(ValueError, match="name it"):
        Change(tea.pk, make_warehouse().pk, "ring_fence", "k", ring_fenced=1)


@pytest.mark.parametrize("fields", [{"units": 0}, {"purpose": " "}, {"purpose": "expired:LOT"}])
def test_a_fence_has_a_purpose_and_units(tea, fields):
    with pytest.raises(stock.StockError):
        fenced(tea, fields.pop("units", 1), **fields)
    assert not RingFence.objects.exists()
