"""Coupons are issued once, used once, and every counter is the sum of its movements."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from shop.models import Category, Coupon, CouponMovement, CouponOffer, CouponState, Order
from shop.services.coupons import ledger, offers
from shop.services.coupons.ledger import CouponError, issue
from shop.services.coupons.verify import coupon_differences
from shop.services.orders import orders
from shop.services.orders.orders import (
    CouponRefusedError,
    NewOrder,
    OrderError,
    OrderKeyReusedError,
    WantedLine,
    place_order,
)
from tests.factories import make_customer
from tests.factories_access import make_staff
from tests.factories_coupons import buy, make_coupon, make_offer, stocked

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_a_second_run_finds_what_the_first_issued():
    offer, customers = make_offer(), [make_customer(f"C-{n}") for n in range(3)]
    pks = [one.pk for one in customers]
    first = issue(offer, pks, "campaign:1", at=NOON)
    again = issue(offer, pks, "campaign:1", at=NOON)
    assert {pk: one.code for pk, one in again.coupons.items()} == {
        pk: one.code for pk, one in first.coupons.items()
    }
    assert (Coupon.objects.count(), CouponMovement.objects.count()) == (3, 3)
    offer.refresh_from_db()
    assert (offer.open_coupons, offer.held_minor, offer.left_coupons) == (3, 15_000, 97)


def test_one_per_customer_whatever_the_occasion():
    offer, customer = make_offer(), make_customer()
    first = issue(offer, [customer.pk], "campaign:1", at=NOON).coupons[customer.pk]
    other = issue(offer, [customer.pk], "campaign:2", at=NOON).coupons[customer.pk]
    assert other == first
    ledger.revoke(first)
    assert issue(offer, [customer.pk], "campaign:3", at=NOON).refused == {
        customer.pk: ledger.HAD_ONE
    }


def test_one_per_occasion_where_the_offer_says_so():
    offer, customer = make_offer(once_per_customer=False), make_customer()
    codes = {issue(offer, [customer.pk], f"campaign:{n}").coupons[customer.pk] for n in (1, 2, 2)}
    assert len(codes) == 2


@pytest.mark.parametrize(
    "terms", [{"most_uses": 2}, {"budget_minor": 14_999}], ids=["uses", "budget"]
)
def test_no_more_is_issued_than_can_be_honoured(terms):
    offer = make_offer(**terms)
    done = issue(offer, [make_customer(f"C-{n}").pk for n in range(3)], "x", at=NOON)
    assert (len(done.coupons), set(done.refused.values())) == (2, {ledger.USED_UP})


def test_it_holds_to_the_end_of_its_last_day_by_the_shops_clock(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    offer = make_offer(valid_days=3)
    late = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # the third of March over there
    assert ledger.valid_until(offer, late) == datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    coupon = make_coupon(make_customer(), offer, at=late)
    assert coupon.valid_until == datetime(2026, 3, 6, 16, 0, tzinfo=UTC)


def test_nothing_is_issued_of_what_is_over_stopped_or_a_draft():
    customer = make_customer()
    over = make_offer(last_on=(datetime.now(UTC) + timedelta(days=1)).date())
    after = datetime.now(UTC) + timedelta(days=3)
    stopped = offers.stop_offer(make_offer())
    draft = make_offer(live=False)
    for offer, at in ((over, after), (stopped, None), (draft, None)):
        assert issue(offer, [customer.pk], "x", at=at).refused == {customer.pk: ledger.STOPPED}
    assert not Coupon.objects.exists()


def test_an_order_gets_the_discount_line_by_line_and_its_taxes():
    stocked()
    coupon = make_coupon(make_customer())
    order = buy(coupon)
    assert list(order.lines.values_list("kind", "total_minor", "discount_minor")) == [
        ("item", 2000, 400),
        ("discount", -400, 0),
    ]
    assert (order.items_minor, order.total_minor) == (2000, 1600)
    assert order.lines.get(kind="discount").text == f"Coupon {coupon.code}"
    coupon.refresh_from_db()
    assert (coupon.state, coupon.order, coupon.discount_minor) == ("redeemed", order, 400)
    offer = coupon.offer
    assert (offer.open_coupons, offer.redeemed_coupons) == (0, 1)
    assert (offer.held_minor, offer.spent_minor) == (0, 400)


def test_the_same_order_again_is_the_same_and_another_code_is_another_wish():
    stocked()
    coupon = make_coupon(make_customer())
    assert buy(coupon) == buy(coupon)
    with pytest.raises(OrderKeyReusedError):
        place_order(NewOrder((WantedLine("TEA-1", 2),), customer=coupon.customer), key="k")
    assert Order.objects.count() == 1


def test_a_code_is_used_once_and_a_refused_order_leaves_nothing():
    variant = stocked()
    coupon = make_coupon(make_customer())
    buy(coupon)
    with pytest.raises(CouponRefusedError, match="used already"):
        buy(coupon, key="other")
    assert Order.objects.count() == 1
    assert variant.stock_levels.get().allocated == 2


@pytest.mark.parametrize("write", [str.lower, lambda code: f" {code.replace('-', ' ')} "])
def test_a_code_may_be_typed_by_hand(write):
    stocked()
    coupon = make_coupon(make_customer())
    typed = NewOrder((WantedLine("TEA-1", 1),), customer=coupon.customer, coupon=write(coupon.code))
    assert place_order(typed, key="k").total_minor == 800


def test_somebody_elses_code_is_as_unknown_as_none():
    stocked()
    coupon = make_coupon(make_customer("C-1"))
    for code, customer in ((coupon.code, make_customer("C-2")), ("NO-SUCH", coupon.customer)):
        wanted = NewOrder((WantedLine("TEA-1", 1),), customer=customer, coupon=code)
        with pytest.raises(CouponRefusedError, match="not known for this customer"):
            place_order(wanted, key=f"k-{customer.pk}")
    guest = NewOrder((WantedLine("TEA-1", 1),), coupon=coupon.code)
    with pytest.raises(CouponRefusedError, match="not known"):
        place_order(guest, key="guest")


def test_the_floor_holds_with_the_tax_within_the_price(settings):
    settings.MARKETING_MARGIN_FLOOR_RATE = 0.2
    stocked(price_minor=1000, cost_minor=700)  # 875 must be left
    order = buy(make_coupon(make_customer()), units=1)
    assert order.total_minor == 875
    stocked("CUP", price_minor=800, cost_minor=700)
    with pytest.raises(CouponRefusedError, match="lowest price"):
        buy(make_coupon(make_customer("C-2")), sku="CUP", key="cup")


def test_goods_whose_cost_nobody_entered_get_nothing():
    stocked(cost_minor=None)
    with pytest.raises(CouponRefusedError, match="lowest price"):
        buy(make_coupon(make_customer()))


def test_it_is_for_what_the_offer_names_and_what_lies_below():
    stocked("TEA-1", category="green")
    stocked("CUP-1", category="cups")
    parent = Category.objects.create(code="tea", name="Tea")
    Category.objects.filter(code="green").update(parent=parent)
    coupon = make_coupon(make_customer(), make_offer(categories=[parent]))
    wanted = (WantedLine("TEA-1", 1), WantedLine("CUP-1", 1))
    order = place_order(NewOrder(wanted, customer=coupon.customer, coupon=coupon.code), key="both")
    assert dict(order.lines.filter(kind="item").values_list("variant__sku", "discount_minor")) == {
        "TEA-1": 200,
        "CUP-1": 0,
    }
    other = make_coupon(make_customer("C-2"), make_offer(categories=[parent]))
    with pytest.raises(CouponRefusedError, match="Nothing in the cart"):
        buy(other, sku="CUP-1", key="cup")


def test_the_least_order_counts_the_goods_before_the_coupon():
    stocked()
    coupon = make_coupon(make_customer(), make_offer(least_order_minor=2001))
    with pytest.raises(CouponRefusedError, match="less than this coupon asks for"):
        buy(coupon)
    assert buy(coupon, units=3, key="three").total_minor == 2400


def test_no_coupon_together_with_another_discount():
    stocked()
    with pytest.raises(OrderError, match="another discount"):
        buy(make_coupon(make_customer()), discount_minor=1)


def test_a_cancelled_order_gives_its_coupon_back_once():
    stocked()
    coupon = make_coupon(make_customer())
    order = orders.pay(buy(coupon))
    orders.cancel(order)
    orders.cancel(order)
    coupon.refresh_from_db()
    assert (coupon.state, coupon.order, coupon.discount_minor) == (CouponState.OPEN, None, None)
    assert (coupon.offer.open_coupons, coupon.offer.spent_minor) == (1, 0)
    assert buy(coupon, key="again").total_minor == 1600
    assert list(coupon.movements.values_list("kind", flat=True)) == [
        "issue", "redeem", "give_back", "redeem",
    ]  # fmt: skip
    assert coupon_differences() == []


def test_an_order_that_nobody_paid_gives_it_back_too():
    stocked()
    coupon = make_coupon(make_customer())
    order = buy(coupon)
    assert orders.cancel_unpaid_orders(order.pay_by) == 1
    coupon.refresh_from_db()
    assert coupon.state == CouponState.OPEN


def test_a_refund_is_of_what_was_paid():
    stocked()
    order = orders.ship(orders.pay(buy(make_coupon(make_customer()))))
    with pytest.raises(orders.RefundTooLargeError):
        orders.refund(order, 1601, number="R")
    assert orders.refund(order, 1600, number="R2").amount_minor == 1600


def test_what_is_over_expires_once_and_frees_its_place():
    stocked()
    coupon = make_coupon(make_customer(), make_offer(most_uses=1))
    over = coupon.valid_until
    assert ledger.expire_due(over - timedelta(microseconds=1)) == 0
    assert (ledger.expire_due(over), ledger.expire_due(over)) == (1, 0)
    with pytest.raises(CouponRefusedError, match="not valid any more"):
        buy(coupon)
    coupon.offer.refresh_from_db()
    assert (coupon.offer.left_coupons, coupon.offer.held_minor) == (1, 0)


def test_a_coupon_past_its_day_is_refused_before_the_night_has_closed_it():
    stocked()
    coupon = make_coupon(make_customer(), at=datetime.now(UTC) - timedelta(days=12))
    assert coupon.state == CouponState.OPEN
    with pytest.raises(CouponRefusedError, match="not valid any more"):
        buy(coupon)


def test_a_revoked_one_is_refused_and_a_used_one_cannot_be_revoked():
    stocked()
    coupon = make_coupon(make_customer())
    assert (ledger.revoke(coupon, note="shared"), ledger.revoke(coupon)) == (True, False)
    with pytest.raises(CouponRefusedError, match="taken back"):
        buy(coupon)
    used = make_coupon(make_customer("C-2"))
    buy(used)
    assert ledger.revoke(used) is False


def test_a_stopped_offer_keeps_what_it_promised():
    stocked()
    coupon = make_coupon(make_customer())
    offers.stop_offer(coupon.offer)
    assert buy(coupon).total_minor == 1600


def test_the_terms_of_a_decided_offer_stand():
    offer = make_offer("SPRING")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        CouponOffer.objects.filter(pk=offer.pk).update(percent=50)
    draft = offers.revise(offer, by=None)
    assert (draft.revision, draft.state, offers.revise(offer)) == (2, "draft", draft)
    CouponOffer.objects.filter(pk=draft.pk).update(percent=50)
    offers.decide_offer(draft, by=make_staff())
    assert dict(CouponOffer.objects.values_list("revision", "state")) == {1: "stopped", 2: "live"}


def test_a_coupon_of_an_earlier_revision_is_not_written_of_as_one_of_this():
    coupon = make_coupon(make_customer(), make_offer("SPRING"))
    second = offers.decide_offer(offers.revise(coupon.offer), by=make_staff())
    assert issue(second, [coupon.customer_id], "x").refused == {coupon.customer_id: ledger.HAD_ONE}


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"percent": 0}, "1 to 90"),
        ({"percent": 91}, "1 to 90"),
        ({"most_minor": 0}, "takes something off"),
        ({"budget_minor": 4_999}, "less than a single coupon"),
        ({"valid_days": 0}, "1 to 366"),
        ({"percent": None}, "least order"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms, reason):
    with pytest.raises(CouponError, match=reason):
        make_offer(**terms)
    assert not CouponOffer.objects.exists()


def test_a_code_of_an_offer_is_taken_once():
    make_offer("SPRING")
    with pytest.raises(CouponError, match="already"):
        make_offer("SPRING")


def test_codes_are_long_drawn_and_of_signs_that_are_not_mistaken():
    codes = {ledger.new_code() for _n in range(500)}
    assert len(codes) == 500
    assert set("".join(codes)) - {"-"} <= set(ledger.ALPHABET)
    assert not set("01OILU") & set(ledger.ALPHABET)


def test_issuing_to_fifty_takes_as_many_queries_as_to_one(django_assert_num_queries):
    offer = make_offer()
    pks = [make_customer(f"C-{n}").pk for n in range(50)]
    with django_assert_num_queries(8):
        assert len(issue(offer, pks, "x").coupons) == 50


def test_a_counter_that_differs_is_named():
    coupon = make_coupon(make_customer())
    CouponOffer.objects.filter(pk=coupon.offer_id).update(open_coupons=7)
    label = coupon.offer.label
    assert coupon_differences() == [(label, "open_coupons", 7, 1)] * 2
