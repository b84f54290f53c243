"""Every stock verb in any order against tests/stock_model.py, with repeats and crashes between.

What is bought and sent back, on top of tests/stock_rules.py: carts, allocations, orders, returns.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shop.models import Reservation, RingFence
from shop.services.orders import orders
from shop.services.orders.returns import return_lines
from shop.services.stock import stock
from tests.stock_rules import GOODS, ITEM, ITEMS, PICK, PLACE, UNITS, StockRules


class StockMachine(StockRules):
    # Carts.

    @rule(sku=st.sampled_from(sorted(GOODS)), units=UNITS, minutes=st.integers(1, 30))
    def reserve(self, sku, units, minutes):
        needs = {item: each * units for item, each in GOODS[sku].items()}
        self.hold(self.enough(needs), sku, units, minutes, needs)

    @precondition(lambda self: self.fences)
    @rule(pick=PICK, units=UNITS, minutes=st.integers(1, 30))
    def reserve_from_a_fence(self, pick, units, minutes):
        pk = sorted(self.fences)[pick % len(self.fences)]
        sku, place, _ends = self.fences[pk]
        fence = RingFence.objects.get(pk=pk)
        fits = units <= self.shelves[sku, place].fences[pk]
        self.hold(fits, sku, units, minutes, {sku: units}, ring_fence=fence)

    def hold(self, fits, sku, units, minutes, needs, **fields):
        cart = next(self.keys)
        until = self.start + timedelta(minutes=self.minute + minutes)
        fields |= {"cart": cart, "key": f"r{cart}", "expires_at": until}
        if self.attempt(fits, stock.reserve, self.variants[sku], units, **fields) is None:
            return
        got, rows = defaultdict(int), []
        for row in Reservation.objects.filter(cart=cart).select_related("variant", "warehouse"):
            shelf = self.shelves[row.variant.sku, row.warehouse.code]
            if row.ring_fence_id:
                shelf.fences[row.ring_fence_id] -= row.units
            else:
                assert row.units <= shelf.available
            shelf.reserved += row.units
            got[row.variant.sku] += row.units
            rows.append((row.pk, row.variant.sku, row.warehouse.code, row.units, row.ring_fence_id))
        assert got == needs
        self.carts[cart] = (until, rows)

    def give_back(self, rows):
        for _pk, sku, place, units, fence in rows:
            self.shelves[sku, place].reserved -= units
            if fence in self.fences:
                self.shelves[sku, place].fences[fence] += units

    @precondition(lambda self: self.carts)
    @rule(pick=PICK, whole=st.booleans())
    def release(self, pick, whole):
        cart = sorted(self.carts)[pick % len(self.carts)]
        until, rows = self.carts[cart]
        if whole:
            self.attempt(True, stock.release_cart, cart)
            gone = rows
        else:
            gone = rows[:1]
            self.attempt(True, stock.release, Reservation.objects.get(pk=rows[0][0]))
        self.give_back(gone)
        left = [row for row in rows if row not in gone]
        self.carts[cart] = (until, left)
        if not left:
            del self.carts[cart]

    @precondition(lambda self: self.carts)
    @rule(pick=PICK, minutes=st.integers(1, 60))
    def extend(self, pick, minutes):
        cart = sorted(self.carts)[pick % len(self.carts)]
        until, rows = self.carts[cart]
        asked = self.start + timedelta(minutes=self.minute + minutes)
        assert self.attempt(True, stock.extend, cart, asked) == len(rows)
        self.carts[cart] = (max(until, asked), rows)

    # Promises without an order.

    @rule(sku=ITEM, place=PLACE, units=UNITS)
    def allocate(self, sku, place, units):
        shelf = self.shelves[sku, place]
        if self.attempt(
            units <= shelf.available, stock.allocate, self.variants[sku], units, **self.at(place)
        ):
            shelf.allocated += units
            self.direct[sku, place] += units

    @rule(sku=ITEM, place=PLACE, units=UNITS)
    def cancel(self, sku, place, units):
        shelf = self.shelves[sku, place]
        if self.direct[sku, place] < units <= shelf.allocated:
            return  # it would take what an order was promised
        fits = units <= shelf.allocated
        if self.attempt(fits, stock.cancel_allocation, self.variants[sku], units, **self.at(place)):
            shelf.allocated -= units
            self.direct[sku, place] -= units

    @rule(sku=ITEM, place=PLACE, units=UNITS)
    def consume(self, sku, place, units):
        shelf = self.shelves[sku, place]
        if self.direct[sku, place] < units <= shelf.allocated:
            return
        left = units <= shelf.allocated and shelf.take(units, shelf.for_sale()) is not None
        self.attempt(left, stock.consume, self.variants[sku], units, **self.at(place))
        if left:
            shelf.allocated -= units
            self.direct[sku, place] -= units

    # Orders.

    @rule(lines=st.dictionaries(st.sampled_from(sorted(GOODS)), UNITS, min_size=1), pick=PICK)
    def place(self, lines, pick):
        cart = sorted(self.carts)[pick % len(self.carts)] if self.carts and pick % 2 else ""
        needs = self.needs(lines)
        mine = [row for row in self.carts[cart][1] if row[1] in needs] if cart else []
        held = defaultdict(int)
        for _pk, sku, _place, units, _fence in mine:
            held[sku] += units
        left = {sku: units - held[sku] for sku, units in needs.items() if units > held[sku]}
        wanted = orders.NewOrder(tuple(orders.WantedLine(*one) for one in lines.items()), cart=cart)
        order = self.attempt(self.enough(left), orders.place_order, wanted, key=next(self.keys))
        if order is None:
            return
        wanting = dict(needs)
        for _pk, sku, place, units, fence in sorted(mine):
            self.shelves[sku, place].reserved -= units
            used = min(units, wanting[sku])
            wanting[sku] -= used
            if fence in self.fences:  # the rest belongs to its quota
                self.shelves[sku, place].fences[fence] += units - used
        self.forget(cart, mine)
        self.promised(order, needs)

    def needs(self, lines):
        needs = defaultdict(int)
        for sku, units in lines.items():
            for item, each in GOODS[sku].items():
                needs[item] += each * units
        return needs

    def forget(self, cart, gone):
        if cart:
            until, rows = self.carts.pop(cart)
            if left := [row for row in rows if row not in gone]:
                self.carts[cart] = (until, left)

    def promised(self, order, needs):
        got, pieces = defaultdict(int), []
        for row in self.rows_of(order):
            sku, place = row.variant.sku, row.warehouse.code
            shelf = self.shelves[sku, place]
            assert row.units <= shelf.available
            shelf.allocated += row.units
            got[sku] += row.units
            pieces.append((sku, place, row.units))
        assert got == needs
        self.placed.append((order, pieces))

    def rows_of(self, order):
        rows = [
            line.allocations.select_related("variant", "warehouse") for line in order.lines.all()
        ]
        return [row for of_line in rows for row in of_line]

    @precondition(lambda self: self.placed)
    @rule(pick=PICK)
    def ship(self, pick):
        order, pieces = self.placed[pick % len(self.placed)]
        orders.pay(order)
        together = defaultdict(int)
        for sku, place, units in pieces:
            together[sku, place] += units
        taken = {
            at: self.shelves[at].take(n, self.shelves[at].for_sale()) for at, n in together.items()
        }
        fits = None not in taken.values()
        shipped = self.attempt(fits, orders.ship, order)
        for at, parts in taken.items():
            if fits:
                self.shelves[at].allocated -= together[at]
            for code, units in (parts or []) if not fits else []:
                self.shelves[at].put(units, code)
        if shipped:
            self.placed.remove((order, pieces))
            self.shipped.append([order, {line.pk: line.units for line in order.lines.all()}])

    @precondition(lambda self: self.placed)
    @rule(pick=PICK)
    def cancel_order(self, pick):
        order, pieces = self.placed.pop(pick % len(self.placed))
        self.attempt(True, orders.cancel, order)
        for sku, place, units in pieces:
            self.shelves[sku, place].allocated -= units

    @precondition(lambda self: self.shipped)
    @rule(pick=PICK, units=UNITS)
    def come_back_from_an_order(self, pick, units):
        order, lines = self.shipped[pick % len(self.shipped)]
        line = order.lines.get(pk=sorted(lines)[pick % len(lines)])
        before = self.counters()
        back = {line.pk: units}
        fits = units <= lines[line.pk]
        if self.attempt(fits, return_lines, order, back, number=next(self.keys)):
            lines[line.pk] -= units
            got = defaultdict(int)
            for (sku, place), now in self.counters().items():
                came = now[0] - before.get((sku, place), (0,))[0]
                self.shelves[sku, place].put(came)
                got[sku] += came
            expected = dict.fromkeys(ITEMS, 0) | self.needs({line.variant.sku: units})
            assert expected == {sku: got[sku] for sku in ITEMS}
