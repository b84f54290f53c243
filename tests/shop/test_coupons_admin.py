"""The pages of coupons: made, decided and stopped by whoever may; what became of each one."""

import pytest
from django.urls import reverse

from shop.models import Coupon, CouponOffer
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.stock import stock
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_coupons import make_coupon, make_offer

pytestmark = pytest.mark.django_db
TYPED = {
    "code": "SPRING",
    "name": "Spring",
    "name_zh": "春天",
    "percent": "20",
    "most_minor": "15.00",
    "least_order_minor": "0",
    "valid_days": "10",
    "most_uses": "100",
    "once_per_customer": "on",
    "budget_minor": "500",
}


def page(name, *args, model="couponoffer"):
    return reverse(f"admin:shop_{model}_{name}", args=args)


@pytest.fixture
def owner(client):
    client.force_login(make_staff(is_superuser=True))
    return client


def test_an_offer_is_made_put_in_force_and_stopped(owner):
    assert owner.post(page("add"), TYPED).status_code == 302
    offer = CouponOffer.objects.get()
    assert (offer.state, offer.most_minor, offer.budget_minor) == ("draft", 1_500, 50_000)
    assert (offer.currency, offer.created_by is not None) == ("GBP", True)
    for verb, state in (("put_in_force", "live"), ("stop", "stopped"), ("stop", "stopped")):
        owner.post(page(verb, offer.pk), {"_form_submitted": "True"})
        offer.refresh_from_db()
        assert offer.state == state
    owner.post(page("revise", offer.pk), {"_form_submitted": "True"})
    assert CouponOffer.objects.get(revision=2).state == "draft"


def test_terms_that_make_no_sense_are_told_on_the_form(owner):
    answer = owner.post(page("add"), TYPED | {"budget_minor": "1"})
    assert "less than a single coupon" in answer.content.decode()
    make_offer("SPRING")
    again = owner.post(page("add"), TYPED)
    assert "already" in again.content.decode()
    assert CouponOffer.objects.count() == 1


def test_a_decided_offer_cannot_be_edited(owner):
    offer = make_offer()
    assert owner.post(page("change", offer.pk), TYPED | {"percent": "50"}).status_code == 403
    offer.refresh_from_db()
    assert offer.percent == 20


def test_who_may_draft_sees_no_button_to_decide(client):
    offer = make_offer(live=False)
    client.force_login(make_staff("shop.view_couponoffer", "shop.change_couponoffer"))
    assert "Put in force" not in client.get(page("change", offer.pk)).content.decode()
    client.post(page("put_in_force", offer.pk), {"_form_submitted": "True"})
    offer.refresh_from_db()
    assert offer.state == "draft"


def used_one():
    stock.receive(make_variant("TEA-1"), 9, warehouse=make_warehouse(), key="po")
    coupon = make_coupon(make_customer(), make_offer("SPRING"))
    place_order(
        NewOrder((WantedLine("TEA-1", 2),), customer=coupon.customer, coupon=coupon.code), key="k"
    )
    return coupon


def test_the_pages_show_what_became_of_it(owner):
    coupon = used_one()
    offers = owner.get(page("changelist")).content.decode()
    assert "£4.00" in offers
    one = owner.get(page("change", coupon.offer_id)).content.decode()
    assert "£4.00" in one
    listed = owner.get(page("changelist", model="coupon") + "?q=C-1").content.decode()
    assert coupon.code in listed
    detail = owner.get(page("change", coupon.pk, model="coupon")).content.decode()
    assert "redeemed" in detail
    customer = owner.get(page("change", coupon.customer_id, model="customer")).content.decode()
    assert coupon.code in customer


def test_empty_lists_are_pages_too(owner):
    for model in ("couponoffer", "coupon"):
        assert owner.get(page("changelist", model=model)).status_code == 200


def test_a_list_asks_the_same_however_long(owner, django_assert_max_num_queries):
    offer = make_offer()
    for number in range(20):
        make_coupon(make_customer(f"C-{number}"), offer)
        make_offer()
    with django_assert_max_num_queries(12):
        owner.get(page("changelist"))
    with django_assert_max_num_queries(14):
        owner.get(page("changelist", model="coupon"))


def test_support_takes_one_back_and_a_used_one_stays(client):
    used = used_one()
    open_one = make_coupon(make_customer("C-2"))
    client.force_login(make_staff("shop.view_coupon", "shop.change_coupon"))
    body = {"action": "take_back", "_selected_action": [used.pk, open_one.pk]}
    client.post(page("changelist", model="coupon"), body)
    assert dict(Coupon.objects.values_list("pk", "state")) == {
        used.pk: "redeemed",
        open_one.pk: "revoked",
    }
