"""Many at the same moment: one coupon each, one use of a code, never more than was decided."""

from threading import Barrier

import pytest
from django.db.models import QuerySet

from shop.models import Coupon, CouponMovement, Order, StockLevel
from shop.services.coupons import ledger, redeeming
from shop.services.coupons.verify import coupon_differences
from shop.services.orders import orders
from shop.services.orders.orders import CouponRefusedError, NewOrder, WantedLine, place_order
from shop.services.stock import stock
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_coupons import make_coupon, make_offer
from tests.factories_crowd import BUYERS, LONG, crowd

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def coupon():
    stock.receive(make_variant("TEA-1"), 50, warehouse=make_warehouse(), key="po")
    return make_coupon(make_customer())


def carts(coupon, monkeypatch):
    """Each has seen that the code can be used before any of them uses it."""
    all_have_seen, look = Barrier(BUYERS), redeeming.valid_quote

    def seen(*given):
        found = look(*given)
        all_have_seen.wait(timeout=LONG)
        return found

    monkeypatch.setattr(redeeming, "valid_quote", seen)

    def buy(number):
        wanted = NewOrder((WantedLine("TEA-1", 1),), customer=coupon.customer, coupon=coupon.code)
        return place_order(wanted, key=f"cart-{number}")

    return crowd(buy, refusals=CouponRefusedError)


def test_of_carts_with_one_code_exactly_one_gets_it(coupon, monkeypatch):
    results = carts(coupon, monkeypatch)
    assert sum(isinstance(one, Order) for one in results) == 1
    assert {str(one) for one in results if not isinstance(one, Order)} == {
        "This coupon was used already."
    }
    assert Order.objects.get().total_minor == 800
    assert StockLevel.objects.get().allocated == 1  # whoever came second took nothing
    assert coupon_differences() == []


def test_without_the_guard_all_get_it(coupon, monkeypatch):
    """The negative control: the same crowd, and the UPDATE asks for nothing. Other open coupons keep
    the counters above zero, which the database holds as well."""
    ledger.issue(coupon.offer, [make_customer(f"O-{n}").pk for n in range(20)], "others")
    monkeypatch.setattr(
        "shop.models.coupons.CouponQuerySet.usable", lambda rows, _at: QuerySet.all(rows)
    )
    results = carts(coupon, monkeypatch)
    assert all(isinstance(one, Order) for one in results)


def test_runs_side_by_side_issue_one_each():
    offer, pks = make_offer(), [make_customer(f"C-{n}").pk for n in range(5)]
    found = crowd(lambda _n: ledger.issue(offer, pks, "campaign:1"), size=8)
    assert len({one.coupons[pk].code for one in found for pk in pks}) == 5
    assert (Coupon.objects.count(), CouponMovement.objects.count()) == (5, 5)
    assert coupon_differences() == []


def test_runs_side_by_side_never_issue_more_than_there_are():
    offer = make_offer(most_uses=3)
    pks = [make_customer(f"C-{n}").pk for n in range(8)]
    found = crowd(lambda n: ledger.issue(offer, [pks[n]], "campaign:1"), size=8)
    assert sum(len(one.coupons) for one in found) == 3
    offer.refresh_from_db()
    assert (offer.open_coupons, offer.left_coupons) == (3, 0)


def test_cancelling_and_buying_again_at_once_leave_one_story(coupon):
    first = place_order(
        NewOrder((WantedLine("TEA-1", 1),), customer=coupon.customer, coupon=coupon.code), key="one"
    )

    def act(number):
        if number % 2:
            return orders.cancel(Order.objects.get(pk=first.pk))
        wanted = NewOrder((WantedLine("TEA-1", 1),), customer=coupon.customer, coupon=coupon.code)
        return place_order(wanted, key=f"again-{number}")

    crowd(act, size=8, refusals=CouponRefusedError)
    coupon.refresh_from_db()
    using = Order.objects.exclude(state="cancelled").filter(lines__kind="discount").count()
    assert using == coupon.offer.redeemed_coupons == (coupon.state == "redeemed")
    assert coupon_differences() == []


def test_expiring_twice_at_once_frees_one_place(coupon):
    crowd(lambda _n: ledger.expire_due(coupon.valid_until), size=6)
    coupon.offer.refresh_from_db()
    assert (coupon.offer.open_coupons, coupon.offer.held_minor) == (0, 0)
    assert coupon_differences() == []
