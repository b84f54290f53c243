"""The merchant's API: lists by role, writes through services, one row of the table per address."""

import json
import re

import pytest
from django.core.cache import cache
from django.urls import get_resolver

from access.api.views import BrowserView, MerchantView, StorefrontView
from access.models import ApiKey
from shop.models import Order, Price, SellingHold, StockMovement
from shop.services.orders import orders
from shop.services.stock import stock
from tests.factories import make_customer, make_order, make_variant, make_warehouse
from tests.factories_access import make_key, make_staff

pytestmark = pytest.mark.django_db
API = "/api/merchant/v1/"
SIGNED = "payments/<slug:provider>/"  # the one door without a key
SAMPLES = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}
LISTS = {
    "products/": "shop.view_product",
    "variants/": "shop.view_variant",
    "stock/": "shop.view_stocklevel",
    "movements/": "shop.view_stockmovement",
    "orders/": "shop.view_order",
    "customers/": "shop.view_customer",
}


@pytest.fixture
def api(client):
    cache.clear()

    def call(method, path, body=None, *, may=(), key="k"):
        secret = make_key(user=make_staff(*may)).secret
        # One caller per call: the throttle and the keys of other tests play no part.
        headers = {"X-Api-Key": secret, "Idempotency-Key": key}
        data = json.dumps(body) if body is not None else ""
        return client.generic(
            method, API + path, data, content_type="application/json", headers=headers
        )

    return call


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, 10, warehouse=make_warehouse(), key="po")
    return variant


@pytest.mark.parametrize(("path", "permission"), LISTS.items())
def test_a_list_is_open_to_its_permission_only(api, tea, path, permission):
    others = [one for one in LISTS.values() if one != permission]
    assert api("GET", path, may=others).status_code == 403
    make_order([(tea, 1)], customer=make_customer())
    answer = api("GET", path, may=[permission])
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 1


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_one_query(client, tea, path, django_assert_max_num_queries):
    for number in range(3):
        variant = make_variant(f"S{number}", brand="b", category="c")
        stock.receive(variant, 1, warehouse=make_warehouse(), key=f"po{number}")
        make_order([(variant, 1)], customer=make_customer(f"C{number}"))
    client.force_login(make_staff(is_superuser=True))
    client.get(API + path)
    with django_assert_max_num_queries(3):  # session, user, the page
        assert len(client.get(API + path).json()["results"]) >= 3


def test_rows_are_found_by_filter(api, tea):
    make_variant("CUP")
    may = list(LISTS.values())
    assert [row["sku"] for row in api("GET", "variants/?sku=CUP", may=may).json()["results"]] == [
        "CUP"
    ]
    assert api("GET", "stock/?warehouse=NONE", may=may).json()["results"] == []
    [level] = api("GET", "stock/?sku=TEA-1", may=may).json()["results"]
    assert (level["on_hand"], level["available"]) == (10, 10)
    [movement] = api("GET", "movements/?kind=receive", may=may).json()["results"]
    assert (movement["sku"], movement["on_hand_delta"]) == ("TEA-1", 10)
    assert api("GET", "movements/?kind=magic", may=may).status_code == 400
    assert api("GET", "orders/?since=yesterday", may=may).status_code == 400
    assert api("GET", "variants/?is_active=false", may=may).json()["results"] == []


def test_goods_are_received_adjusted_and_counted(api, tea):
    may = ["shop.add_stockmovement"]
    place = {"sku": "TEA-1", "warehouse": "MAIN"}
    assert api("POST", "stock/receipts/", place | {"units": 5}, may=may).json()["on_hand"] == 15
    body = place | {"delta_units": -2, "reason": "broken"}
    assert api("POST", "stock/adjustments/", body, may=may).json()["on_hand"] == 13
    answer = api("POST", "stock/counts/", place | {"counted_units": 12}, may=may)
    assert (answer.status_code, answer.json()["available"]) == (201, 12)
    newest = StockMovement.objects.first()
    assert (newest.kind, newest.actor.is_staff) == ("count", True)


def test_a_stock_change_that_cannot_be(api, tea):
    may = ["shop.add_stockmovement"]
    body = {"sku": "TEA-1", "warehouse": "MAIN", "delta_units": -11, "reason": "broken"}
    answer = api("POST", "stock/adjustments/", body, may=may)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/stock-refused")
    assert "10 available" in answer.json()["detail"]
    for change in ({"sku": "NONE"}, {"warehouse": "NONE"}):
        answer = api("POST", "stock/adjustments/", body | change, may=may)
        assert answer.json()["errors"][0]["field"] == next(iter(change))
    assert api("POST", "stock/adjustments/", body, may=["shop.view_stocklevel"]).status_code == 403
    assert StockMovement.objects.count() == 1


def test_a_price_is_added(api, tea):
    body = {"sku": "TEA-1", "amount_minor": 1100}
    answer = api("POST", "prices/", body, may=["shop.add_price"])
    assert answer.json()["amount"] == "11.00"
    assert Price.objects.count() == 2
    late = body | {"valid_from": "2020-01-01T00:00:00Z"}
    answer = api("POST", "prices/", late, may=["shop.add_price"])
    assert answer.json()["type"] == "/problems/price-refused"


def test_an_order_goes_its_way_and_comes_back(api, tea):
    order = orders.place_order(orders.NewOrder((orders.WantedLine("TEA-1", 3),)), key="o")
    path = f"orders/{order.number}/"
    may = ["shop.change_order", "shop.add_return", "shop.view_order"]
    assert api("POST", path + "steps/", {"to": "shipped"}, may=may).json()["type"] == (
        "/problems/order-state"
    )
    for to in ("paid", "shipped"):
        assert api("POST", path + "steps/", {"to": to}, may=may).json()["state"] == to
    back = {"number": "R1", "lines": [{"position": 0, "units": 2}]}
    assert api("POST", path + "returns/", back, may=may).json()["refund_minor"] == 2000
    too_many = back | {"number": "R2"}
    assert api("POST", path + "returns/", too_many, may=may).status_code == 409
    none = back | {"lines": [{"position": 7, "units": 1}]}
    assert api("POST", path + "returns/", none, may=may).json()["errors"][0]["field"] == (
        "lines.0.position"
    )
    assert api("GET", path, may=may).json()["state"] == "shipped"
    assert api("GET", "orders/none/", may=may).status_code == 404
    assert api("POST", path + "steps/", {"to": "placed"}, may=may).status_code == 400
    assert Order.objects.get().state == "shipped"


def test_the_sale_of_a_sku_is_stopped_and_goes_on(api, tea):
    may = ["shop.add_sellinghold", "shop.change_sellinghold"]
    assert api("POST", "variants/TEA-1/hold/", {"reason": "recall"}, may=may).status_code == 201
    assert SellingHold.objects.get().ended_at is None
    assert api("DELETE", "variants/TEA-1/hold/", may=may).json()["held"] is False
    assert SellingHold.objects.get().ended_at
    assert api("POST", "variants/NONE/hold/", {"reason": "recall"}, may=may).status_code == 404


def api_views():
    for side in get_resolver().url_patterns:
        for pattern in getattr(side, "url_patterns", []):
            view = getattr(pattern.callback, "view_class", None) or getattr(
                pattern.callback, "cls", None
            )
            if view and str(side.pattern).startswith("api/"):
                yield str(side.pattern), str(pattern.pattern), view


def test_every_address_of_the_api_asks_who_is_there():
    """A view that subclasses neither base, or a method that names no permission, fails here."""
    found = list(api_views())
    assert len(found) >= 20
    for side, path, view in found:
        if path == SIGNED:
            assert view.authentication_classes == []
            continue
        if side.startswith("api/storefront"):
            assert issubclass(view, StorefrontView | BrowserView), path
            continue
        assert issubclass(view, MerchantView), path
        methods = {name.upper() for name in view.http_method_names if hasattr(view, name)}
        assert methods - {"OPTIONS", "HEAD"} == set(view.needs), path


def test_every_address_refuses_who_has_no_key(client):
    for side, path, view in api_views():
        if path == SIGNED:
            continue  # its proof is a signature: tests/shop/test_orders_payments.py
        address = "/" + side + re.sub(r"<(\w+):\w+>", lambda m: SAMPLES.get(m[1], "x"), path)
        for method in {name.upper() for name in view.http_method_names if hasattr(view, name)}:
            if method not in ("OPTIONS", "HEAD"):
                assert client.generic(method, address).status_code == 401, (method, address)
    assert not ApiKey.objects.exists()


def test_a_session_cannot_write_without_the_csrf_token(tea):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_staff(is_superuser=True))
    answer = browser.post(API + "prices/", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/permission-denied")


def test_the_openapi_document_is_valid_and_says_how_refusals_look(client):
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.validation import validate_schema

    document = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(document)
    placing = document["paths"]["/api/storefront/v1/orders/"]["post"]
    assert "application/problem+json" in placing["responses"]["409"]["content"]
    header = next(one for one in placing["parameters"] if one["in"] == "header")
    assert (header["name"], header["required"]) == ("Idempotency-Key", True)
