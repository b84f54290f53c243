"""Two verbs at once, in every interleaving: the end is one that they could reach one after the other.

A rival acts just before a statement of the first, on a connection of its own, until it is done or
waits for a lock; then the first goes on. So it is for each statement that touches the stock and for
each ordered pair of verbs: no luck with threads, and no sleeping.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from shop.models import StockLevel
from shop.services.orders import orders
from shop.services.stock import ring_fences, stock
from shop.services.stock.batch_order import shop_today
from shop.services.stock.reserve_together import Wish, reserve_together
from shop.services.stock.transfers import transfer
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse
from tests.factories_crowd import LONG
from tests.shop.test_never_oversold import without_guards

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
STOCK_TABLES = ("shop_stock", "shop_batch", "shop_ringfence", "shop_reservation")
numbers = count(1)


def world():
    """6 on hand, of which 3 in a batch; 1 is promised and 1 in a cart: 4 are available."""
    variant = make_variant(f"SKU-{next(numbers)}")
    place = make_warehouse("W1")
    stock.receive(variant, 3, warehouse=place, key=f"{variant.sku}:loose")
    stock.receive(
        variant, 3, warehouse=place, key=f"{variant.sku}:lot", batch="L", expires_on=shop_today()
    )
    stock.allocate(variant, 1, warehouse=place, key=f"{variant.sku}:order")
    stock.reserve(
        variant, 1, cart=variant.sku, key=f"{variant.sku}:cart", expires_at=timezone.now()
    )
    return variant


def reserve(variant, key):
    """As in another process: callers of one process share a transaction and never interleave."""
    wish = Wish(variant.sku, 3, f"c{key}", key, timedelta(minutes=5))
    [answer] = reserve_together([wish])
    if isinstance(answer, stock.StockError):
        raise answer


def order(variant, key):
    orders.place_order(orders.NewOrder((orders.WantedLine(variant.sku, 3),)), key=key)


def ship(variant, key):
    stock.consume(variant, 1, warehouse=make_warehouse("W1"), key=key)


def lose(variant, key):
    stock.adjust(variant, -3, warehouse=make_warehouse("W1"), key=key, reason="stolen")


def recount(variant, key):
    stock.count_stock(variant, 5, warehouse=make_warehouse("W1"), key=key)


def move(variant, key):
    places = {"source": make_warehouse("W1"), "target": make_warehouse("W2")}
    transfer(variant, 3, key=key, **places)


def fence(variant, key):
    place = make_warehouse("W1")
    ring_fences.ring_fence(variant, 3, warehouse=place, purpose="sale", key=key)


VERBS = [reserve, order, ship, lose, recount, move, fence]


def outcome(verb: Callable, variant: Any, key: str) -> str:
    try:
        verb(variant, key)
    except stock.StockError:
        return "refused"
    return "done"


def state(variant):
    names = ("warehouse__code", "on_hand", "allocated", "reserved", "ring_fenced")
    levels = StockLevel.objects.filter(variant=variant, on_hand__gt=0).values_list(*names)
    batches = variant.batches.filter(on_hand__gt=0).values_list("warehouse__code", "on_hand")
    return tuple(sorted(levels)), tuple(sorted(batches))


def one_after_the_other(first, second):
    variant = world()
    said = outcome(first, variant, f"{variant.sku}:a"), outcome(second, variant, f"{variant.sku}:b")
    return said, state(variant)


class Rival:
    """Acts on its own connection until it is done or waits for somebody's lock."""

    def __init__(self, verb, variant):
        self.verb, self.variant, self.said, self.pid = verb, variant, None, None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                [self.pid] = cursor.fetchone()
            self.said = outcome(self.verb, self.variant, f"{self.variant.sku}:b")
        finally:
            connection.close()

    def act(self, watch):
        self.thread.start()
        while self.thread.is_alive() and not self._waits(watch):
            self.thread.join(0.001)

    def _waits(self, watch):
        if self.pid is None:
            return False
        with watch.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [self.pid])
            return cursor.fetchone()[0] > 0


class RunBefore:
    """Lets the rival act before the n-th statement that touches the stock; counts them all."""

    def __init__(self, number=0, act=None):
        self.seen, self.number, self.act = 0, number, act

    def __call__(self, execute, sql, params, many, context):
        if any(table in sql for table in STOCK_TABLES):
            self.seen += 1
            if self.seen == self.number:
                self.act()
        return execute(sql, params, many, context)


def interleaved(first, second, number, watch):
    """Outcomes and end when `second` acts before statement `number` of `first`; None: too few."""
    variant = world()
    rival = Rival(second, variant)
    hook = RunBefore(number, lambda: rival.act(watch))
    with connection.execute_wrapper(hook):
        said = outcome(first, variant, f"{variant.sku}:a")
    if hook.seen < number:
        return None
    rival.thread.join(LONG)
    assert rival.said, "the rival did not come to an end"
    return (said, rival.said), state(variant)


@pytest.fixture
def watch():
    other = connection.copy()
    yield other
    other.close()


@pytest.mark.slow
@pytest.mark.parametrize("first", VERBS, ids=lambda verb: verb.__name__)
def test_every_interleaving_ends_like_a_queue(first, watch):
    for second in VERBS:
        said, end = one_after_the_other(second, first)
        allowed = {one_after_the_other(first, second), ((said[1], said[0]), end)}
        for number in count(1):
            found = interleaved(first, second, number, watch)
            if found is None:
                break
            assert found in allowed, f"{second.__name__} before statement {number}"
        assert number > 2
    assert verify_stock() == []


def test_control_without_the_guard_an_interleaving_oversells(watch, monkeypatch):
    allowed = {one_after_the_other(order, lose), one_after_the_other(lose, order)}
    with without_guards(monkeypatch):
        found = [interleaved(order, lose, number, watch) for number in range(1, 6)]
    ends = {end for one in found if one for _said, end in [one]}
    assert ends - {end for _said, end in allowed}
