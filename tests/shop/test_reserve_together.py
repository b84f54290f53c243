"""A hundred wishes in one transaction get what they would get one after the other."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.models import (
    KitComponent,
    Reservation,
    RingFence,
    StockLevel,
    StockMovement,
)
from shop.services.stock import reservation_rows, stock
from shop.services.stock.holds import hold
from shop.services.stock.reserve_together import Wish, reserve_together
from shop.services.stock.ring_fences import release_ring_fence, ring_fence
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db
SKUS = ("TEA", "CUP", "SET", "BOOK", "NONE")


def wish(sku, units=1, *, cart="c", key="k", minutes=15, **fields):
    return Wish(sku, units, cart, key, timedelta(minutes=minutes), **fields)


def refusal(answer):
    return answer if isinstance(answer, stock.StockError) else None


@pytest.fixture
def shop():
    """Tea in two warehouses, cups in one, a set of one tea and two cups, a book never counted."""
    tea, cup, tea_set = make_variant("TEA"), make_variant("CUP"), make_variant("SET")
    make_variant("BOOK", tracks_stock=False)
    KitComponent.objects.create(kit=tea_set, component=tea, units=1)
    KitComponent.objects.create(kit=tea_set, component=cup, units=2)
    main, second = make_warehouse("MAIN"), make_warehouse("SECOND")
    second.priority = 1
    second.save()
    stock.receive(tea, 6, warehouse=main, key="po1")
    stock.receive(tea, 5, warehouse=second, key="po2")
    stock.receive(cup, 9, warehouse=main, key="po3")
    fence = ring_fence(tea, 3, warehouse=second, purpose="flash-sale:1", key="fence")
    return {"TEA": tea, "CUP": cup, "SET": tea_set, "fence": fence}


def outcome(answer):
    if isinstance(answer, Exception):
        return type(answer).__name__, str(answer)
    rows = [
        (one.variant.sku, one.warehouse.code, one.units, one.kit_id, one.ring_fence_id, one.key)
        for one in answer.reservations
    ]
    return answer.is_repeat, rows


def books():
    levels = StockLevel.objects.order_by("variant", "warehouse").values_list(
        "variant", "warehouse", "on_hand", "allocated", "reserved", "ring_fenced"
    )
    ledger = StockMovement.objects.order_by("pk").values_list(
        "variant", "warehouse", "kind", "reserved_delta", "ring_fenced_delta", "ring_fence"
    )
    fences = RingFence.objects.order_by("pk").values_list("units_left", flat=True)
    assert verify_stock() == []
    return list(levels), list(ledger), list(fences)


def rolled_back(act):
    with transaction.atomic():
        result = act()
        transaction.set_rollback(True)
    return result


WISHES = st.lists(
    st.tuples(
        st.sampled_from(SKUS),
        st.integers(1, 7),
        st.sampled_from(["c1", "c2"]),
        st.integers(0, 9),  # few keys: repeats and reuse are common
        st.booleans(),
    ),
    max_size=14,
)


@given(drawn=WISHES)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
def test_together_is_one_by_one(shop, drawn):
    wishes = [
        wish(sku, units, cart=cart, key=f"k{key}", ring_fence=shop["fence"] if fenced else None)
        for sku, units, cart, key, fenced in drawn
    ]

    def carry_out(rounds):
        answers = [outcome(one) for round_ in rounds for one in reserve_together(round_)]
        return answers, books()

    together = rolled_back(partial(carry_out, [wishes] if wishes else []))
    one_by_one = rolled_back(partial(carry_out, [[one] for one in wishes]))
    assert together == one_by_one


def test_first_come_first_served_and_the_next_that_fits_still_fits(shop):
    answers = reserve_together(
        [wish("CUP", 5, key="a"), wish("CUP", 5, key="b"), wish("CUP", 4, key="c")]
    )
    assert [refusal(one) is None for one in answers] == [True, False, True]
    assert str(answers[1]) == "CUP: 5 wanted, 4 available."
    assert stock.available([shop["CUP"].pk]) == {shop["CUP"].pk: 0}


def test_a_kit_is_checked_by_its_components(shop):
    [held, too_many, cups] = reserve_together(
        [wish("SET", 4, key="a"), wish("SET", 1, key="b"), wish("CUP", 1, key="c")]
    )
    assert {(one.variant.sku, one.units) for one in held.reservations} == {("TEA", 4), ("CUP", 8)}
    assert {one.kit.sku for one in held.reservations} == {"SET"}
    assert str(too_many) == "SET: 1 wanted, 0 available."
    assert cups.reservations[0].kit is None
    assert stock.release_cart("c", sku="SET") == 2
    assert verify_stock() == []


def test_a_repeat_gets_the_same_rows_and_another_request_is_refused(shop):
    first = stock.reserve_wish(wish("TEA", 7, minutes=20))
    again = stock.reserve_wish(wish("TEA", 7, minutes=20))
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert again.reservations == first.reservations
    assert len(first.reservations) == 2
    for other in (wish("TEA", 6, minutes=20), wish("TEA", 7, minutes=21), wish("CUP", 7)):
        with pytest.raises(stock.StockKeyReusedError):
            stock.reserve_wish(other)


def test_a_repeat_in_the_same_round_is_a_repeat(shop):
    first, again, other = reserve_together([wish("TEA", 2), wish("TEA", 2), wish("TEA", 1)])
    assert again == first._replace(is_repeat=True)
    assert isinstance(other, stock.StockKeyReusedError)


def test_a_reservation_of_very_many_rows_is_found_again(shop, monkeypatch):
    monkeypatch.setattr(reservation_rows, "PIECES_ASKED_FOR", 1)
    held = stock.reserve_wish(wish("SET", 4)).reservations
    assert stock.reserve_wish(wish("SET", 4)).reservations == held
    assert reservation_rows.piece_key("k", 1) == "#1#k"


def test_units_of_a_quota_come_from_it_and_go_back_to_it_while_it_is_open(shop):
    fence, tea = shop["fence"], shop["TEA"]
    free = stock.available([tea.pk])
    [row] = stock.reserve(tea, 2, cart="c", key="k", ring_fence=fence)
    fence.refresh_from_db()
    assert (fence.units_left, stock.available([tea.pk])) == (1, free)
    with pytest.raises(stock.OutOfStockError, match="1 available"):
        stock.reserve(tea, 2, cart="c", key="k2", ring_fence=fence)
    stock.release(row)
    fence.refresh_from_db()
    assert (fence.units_left, stock.available([tea.pk])) == (3, free)
    assert verify_stock() == []


def test_when_the_quota_is_closed_its_units_go_back_to_everybody(shop):
    fence, tea = shop["fence"], shop["TEA"]
    stock.reserve(tea, 2, cart="c", key="k", ring_fence=fence, expires_at=timezone.now())
    release_ring_fence(fence, key="end")
    assert stock.expire_due_reservations() == 1
    assert stock.available([tea.pk]) == {tea.pk: 11}
    with pytest.raises(stock.OutOfStockError):
        stock.reserve(tea, 1, cart="c", key="k2", ring_fence=fence)
    assert verify_stock() == []


def test_a_quota_is_for_its_own_sku(shop):
    for sku in ("CUP", "SET"):
        with pytest.raises(stock.StockError, match="not set aside"):
            stock.reserve(shop[sku], 1, cart="c", key="k", ring_fence=shop["fence"])


def test_what_is_not_for_sale_is_refused_for_itself_only(shop):
    hold(shop["CUP"], "recall")
    shop["SET"].is_active = False
    shop["SET"].save()
    names = [
        type(refusal(one)).__name__
        for one in reserve_together(
            [wish(sku, key=sku, only_on_sale=True) for sku in ("TEA", "CUP", "SET", "NONE", "BOOK")]
        )
    ]
    assert names == [
        "NoneType",
        "SaleStoppedError",
        "SkuUnknownError",
        "SkuUnknownError",
        "NoneType",
    ]


def test_the_statements_are_as_many_for_fifty_as_for_one(shop, django_assert_num_queries):
    stock.receive(shop["CUP"], 100, warehouse=make_warehouse("MAIN"), key="po4")
    # Six; PostgreSQL takes them in two journeys. Two more are the savepoint of the test.
    queries = 4 if connection.vendor == "postgresql" else 8
    with django_assert_num_queries(queries):
        reserve_together([wish("CUP", key="one")])
    with django_assert_num_queries(queries):
        reserve_together([wish("CUP", key=f"k{number}") for number in range(50)])


def test_many_due_reservations_are_given_back_in_few_statements(
    shop, django_assert_max_num_queries
):
    past = timezone.now() - timedelta(minutes=1)
    for number in range(8):
        stock.reserve(shop["CUP"], 1, cart=f"c{number}", key=f"k{number}", expires_at=past)
    with django_assert_max_num_queries(11):
        assert stock.expire_due_reservations() == 8
    assert stock.available([shop["CUP"].pk]) == {shop["CUP"].pk: 9}
    assert verify_stock() == []


def test_one_wrong_counter_does_not_keep_the_other_reservations(shop, caplog):
    past = timezone.now() - timedelta(minutes=1)
    stock.reserve(shop["CUP"], 1, cart="c1", key="k1", expires_at=past)
    stock.reserve(shop["TEA"], 1, cart="c2", key="k2", expires_at=past)
    StockLevel.objects.filter(variant=shop["CUP"]).update(reserved=0)
    assert stock.expire_due_reservations() == 1
    states = dict(Reservation.objects.values_list("cart", "state"))
    assert states == {"c1": "held", "c2": "expired"}
    assert "could not be closed" in caplog.text


def test_a_cart_is_held_on_for_a_day_and_no_longer(shop):
    [row] = stock.reserve(shop["TEA"], 1, cart="c", key="k")
    assert stock.extend("c", held_for=timedelta(hours=1)) == 1
    row.refresh_from_db()
    soon = row.expires_at
    assert soon > timezone.now() + timedelta(minutes=59)
    stock.extend("c", held_for=timedelta(minutes=1))  # never shortens
    stock.extend("c", held_for=timedelta(hours=30))
    row.refresh_from_db()
    assert row.expires_at == row.created_at + timedelta(hours=24)
