"""Coupons over the API: a quote line by line, its use with an order, offers, and support's look-up."""

import pytest
from django.test import Client

from shop.models import Coupon, CouponMovement, CouponOffer
from shop.services.stock import stock
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_coupons import make_coupon, make_offer

pytestmark = pytest.mark.django_db
S, M = "/api/storefront/v1/", "/api/merchant/v1/"


def storefront(path, body, key="k"):
    headers = bearer(make_key().secret) | {"HTTP_IDEMPOTENCY_KEY": key}
    return Client().post(S + path, body, content_type="application/json", **headers)


def merchant(*permissions):
    client = Client()
    client.force_login(make_staff(*permissions))
    return client


def two_skus():
    for sku, cost in (("TEA-1", 400), ("CUP-1", 950)):
        variant = make_variant(sku, cost_minor=cost)
        stock.receive(variant, 9, warehouse=make_warehouse(), key=f"po:{sku}")
    return [{"sku": "TEA-1", "units": 2}, {"sku": "CUP-1", "units": 1}]


def test_a_quote_says_line_by_line_what_is_taken_off_and_changes_nothing():
    lines, coupon = two_skus(), make_coupon(make_customer())
    asked = {"code": coupon.code.lower(), "customer": "C-1", "lines": lines}
    answer = storefront("coupons/quote/", asked).json()
    assert answer == {
        "code": coupon.code,
        "usable": True,
        "reason": None,
        "message": "",
        "currency": "GBP",
        "goods_minor": 3000,
        "discount_minor": 450,
        "valid_until": answer["valid_until"],
        "lines": [
            {"sku": "TEA-1", "units": 2, "total_minor": 2000, "discount_minor": 400, "note": "full"},
            {"sku": "CUP-1", "units": 1, "total_minor": 1000, "discount_minor": 50, "note": "capped"},
        ],
    }  # fmt: skip
    by_mail = {"code": coupon.code, "email": "c-1@EXAMPLE.com", "lines": lines}
    assert storefront("coupons/quote/", by_mail, "m").json()["discount_minor"] == 450
    coupon.refresh_from_db()
    assert coupon.state == "open"


def test_a_code_of_somebody_else_is_unknown_and_tells_nothing():
    lines, coupon = two_skus(), make_coupon(make_customer())
    make_customer("C-2")
    asked = {"customer": "C-2", "lines": lines}
    theirs = storefront("coupons/quote/", asked | {"code": coupon.code}, "a").json()
    nothing = storefront("coupons/quote/", asked | {"code": "2222-2222-2222"}, "b").json()
    assert theirs | {"code": ""} == nothing | {"code": ""}
    assert (theirs["usable"], theirs["reason"], theirs["valid_until"]) == (False, "unknown", None)


def test_the_order_costs_what_the_quote_said_and_the_second_is_refused_with_the_reason():
    lines, coupon = two_skus(), make_coupon(make_customer())
    order = {"lines": lines, "customer": {"code": "C-1"}, "coupon": coupon.code}
    first = storefront("orders/", order | {"expected_total_minor": 2550})
    assert (first.status_code, first.json()["total_minor"]) == (201, 2550)
    assert [line["discount_minor"] for line in first.json()["lines"]] == [400, 50, 0]
    second = storefront("orders/", order, "other")
    assert (second.status_code, second.json()["type"]) == (409, "/problems/coupon-refused")
    assert second.json()["errors"] == [
        {"field": "coupon", "message": "This coupon was used already.", "code": "used"}
    ]


def test_a_quote_of_what_is_not_on_sale_names_the_line():
    two_skus()
    asked = {"code": "X", "customer": "C-1", "lines": [{"sku": "NONE", "units": 1}]}
    answer = storefront("coupons/quote/", asked)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-for-sale")


OFFER = {
    "code": "SPRING",
    "name": "Spring",
    "percent": 20,
    "most_minor": 500,
    "valid_days": 7,
    "most_uses": 5,
    "budget_minor": 2_500,
}


def test_an_offer_is_drafted_decided_revised_and_stopped():
    make_variant("TEA-1")
    client = merchant(*(f"shop.{verb}_couponoffer" for verb in ("view", "add", "decide")))
    post = lambda path, body=None: client.post(  # noqa: E731
        f"{M}{path}", body or {}, content_type="application/json"
    )
    made = post("coupon-offers/", OFFER | {"skus": ["TEA-1"]})
    assert (made.status_code, made.json()["state"], made.json()["skus"]) == (
        201,
        "draft",
        ["TEA-1"],
    )
    address = f"coupon-offers/{made.json()['id']}/"
    live = post(f"{address}decision/", {"to": "live"}).json()
    assert (live["state"], live["left_coupons"]) == ("live", 5)
    assert CouponOffer.objects.get().decided_by is not None
    revision = post(f"{address}revisions/").json()
    assert (revision["revision"], revision["state"], revision["skus"]) == (2, "draft", ["TEA-1"])
    assert post(f"{address}decision/", {"to": "stopped"}).json()["state"] == "stopped"
    again = post(f"{address}decision/", {"to": "live"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/coupon-offer-refused")
    listed = client.get(f"{M}coupon-offers/?code=SPRING").json()["results"]
    assert [row["revision"] for row in listed] == [2, 1]


def test_who_may_draft_may_not_decide():
    offer, client = make_offer(live=False), merchant("shop.add_couponoffer")
    answer = client.post(
        f"{M}coupon-offers/{offer.pk}/decision/", {"to": "live"}, content_type="application/json"
    )
    offer.refresh_from_db()
    assert (answer.status_code, offer.state) == (403, "draft")


def test_an_offer_for_what_does_not_exist_is_refused_by_name():
    client = merchant("shop.add_couponoffer")
    answer = client.post(
        f"{M}coupon-offers/", OFFER | {"categories": ["none"]}, content_type="application/json"
    )
    assert answer.json()["errors"][0]["field"] == "categories.0"
    assert not CouponOffer.objects.exists()


def test_support_finds_a_code_and_takes_it_back_once():
    coupon = make_coupon(make_customer())
    client = merchant("shop.view_coupon", "shop.change_coupon")
    address = f"{M}coupons/{coupon.code}/"
    found = client.get(address).json()
    assert (found["customer"], found["state"], len(found["movements"])) == ("C-1", "open", 1)
    for _time in range(2):
        gone = client.post(
            f"{address}revocation/", {"note": "shared"}, content_type="application/json"
        ).json()
    assert (gone["state"], gone["movements"][1]["note"]) == ("revoked", "shared")
    assert CouponMovement.objects.count() == 2


def test_a_list_of_coupons_is_a_page_in_a_fixed_number_of_queries(django_assert_max_num_queries):
    offer, client = make_offer(), merchant("shop.view_coupon")
    for number in range(30):
        make_coupon(make_customer(f"C-{number}"), offer)
    with django_assert_max_num_queries(8):
        rows = client.get(f"{M}coupons/?offer={offer.code}").json()["results"]
    assert len(rows) >= 20
    mine = client.get(f"{M}coupons/?customer=C-7").json()["results"]
    assert [row["code"] for row in mine] == [Coupon.objects.get(customer__code="C-7").code]
