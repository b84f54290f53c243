"""Any sequence of stock verbs agrees with a model of four numbers, and the ledger proves it."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shop.models import Reservation, StockLevel
from shop.services import stock
from shop.services.verify import verify_stock
from tests.factories import make_variant, make_warehouse

UNITS = st.integers(min_value=1, max_value=6)
_machines = iter(range(10**9))


class Ledger(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        number = next(_machines)
        self.variant = make_variant(f"SKU-{number}", price_minor=None)
        self.place = make_warehouse(f"W{number}")
        self.on_hand = self.allocated = 0
        self.carts = {}
        self.keys = iter(range(10**9))
        self.last = None

    def attempt(self, allowed, verb, *args, **fields):
        """The verb works exactly when the model says so; whatever worked may be sent again."""
        call = (verb, args, fields | {"key": f"{self.variant.sku}:{next(self.keys)}"})
        try:
            verb(self.variant, *args, **call[2])
        except stock.StockError:
            assert not allowed
            return False
        assert allowed
        self.last = call
        return True

    @property
    def available(self):
        return self.on_hand - self.allocated - sum(self.carts.values())

    @rule(units=UNITS)
    def receive(self, units):
        self.attempt(True, stock.receive, units, warehouse=self.place)
        self.on_hand += units

    @rule(units=UNITS)
    def allocate(self, units):
        if self.attempt(units <= self.available, stock.allocate, units, warehouse=self.place):
            self.allocated += units

    @rule(units=UNITS)
    def cancel(self, units):
        fits = units <= self.allocated
        if self.attempt(fits, stock.cancel_allocation, units, warehouse=self.place):
            self.allocated -= units

    @rule(units=UNITS)
    def ship(self, units):
        if self.attempt(units <= self.allocated, stock.consume, units, warehouse=self.place):
            self.allocated -= units
            self.on_hand -= units

    @rule(delta=st.integers(min_value=-6, max_value=6).filter(bool))
    def adjust(self, delta):
        fits = self.available + delta >= 0
        if self.attempt(fits, stock.adjust, delta, warehouse=self.place, reason="found"):
            self.on_hand += delta

    @rule(counted=st.integers(min_value=0, max_value=12))
    def count(self, counted):
        fits = counted >= self.on_hand - self.available
        if self.attempt(fits, stock.count_stock, counted, warehouse=self.place):
            self.on_hand = counted

    @rule(units=UNITS)
    def reserve(self, units):
        cart = f"cart-{next(self.keys)}"
        if self.attempt(units <= self.available, stock.reserve, units, cart=cart):
            self.carts[cart] = units

    @rule(data=st.data())
    def release(self, data):
        if self.carts:
            cart = data.draw(st.sampled_from(sorted(self.carts)))
            [held] = Reservation.objects.filter(variant=self.variant, cart=cart)
            stock.release(held)
            stock.release(held)
            del self.carts[cart]

    @rule()
    def send_the_last_request_again(self):
        if self.last:
            verb, args, fields = self.last
            verb(self.variant, *args, **fields)

    @invariant()
    def counters_agree_with_the_model(self):
        level = StockLevel.objects.filter(variant=self.variant).first() or StockLevel()
        assert (level.on_hand, level.allocated, level.reserved) == (
            self.on_hand,
            self.allocated,
            sum(self.carts.values()),
        )
        assert level.available >= 0

    def teardown(self):
        assert [found for found in verify_stock() if found.sku == self.variant.sku] == []


@pytest.mark.django_db
def test_every_sequence_agrees_with_the_model():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
