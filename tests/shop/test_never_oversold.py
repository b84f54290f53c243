"""Real threads, real transactions. With the guard off the same crowd oversells: the harness sees it."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.models import Q

from shop.models import Reservation, StockLevel, StockMovement
from shop.services.stock import movements, stock
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse
from tests.factories_crowd import BUYERS, LONG, crowd

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
UNITS = 5


def sold(results):
    return sum(not isinstance(result, stock.StockError) for result in results)


@contextmanager
def without_guards(monkeypatch):
    """No condition in the UPDATE and no CHECK below it: how the bug would look."""
    names = ["stock_available_not_negative", "stock_counters_not_negative"]
    constraints = [one for one in StockLevel._meta.constraints if one.name in names]
    with connection.schema_editor() as editor:
        for constraint in constraints:
            editor.remove_constraint(StockLevel, constraint)
    monkeypatch.setattr(movements, "enough", lambda change: Q())
    try:
        yield
    finally:
        monkeypatch.undo()
        StockLevel.objects.all().delete()
        with connection.schema_editor() as editor:
            for constraint in constraints:
                editor.add_constraint(StockLevel, constraint)


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, UNITS, warehouse=make_warehouse(), key="po")
    return variant


def test_twelve_buyers_share_five_units(tea):
    results = crowd(
        lambda n: stock.reserve(tea, 1, cart=f"c{n}", key=f"k{n}"), refusals=stock.StockError
    )
    assert sold(results) == UNITS  # neither oversold nor undersold
    assert stock.available([tea.pk]) == {tea.pk: 0}
    assert verify_stock() == []


def test_control_without_the_guard_the_crowd_oversells(tea, monkeypatch):
    """The units are still checked in Python first, as in many shops; that is not enough."""
    gate = threading.Barrier(BUYERS)
    place = make_warehouse()
    with without_guards(monkeypatch):

        def check_then_act(number):
            level = StockLevel.objects.get(variant=tea)
            gate.wait(timeout=LONG)  # the window between reading and writing
            if level.available < 1:
                raise stock.InsufficientStockError("sold out")
            return stock.allocate(tea, 1, warehouse=place, key=f"k{number}")

        assert sold(crowd(check_then_act, refusals=stock.StockError)) > UNITS
        assert StockLevel.objects.get().available < 0


def test_the_same_key_at_once_has_one_effect(tea):
    results = crowd(lambda _n: stock.reserve(tea, 2, cart="c", key="one"))
    assert {held.pk for [held] in results} == {Reservation.objects.get().pk}
    results = crowd(lambda _n: stock.allocate(tea, 1, warehouse=make_warehouse(), key="a"))
    assert len({movement.pk for movement in results}) == 1
    assert StockMovement.objects.filter(key="a").count() == 1
    assert stock.available([tea.pk]) == {tea.pk: 2}


def test_counting_while_others_buy_keeps_the_books(tea):
    place = make_warehouse()

    def act(number):
        if number % 3 == 0:
            return stock.count_stock(tea, 9, warehouse=place, key=f"count{number}")
        return stock.allocate(tea, 1, warehouse=place, key=f"buy{number}")

    crowd(act, refusals=stock.StockError)
    assert verify_stock() == []
    assert StockLevel.objects.get().available >= 0


def test_expiry_and_release_at_once_give_the_units_back_once(tea):
    [held] = stock.reserve(tea, 3, cart="c", key="k", expires_at="2026-01-01T00:00:00Z")
    crowd(
        lambda n: stock.release(held) if n % 2 else stock.expire_due_reservations(),
        size=6,
    )
    assert stock.available([tea.pk]) == {tea.pk: UNITS}
    assert verify_stock() == []
