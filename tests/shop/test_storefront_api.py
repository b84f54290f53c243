"""The storefront's API as a shop's site uses it."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from shop.models import Consent, Event, Order, Price, PriceKind, ProductImage, Reservation
from shop.services.stock import stock
from shop.services.stock.holds import hold
from tests.factories import make_customer, make_order, make_variant, make_warehouse
from tests.factories_access import make_key

pytestmark = pytest.mark.django_db
API = "/api/storefront/v1/"


@pytest.fixture
def api(client):
    cache.clear()
    secret = make_key().secret

    def call(method, path, body=None, key="", **headers):
        headers |= {"Authorization": f"Bearer {secret}"}
        if key:
            headers["Idempotency-Key"] = key
        data = json.dumps(body) if body is not None else ""
        return client.generic(
            method, API + path, data, content_type="application/json", headers=headers
        )

    return call


@pytest.fixture
def tea():
    variant = make_variant(
        "TEA-1", price_minor=1250, name="Green tea", name_zh="绿茶", brand="Leaf"
    )
    stock.receive(variant, 10, warehouse=make_warehouse(), key="po")
    return variant


def reduce(variant, amount_minor):
    now = timezone.now()
    return Price.objects.create(
        variant=variant,
        kind=PriceKind.CAMPAIGN,
        amount_minor=amount_minor,
        currency="GBP",
        valid_from=now - timedelta(hours=1),
        valid_until=now + timedelta(days=1),
        source="t",
        key=f"cut{amount_minor}",
    )


def test_products_with_price_and_availability(api, tea):
    ProductImage.objects.create(product=tea.product, url="https://example.com/tea.png")
    make_variant("GONE", price_minor=500)
    answer = api("GET", "products/").json()
    assert [row["variants"][0]["sku"] for row in answer["results"]] == ["GONE", "TEA-1"]
    gone, green = answer["results"]
    assert not gone["variants"][0]["available"]
    assert green["name"] == "Green tea"
    assert green["images"] == ["https://example.com/tea.png"]
    assert green["variants"][0] == {
        "sku": "TEA-1",
        "name": "",
        "attributes": {},
        "price": {
            "amount_minor": 1250,
            "currency": "GBP",
            "amount": "12.50",
            "kind": "list",
            "valid_until": None,
        },
        "available": True,
        "available_units": 10,
    }


def test_a_page_costs_the_same_queries_whatever_its_size(api, django_assert_max_num_queries):
    for number in range(12):
        make_variant(f"SKU-{number}")
    api("GET", "products/")  # notes the use of the key, once a minute
    with django_assert_max_num_queries(5):
        assert len(api("GET", "products/").json()["results"]) == 12


def test_pages_are_walked_by_cursor(api):
    for number in range(5):
        make_variant(f"SKU-{number}")
    seen, address = [], "products/?limit=2"
    while address:
        page = api("GET", address).json()
        seen += [row["code"] for row in page["results"]]
        address = page["next"] and page["next"].split(API)[1]
    assert seen == [f"P-SKU-{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=cD14", "language=fr"]
)
def test_what_cannot_be_used_is_named(api, query):
    answer = api("GET", f"products/?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("=")[0]


def test_the_language_is_chosen_by_the_reader(api, tea):
    assert api("GET", "products/TEA-1/?language=zh").json()["name"] == "绿茶"
    assert api("GET", "products/TEA-1/", **{"Accept-Language": "zh-CN"}).json()["name"] == "绿茶"
    assert api("GET", "products/TEA-1/").json()["name"] == "Green tea"
    assert api("GET", "products/?search=绿").json()["results"][0]["code"] == "P-TEA-1"


def test_a_struck_through_price_is_the_lowest_of_the_month_before(api, tea):
    price = api("GET", "products/TEA-1/").json()["price"]
    assert price["prior_amount_minor"] is None
    reduce(tea, 999)
    price = api("GET", "products/TEA-1/").json()["price"]
    assert (price["amount_minor"], price["prior_amount_minor"]) == (999, 1250)


def test_nothing_is_struck_through_beside_a_price_that_is_no_reduction(api, tea):
    reduce(tea, 1300)
    assert api("GET", "products/TEA-1/").json()["price"]["prior_amount_minor"] is None


def test_what_is_not_on_sale_is_not_there(api, tea):
    tea.is_active = False
    tea.save()
    assert api("GET", "products/TEA-1/").status_code == 404
    assert api("GET", "products/").json()["results"] == []


def test_what_is_held_is_not_available(api, tea):
    hold(tea, "recall")
    assert api("GET", "products/TEA-1/").json()["available"] is False
    answer = api("POST", "carts/c1/reservations/", {"sku": "TEA-1", "units": 1}, key="k")
    assert answer.json()["type"] == "/problems/not-for-sale"


def test_events_land_once_and_bad_ones_are_named(api, tea):
    events = [
        {"event_id": "e1", "kind": "view", "sku": "TEA-1", "visitor": "v"},
        {"event_id": "e2", "kind": "purchase"},
    ]
    first = api("POST", "events/", {"events": events}).json()
    assert (first["accepted"], first["errors"][0]["index"]) == (1, 1)
    assert api("POST", "events/", {"events": events}).json()["duplicates"] == 1
    assert Event.objects.count() == 1


@pytest.mark.parametrize("body", [{}, {"events": []}, {"events": [{}] * 1001}, [], {"events": 3}])
def test_a_batch_that_is_no_batch(api, body):
    assert api("POST", "events/", body).status_code == 400


def test_a_cart_holds_and_gives_back(api, tea):
    body = {"sku": "TEA-1", "units": 4, "minutes": 30}
    first = api("POST", "carts/c1/reservations/", body, key="k1")
    assert first.status_code == 201
    assert first.json()["reservations"][0]["units"] == 4
    assert api("POST", "carts/c1/reservations/", body, key="k1").content == first.content
    assert Reservation.objects.count() == 1
    assert api("GET", "carts/c1/reservations/").json() == first.json()
    assert api("GET", "products/TEA-1/").json()["available_units"] == 6
    assert api("DELETE", "carts/c1/reservations/?sku=NONE").json()["released"] == 0
    assert api("DELETE", "carts/c1/reservations/").json()["released"] == 1
    assert api("DELETE", "carts/c1/reservations/").json()["released"] == 0
    assert api("GET", "carts/c1/reservations/").json()["reservations"] == []


def test_too_many_units_are_refused_with_what_is_there(api, tea):
    answer = api("POST", "carts/c1/reservations/", {"sku": "TEA-1", "units": 11}, key="k1")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"] == "/problems/out-of-stock"
    assert problem["errors"][0]["available_units"] == 10


@pytest.mark.parametrize("cart", ["x" * 65, "a%01b"])
def test_a_cart_has_a_printable_name(api, cart):
    assert api("GET", f"carts/{cart}/reservations/").json()["errors"][0]["field"] == "cart"


def order_body(**fields):
    return {"lines": [{"sku": "TEA-1", "units": 2}], "customer": {"code": "ann"}} | fields


def test_an_order_is_placed_once(api, tea):
    first = api("POST", "orders/", order_body(), key="k1")
    assert first.status_code == 201
    again = api("POST", "orders/", order_body(), key="k1")
    assert again.content == first.content
    assert Order.objects.get().customer.code == "ann"
    order = first.json()
    assert (order["total_minor"], order["lines"][0]["sku"]) == (2500, "TEA-1")
    assert api("GET", f"orders/{order['number']}/").json() == order
    assert api("GET", "orders/1/").status_code == 404
    assert stock.available([tea.pk]) == {tea.pk: 8}


def test_after_the_last_unit_is_sold_the_sku_is_not_available(api, tea):
    api("POST", "orders/", order_body(lines=[{"sku": "TEA-1", "units": 10}]), key="k1")
    assert api("GET", "products/TEA-1/").json()["available"] is False


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"lines": [{"sku": "TEA-1", "units": 11}]}, 409, "out-of-stock"),
        ({"lines": [{"sku": "NONE", "units": 1}]}, 409, "not-for-sale"),
        ({"expected_total_minor": 1}, 409, "price-changed"),
        ({"lines": []}, 400, "invalid"),
        ({"lines": [{"sku": "TEA-1", "units": 0}]}, 400, "invalid"),
        ({"lines": [{"sku": "TEA-1", "units": 10**30}]}, 400, "invalid"),
        ({"lines": [{"sku": "TEA\u0000", "units": 1}]}, 400, "invalid"),
        ({"channel": "moon"}, 400, "invalid"),
        ({"customer": {"code": "bob", "email": "C-1@example.com"}}, 409, "customer-refused"),
    ],
)
def test_an_order_that_cannot_be(api, tea, change, status, kind):
    make_customer()
    answer = api("POST", "orders/", order_body(**change), key="k")
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert not Order.objects.exists()
    assert stock.available([tea.pk]) == {tea.pk: 10}


def test_an_order_needs_a_key_of_its_own(api, tea):
    answer = api("POST", "orders/", order_body())
    assert answer.json()["type"] == "/problems/idempotency-key-missing"


def test_an_existing_customer_is_not_overwritten_from_outside(api, tea):
    ann = make_customer("ann", email="ann@example.com")
    body = order_body(customer={"code": "ann", "email": "thief@example.com"})
    assert api("POST", "orders/", body, key="k").status_code == 201
    ann.refresh_from_db()
    assert ann.email == "ann@example.com"


def test_consent_is_a_ledger(api):
    make_customer("ann")
    body = {"customer": "ann", "purpose": "marketing_email", "granted": True, "source": "checkout"}
    assert api("POST", "consents/", body).status_code == 201
    api("POST", "consents/", body)
    api("POST", "consents/", body | {"granted": False})
    words = Consent.objects.order_by("id").values_list("granted", flat=True)
    assert list(words) == [True, False]
    assert api("POST", "consents/", body | {"customer": "nobody"}).status_code == 400
    assert api("POST", "consents/", body | {"purpose": "fun"}).status_code == 400


def test_an_imported_order_cannot_be_found_by_counting(api, tea):
    make_order([(tea, 1)], number="1001", is_history=True)
    assert api("GET", "orders/1001/").status_code == 404
