"""Whatever becomes of coupons, every counter is the sum of its movements."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from shop.models import Coupon
from shop.services.coupons import ledger
from shop.services.coupons.ledger import issue
from shop.services.coupons.verify import coupon_differences
from shop.services.orders import orders
from shop.services.orders.orders import CouponRefusedError
from tests.factories import make_customer
from tests.factories_coupons import buy, make_offer, stocked

pytestmark = pytest.mark.django_db

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["issue", "buy", "cancel", "revoke", "expire", "again"]),
        st.integers(0, 3),
    ),
    max_size=25,
)


class TestCountersAreTheSumsOfTheirMovements(TestCase):
    @given(STEPS)
    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    def test_after_any_story(self, steps):
        world = Story()
        for verb, who in steps:
            getattr(world, verb)(who)
            world.check()


class Story:
    """Four customers, three places, and whatever they do in whatever order."""

    def __init__(self):
        stocked()
        self.customers = [make_customer(f"C-{n}") for n in range(4)]
        self.offer = make_offer(once_per_customer=False, most_uses=3, budget_minor=12_000)
        self.day, self.bought = 0, 0

    @property
    def now(self):
        return datetime.now(UTC) + timedelta(days=self.day)

    def issue(self, who):
        issue(self.offer, [self.customers[who].pk], f"day:{self.day}", at=self.now)

    def again(self, who):
        before = Coupon.objects.count()
        self.issue(who)
        self.issue(who)
        assert Coupon.objects.count() <= before + 1

    def coupon_of(self, who):
        return Coupon.objects.filter(customer=self.customers[who]).order_by("-pk").first()

    def buy(self, who):
        coupon = self.coupon_of(who)
        if coupon is None:
            return
        usable = coupon.state == "open" and coupon.valid_until > datetime.now(UTC)
        self.bought += 1
        try:
            buy(coupon, units=1, key=f"k{self.bought}")
        except CouponRefusedError:
            assert not usable
        else:
            assert usable

    def cancel(self, who):
        coupon = self.coupon_of(who)
        if coupon and coupon.order:
            orders.cancel(coupon.order)

    def revoke(self, who):
        if coupon := self.coupon_of(who):
            ledger.revoke(coupon)

    def expire(self, _who):
        self.day += 6
        ledger.expire_due(self.now)

    def check(self):
        assert coupon_differences() == []
        self.offer.refresh_from_db()
        assert self.offer.open_coupons + self.offer.redeemed_coupons <= self.offer.most_uses
