"""Goods in, out and between places, against tests/stock_model.py: the ground of tests/stock_machine.py.

Three SKUs, a kit of two of them, two warehouses, batches and fences. The model says beforehand
whether a verb may work. Which warehouse gives is read from the rows: that all of it is there and
nothing else moved is checked, the sourcing rule has its own tests.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from functools import partial
from itertools import count

from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from shop.models import Batch, KitComponent, RingFence, StockLevel, Variant
from shop.services.orders import orders
from shop.services.stock import batches, ring_fences, stock
from shop.services.stock.batch_order import shop_today
from shop.services.stock.transfers import transfer
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse
from tests.stock_model import Shelf

UNITS = st.integers(min_value=1, max_value=6)
ITEMS, PLACES = ["A", "B", "C"], ["W1", "W2"]
GOODS = {"A": {"A": 1}, "B": {"B": 1}, "C": {"C": 1}, "KIT": {"A": 1, "B": 2}}
KEEPS_DAYS = {"A": 0, "B": 3, "C": 0}
ITEM, PLACE = st.sampled_from(ITEMS), st.sampled_from(PLACES)
CODE, DAYS = st.sampled_from(["", "L1", "L2", "L3"]), st.sampled_from([None, -1, 1, 10])
PICK = st.integers(min_value=0, max_value=10**6)
REFUSALS = (stock.StockError, orders.OrderError)
tally = defaultdict(int)  # how often each verb worked, was refused, or crashed


class CrashError(Exception):
    """The process dies at this statement."""


class DieAt:
    """Raises instead of the n-th statement that writes: nothing after it happens."""

    def __init__(self, number: int):
        self.left = number

    def __call__(self, execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE")):
            self.left -= 1
            if self.left == 0:
                raise CrashError
        return execute(sql, params, many, context)


class StockRules(RuleBasedStateMachine):
    """Goods in, out and between places; batches and fences; time; and what must hold after each."""

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()  # each example starts from an empty shop
        self.today, self.start = shop_today(), timezone.now() + timedelta(hours=1)
        self.keys, self.minute = map("k{}".format, count()), 0
        self.variants = {sku: make_variant(sku, price_minor=100) for sku in GOODS}
        for sku, days in KEEPS_DAYS.items():
            Variant.objects.filter(sku=sku).update(min_shelf_life_days=days)
        for sku, units in GOODS["KIT"].items():
            KitComponent.objects.create(
                kit=self.variants["KIT"], component=self.variants[sku], units=units
            )
        self.places = {code: make_warehouse(code) for code in PLACES}
        self.shelves = {(s, p): Shelf(KEEPS_DAYS[s]) for s in ITEMS for p in PLACES}
        self.fences, self.carts, self.direct = {}, {}, defaultdict(int)
        self.placed, self.shipped = [], []
        self.done, self.crash_at = [], 0

    # What happens to a call.

    def attempt(self, allowed, verb, *args, **fields):
        """Works exactly when the model says so. A crash before changes nothing."""
        call = partial(verb, *args, **fields)
        try:
            result = self.run(call)
        except REFUSALS:
            assert not allowed, (verb.__name__, args, fields)
            tally[verb.__name__, "refused"] += 1
            return None
        assert allowed, (verb.__name__, args, fields, result)
        tally[verb.__name__, "worked"] += 1
        if "key" in fields or "number" in fields:
            self.done.append(call)
        return result

    def run(self, call):
        if self.crash_at:
            before, wrapper = self.counters(), DieAt(self.crash_at)
            self.crash_at = 0
            try:
                with connection.execute_wrapper(wrapper):
                    return call()
            except CrashError:
                tally[call.func.__name__, "crashed"] += 1
                if call.func not in (batches.set_aside_expired, ring_fences.end_due_ring_fences):
                    assert self.counters() == before  # those two are a transaction for each row
        return call()

    @rule(statement=st.integers(min_value=1, max_value=20))
    def the_process_will_die(self, statement):
        self.crash_at = statement

    @precondition(lambda self: self.done)
    @rule(pick=PICK)
    def an_earlier_request_comes_again(self, pick):
        before = self.counters()
        self.done[pick % len(self.done)]()
        assert self.counters() == before
        tally["repeat", "worked"] += 1

    # Goods.

    @initialize(units=st.lists(st.integers(4, 20), min_size=6, max_size=6))
    def the_shop_has_goods(self, units):
        for (sku, place), shelf in self.shelves.items():
            for code, days in (("", None), ("L1", 10)):
                self.receive(sku, place, units[0], code, days)
                assert shelf.on_hand >= units[0]
            units = units[1:]

    @rule(sku=ITEM, place=PLACE, units=UNITS, code=CODE, days=DAYS)
    def receive(self, sku, place, units, code, days):
        shelf = self.shelves[sku, place]
        lot = shelf.lots.get(code)
        days = days if code else None
        same = days is None or lot is None or lot.days == days
        on = None if days is None else self.today + timedelta(days=days)
        fields = {**self.at(place), "batch": code, "expires_on": on}
        if self.attempt(same, stock.receive, self.variants[sku], units, **fields):
            shelf.put(units, code, days)

    @rule(sku=ITEM, place=PLACE, units=UNITS, code=CODE)
    def come_back(self, sku, place, units, code):
        shelf = self.shelves[sku, place]
        known = not code or code in shelf.lots
        fields = {**self.at(place), "batch": code}
        if self.attempt(known, stock.return_to_stock, self.variants[sku], units, **fields):
            shelf.put(units, code)

    @rule(sku=ITEM, place=PLACE, delta=st.integers(-6, 6).filter(bool), code=CODE)
    def adjust(self, sku, place, delta, code):
        shelf = self.shelves[sku, place]
        lot = shelf.lots.get(code)
        fits = (not code or lot is not None) and shelf.available + delta >= 0
        fits = fits and (delta > 0 or not lot or lot.free + delta >= 0)
        fields = {**self.at(place), "batch": code, "reason": "why"}
        if self.attempt(fits, stock.adjust, self.variants[sku], delta, **fields):
            if delta > 0:
                shelf.put(delta, code)
            else:
                shelf.take(-delta, [lot] if lot else [None, *shelf.in_order()])

    @rule(sku=ITEM, place=PLACE, counted=st.integers(0, 15))
    def count(self, sku, place, counted):
        shelf = self.shelves[sku, place]
        fits = counted >= shelf.promised
        difference = counted - shelf.on_hand
        if self.attempt(fits, stock.count_stock, self.variants[sku], counted, **self.at(place)):
            if difference > 0:
                shelf.put(difference)
            elif difference < 0:
                assert shelf.take(-difference, [None, *shelf.in_order()])

    @rule(sku=ITEM, source=PLACE, units=UNITS, code=CODE)
    def transfer(self, sku, source, units, code):
        target = PLACES[source == PLACES[0]]
        shelf, other = self.shelves[sku, source], self.shelves[sku, target]
        lots = [one for one in shelf.for_sale() if not code or (one and one.code == code)]
        fits = units <= shelf.available and (not code or code in shelf.lots)
        pieces = shelf.take(units, lots) if fits else None
        if pieces is not None and not self.same_dates(pieces, shelf, other):
            for name, part in pieces:
                shelf.put(part, name)
            pieces = None
        fields = {"source": self.places[source], "target": self.places[target], "batch": code}
        key = next(self.keys)
        self.attempt(pieces is not None, transfer, self.variants[sku], units, key=key, **fields)
        for name, part in pieces or []:
            other.put(part, name, shelf.lots[name].days if name else None)

    def same_dates(self, pieces, shelf, other):
        lots = [shelf.lots[name] for name, _units in pieces if name in other.lots]
        return all(lot.days in (None, other.lots[lot.code].days) for lot in lots)

    # Dates.

    @rule(sku=ITEM, code=CODE, days=DAYS)
    def the_date_is_another(self, sku, code, days):
        on = None if days is None else self.today + timedelta(days=days)
        for place in PLACES:
            if lot := self.shelves[sku, place].lots.get(code):
                lot.days = days
        Batch.objects.filter(variant=self.variants[sku], code=code).update(expires_on=on)

    @rule()
    def set_aside(self):
        self.attempt(True, batches.set_aside_expired)
        for shelf in self.shelves.values():
            for lot in shelf.lots.values():
                if lot.days is None or lot.days >= shelf.keeps_days:
                    lot.aside = 0
            shelf.set_aside()

    @rule(sku=ITEM, place=PLACE, code=CODE.filter(bool))
    def write_off(self, sku, place, code):
        shelf = self.shelves[sku, place]
        if code in shelf.lots:
            where = {"variant": self.variants[sku], "warehouse": self.places[place]}
            gone = shelf.write_off(code)
            batch = Batch.objects.get(code=code, **where)
            fields = {"key": next(self.keys), "reason": "why"}
            units = self.attempt(gone > 0, batches.write_off_batch, batch, **fields)
            assert (units or 0) == gone

    # Fences.

    @rule(sku=ITEM, place=PLACE, units=UNITS, minutes=st.integers(1, 30))
    def fence(self, sku, place, units, minutes):
        shelf = self.shelves[sku, place]
        ends = self.start + timedelta(minutes=self.minute + minutes)
        made = self.attempt(
            units <= shelf.available,
            ring_fences.ring_fence,
            self.variants[sku],
            units,
            purpose="sale",
            ends_at=ends,
            **self.at(place),
        )
        if made:
            shelf.fences[made.pk] = units
            self.fences[made.pk] = (sku, place, ends)

    @precondition(lambda self: self.fences)
    @rule(pick=PICK, units=st.none() | UNITS)
    def release_fence(self, pick, units):
        pk = sorted(self.fences)[pick % len(self.fences)]
        sku, place, _ends = self.fences[pk]
        fences = self.shelves[sku, place].fences
        fields = {"units": units, "key": next(self.keys)}
        fence = RingFence.objects.get(pk=pk)
        fits = units is None or units <= fences[pk]
        if self.attempt(fits, ring_fences.release_ring_fence, fence, **fields):
            fences[pk] -= fences[pk] if units is None else units
            if units is None:
                del self.fences[pk]

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes):
        """Carts and fences whose time is over give back what they hold."""
        self.minute += minutes
        now = self.start + timedelta(minutes=self.minute)
        self.attempt(True, stock.expire_due_reservations, now)
        for cart, (until, rows) in list(self.carts.items()):
            if until <= now:
                self.give_back(rows)
                del self.carts[cart]
        self.attempt(True, ring_fences.end_due_ring_fences, now)
        for pk, (sku, place, ends) in list(self.fences.items()):
            if ends <= now:
                self.shelves[sku, place].fences[pk] = 0
                del self.fences[pk]

    # What must hold.

    def at(self, place):
        return {"warehouse": self.places[place], "key": next(self.keys)}

    def enough(self, needs):
        free = {sku: sum(self.shelves[sku, place].available for place in PLACES) for sku in ITEMS}
        return all(units <= free[sku] for sku, units in needs.items())

    def counters(self):
        rows = StockLevel.objects.values_list(
            "variant__sku", "warehouse__code", "on_hand", "allocated", "reserved", "ring_fenced"
        )
        return {(sku, place): tuple(units) for sku, place, *units in rows if any(units)}

    @invariant()
    def counters_agree(self):
        seen = self.counters()
        for at, shelf in self.shelves.items():
            says = (shelf.on_hand, shelf.allocated, shelf.reserved, shelf.ring_fenced)
            assert seen.get(at, (0, 0, 0, 0)) == says, at
        held = Batch.objects.exclude(on_hand=0).values_list(
            "variant__sku", "warehouse__code", "code", "on_hand"
        )
        assert {tuple(row) for row in held} == {
            (*at, lot.code, lot.units)
            for at, shelf in self.shelves.items()
            for lot in shelf.lots.values()
            if lot.units
        }
        tally["steps", "checked"] += 1

    def teardown(self):
        try:
            kits = min(self.free("A"), self.free("B") // 2)
            sold = stock.available([variant.pk for variant in self.variants.values()])
            assert sold[self.variants["KIT"].pk] == kits
            assert verify_stock() == []
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def free(self, sku):
        return sum(self.shelves[sku, place].available for place in PLACES)
