"""Crowds of buyers, as threads of one process and as if each were a process of its own.

Beside them the control: with the lock and the condition taken away the same crowd oversells.
"""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from shop.models import KitComponent, Reservation, StockLevel
from shop.services.stock import reservation_rows, reserve_together, stock
from shop.services.stock.ring_fences import ring_fence
from shop.services.stock.shared_transaction import SharedTransaction
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse
from tests.factories_crowd import BUYERS, LONG, crowd

UNITS = 5
ROOT = Path(__file__).resolve().parent.parent.parent
on_postgres = pytest.mark.postgres
pytestmark = [pytest.mark.django_db(transaction=True)]


def wish(number, sku="TEA-1", units=1, **fields):
    return stock.Wish(sku, units, f"c{number}", f"k{number}", timedelta(minutes=15), **fields)


def sold(results):
    return sum(not isinstance(result, stock.StockError) for result in results)


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, UNITS, warehouse=make_warehouse(), key="po")
    return variant


def in_one_process(one):
    return stock.reserve_wish(one)


def in_processes_of_their_own(one):
    """Nobody shares: each locks for itself."""
    return SharedTransaction(reserve_together.reserve_together).ask(one)


@on_postgres
@pytest.mark.parametrize("ask", [in_one_process, in_processes_of_their_own])
def test_a_crowd_gets_exactly_what_is_there(tea, ask):
    results = crowd(lambda n: ask(wish(n)), size=40, refusals=stock.StockError)
    assert sold(results) == UNITS
    assert Reservation.objects.count() == UNITS
    assert stock.available([tea.pk]) == {tea.pk: 0}
    assert verify_stock() == []


@contextmanager
def without_check_constraints():
    names = ["stock_available_not_negative", "stock_counters_not_negative"]
    constraints = [one for one in StockLevel._meta.constraints if one.name in names]
    with connection.schema_editor() as editor:
        for constraint in constraints:
            editor.remove_constraint(StockLevel, constraint)
    try:
        yield
    finally:
        StockLevel.objects.all().delete()
        with connection.schema_editor() as editor:
            for constraint in constraints:
                editor.add_constraint(StockLevel, constraint)


@pytest.fixture
def stale_reading(monkeypatch):
    """No row lock, and everybody has read the counter before the first one writes."""
    gate, first = threading.Barrier(BUYERS), threading.local()
    monkeypatch.setattr(reservation_rows, "SHELVES", reservation_rows.SHELVES.replace("{lock}", ""))
    read_and_lock = reserve_together.read_and_lock

    def read(skus, keys):
        found = read_and_lock(skus, keys)
        if not getattr(first, "passed", False):
            first.passed = True
            gate.wait(timeout=LONG)
        return found

    monkeypatch.setattr(reserve_together, "read_and_lock", read)


@on_postgres
def test_without_the_lock_the_condition_in_the_update_is_enough(tea, stale_reading):
    results = crowd(
        lambda n: in_processes_of_their_own(wish(n)), size=BUYERS, refusals=stock.StockError
    )
    assert sold(results) == UNITS
    assert verify_stock() == []


@on_postgres
def test_control_without_lock_and_condition_the_crowd_oversells(tea, stale_reading, monkeypatch):
    where = "WHERE on_hand - allocated - reserved - ring_fenced >= %s AND ring_fenced >= %s"
    assert where in reservation_rows.TAKE
    monkeypatch.setattr(
        reservation_rows,
        "TAKE",
        reservation_rows.TAKE.replace(where, "WHERE %s IS NOT NULL AND %s IS NOT NULL"),
    )
    with without_check_constraints():
        results = crowd(
            lambda n: in_processes_of_their_own(wish(n)), size=BUYERS, refusals=stock.StockError
        )
        assert sold(results) > UNITS
        assert StockLevel.objects.get().available < 0


@on_postgres
@pytest.mark.parametrize("ask", [in_one_process, in_processes_of_their_own])
def test_the_same_key_at_once_has_one_effect(tea, ask):
    results = crowd(lambda _n: ask(wish(0, units=2)), size=20)
    [row] = Reservation.objects.all()
    assert {held.reservations[0].pk for held in results} == {row.pk}
    assert sum(not held.is_repeat for held in results) == 1
    assert verify_stock() == []


@on_postgres
def test_the_same_key_for_another_sku_at_once_is_refused(tea):
    cup = make_variant("CUP-1")
    stock.receive(cup, UNITS, warehouse=make_warehouse(), key="po2")

    def ask(number):
        sku = "TEA-1" if number % 2 else "CUP-1"
        return in_processes_of_their_own(stock.Wish(sku, 1, "c", "one", timedelta(minutes=15)))

    results = crowd(ask, size=16, refusals=stock.StockError)
    refused = [one for one in results if isinstance(one, stock.StockError)]
    assert {type(one) for one in refused} == {stock.StockKeyReusedError}
    assert Reservation.objects.count() == 1


@on_postgres
def test_kits_and_their_components_at_once(tea):
    cup, tea_set = make_variant("CUP-1"), make_variant("SET-1")
    stock.receive(cup, 7, warehouse=make_warehouse(), key="po2")
    KitComponent.objects.create(kit=tea_set, component=cup, units=2)
    KitComponent.objects.create(kit=tea_set, component=tea, units=1)
    skus = ("SET-1", "CUP-1", "TEA-1")

    def ask(number):
        act = in_one_process if number % 2 else in_processes_of_their_own
        return act(wish(number, sku=skus[number % 3]))

    crowd(ask, size=36, refusals=stock.StockError)
    assert all(units >= 0 for units in stock.available([tea.pk, cup.pk]).values())
    assert verify_stock() == []


@on_postgres
def test_a_quota_and_the_rest_are_sold_at_once(tea):
    fence = ring_fence(tea, 3, warehouse=make_warehouse(), purpose="flash-sale:1", key="f")

    def ask(number):
        return in_processes_of_their_own(wish(number, ring_fence=fence if number % 2 else None))

    results = crowd(ask, size=24, refusals=stock.StockError)
    fence.refresh_from_db()
    assert sold(results[1::2]) == 3
    assert sold(results[0::2]) == 2
    assert fence.units_left == 0
    assert verify_stock() == []


@on_postgres
def test_orders_releases_and_expiry_share_out_each_reservation_once(tea):
    for number in range(UNITS):
        stock.reserve(
            tea, 1, cart=f"c{number}", key=f"k{number}", expires_at="2026-01-01T00:00:00Z"
        )
    results = crowd(
        lambda n: (
            stock.expire_due_reservations() if n % 2 else stock.release_cart(f"c{n // 2 % UNITS}")
        ),
        size=12,
    )
    assert sum(results) == UNITS
    assert stock.available([tea.pk]) == {tea.pk: UNITS}
    assert verify_stock() == []


SQLITE_CROWD = """
import json, os, sys, threading
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from datetime import timedelta
from django.db import connection
from shop.models import Product, Reservation, Variant, Warehouse
from shop.services.stock import stock
from shop.services.stock.reserve_together import reserve_together
from shop.services.stock.shared_transaction import SharedTransaction
from shop.services.stock.verify import verify_stock

variant = Variant.objects.create(
    product=Product.objects.create(code="P", name="Tea"), sku="TEA-1"
)
stock.receive(variant, 5, warehouse=Warehouse.objects.create(code="W", name="W"), key="po")
bought = []

def buy(number):
    who = number % 20
    wish = stock.Wish("TEA-1", 1, f"c{who}", f"k{who}", timedelta(minutes=15))
    ask = stock.reserve_wish if number % 2 else SharedTransaction(reserve_together).ask
    try:
        bought.extend(row.pk for row in ask(wish).reservations)
    except stock.OutOfStockError:
        pass
    finally:
        connection.close()

threads = [threading.Thread(target=buy, args=(number,)) for number in range(40)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps({
    "bought": len(set(bought)),
    "rows": Reservation.objects.count(),
    "available": stock.available([variant.pk])[variant.pk],
    "differences": len(verify_stock()),
}))
"""


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="copies the embedded test database")
def test_a_crowd_on_the_embedded_database(tmp_path):
    """In a file, as it is used: the one in memory of the tests has no lock between threads."""
    file = tmp_path / "shop.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    done = subprocess.run(
        [sys.executable, "-c", SQLITE_CROWD],
        env=os.environ | {"DATABASE_URL": f"sqlite:///{file}", "VAR_DIR": str(tmp_path)},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "bought": 5,
        "rows": 5,
        "available": 0,
        "differences": 0,
    }
