"""What staff do with orders through the API, and what a shop's own site sees of it."""

import json

import pytest
from django.core.cache import cache

from shop.api.order_rows import merchant_order_row
from shop.models import KitComponent, Order, Refund, Shipment
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.orders.returns import return_lines
from shop.services.stock import stock
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_key, make_staff

pytestmark = pytest.mark.django_db
CHANGE = ["shop.view_order", "shop.change_order"]


@pytest.fixture
def api(client):
    cache.clear()

    def call(method, path, body=None, *, may=CHANGE):
        secret = make_key(user=make_staff(*may)).secret
        address = f"/api/merchant/v1/orders/{path}"
        data = json.dumps(body) if body is not None else ""
        return client.generic(
            method, address, data, "application/json", headers={"X-Api-Key": secret}
        )

    return call


@pytest.fixture
def order():
    tea, cup = make_variant("TEA", price_minor=1000), make_variant("CUP", price_minor=300)
    kit = make_variant("SET", price_minor=1500)
    for component, units in ((tea, 1), (cup, 2)):
        KitComponent.objects.create(kit=kit, component=component, units=units)
    stock.receive(tea, 3, warehouse=make_warehouse(), key="po1")
    stock.receive(tea, 3, warehouse=make_warehouse("SECOND"), key="po2")
    stock.receive(cup, 9, warehouse=make_warehouse(), key="po3")
    lines = (WantedLine("SET", 2), WantedLine("TEA", 3))
    return orders.pay(place_order(NewOrder(lines, shipping_minor=395), key="k"))


def parcel(number, *lines, **fields):
    names = ("position", "units", "sku")
    return {
        "number": number,
        "lines": [dict(zip(names, line, strict=False)) for line in lines],
    } | fields


def test_one_order_shows_places_parcels_money_and_who_owes(api, order):
    answer = api("GET", f"{order.number}/").json()
    assert [line["sku"] for line in answer["lines"]] == ["SET", "TEA", None]
    assert {(one["sku"], one["warehouse"]) for one in answer["lines"][0]["allocations"]} == {
        ("TEA", "MAIN"),
        ("CUP", "MAIN"),
    }
    assert answer["balance"] == {
        "claim_minor": 6395,
        "paid_minor": 6395,
        "paid_back_minor": 0,
        "refunded_minor": 0,
        "refundable_minor": 6395,
        "customer_owes_minor": 0,
        "shop_owes_minor": 0,
    }
    assert [one["provider"] for one in answer["payments"]] == ["by-hand"]


def test_an_orders_page_costs_the_same_queries_whatever_it_holds(order, django_assert_num_queries):
    for _round in range(2):
        order = Order.objects.select_related("customer").get(pk=order.pk)
        with django_assert_num_queries(8):
            merchant_order_row(order)
        if order.state == "paid":
            orders.ship(order)
            return_lines(order, {line.pk: 1 for line in order.lines.all()}, number="R1")


def test_a_parcel_takes_whole_kits_and_says_the_state(api, order):
    body = parcel("P1", (0, 1), carrier="DHL", tracking_code="77")
    for _again in range(2):
        answer = api("POST", f"{order.number}/shipments/", body)
        assert answer.status_code == 201, answer.content
        assert answer.json()["state"] == "part_shipped"
    [one] = answer.json()["shipments"]
    assert (one["number"], one["carrier"], one["tracking_code"]) == ("P1", "DHL", "77")
    assert list(Shipment.objects.get().lines.values_list("allocation__variant__sku", "units")) == [
        ("TEA", 1),
        ("CUP", 2),
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (parcel("P1", (1, 3)), "several warehouses"),
        (parcel("P1", (0, 1), warehouse="SECOND"), "nothing of it was promised"),
        (parcel("P1", (9, 1)), "no such line"),
        (parcel("P1", (2, 1)), "nothing of it is counted"),
        (parcel("P1", (0, 1, "MUG")), "no such line"),
        (parcel("P1", (0, 3)), "still to be shipped"),
    ],
)
def test_a_parcel_that_cannot_leave_says_why(api, order, body, words):
    answer = api("POST", f"{order.number}/shipments/", body)
    assert answer.status_code == 409, answer.content
    assert words in answer.json()["detail"]
    assert not Shipment.objects.exists()


def test_a_component_may_leave_alone_and_the_rest_be_cancelled(api, order):
    assert api("POST", f"{order.number}/shipments/", parcel("P1", (0, 1, "CUP"))).status_code == 201
    assert api("DELETE", f"{order.number}/rest/").status_code == 409  # half a kit
    whole = parcel("P2", (0, 1, "CUP"), (0, 1, "TEA"))
    assert api("POST", f"{order.number}/shipments/", whole).status_code == 201
    answer = api("DELETE", f"{order.number}/rest/")
    assert (answer.status_code, answer.json()["state"]) == (200, "shipped")
    assert answer.json()["balance"]["shop_owes_minor"] == 1500 + 3000
    assert api("DELETE", f"{order.number}/rest/").status_code == 200


def test_money_goes_back_by_its_own_permission(api, order):
    body = {"number": "F1", "amount_minor": 500, "reason": "late"}
    assert api("POST", f"{order.number}/refunds/", body).status_code == 403
    answer = api("POST", f"{order.number}/refunds/", body, may=["shop.add_refund"])
    assert answer.json()["balance"]["shop_owes_minor"] == 500
    many = body | {"number": "F2", "amount_minor": 6000}
    refusal = api("POST", f"{order.number}/refunds/", many, may=["shop.add_refund"])
    assert (refusal.status_code, refusal.json()["type"]) == (409, "/problems/refund-refused")
    assert api("POST", f"{order.number}/paid-back/", {"number": "B1"}).status_code == 403
    back = api("POST", f"{order.number}/paid-back/", {"number": "B1"}, may=["shop.add_payment"])
    assert back.json()["balance"]["shop_owes_minor"] == 0
    assert Refund.objects.get().amount_minor == 500


def test_an_exchange_answers_with_both_orders(api, order):
    orders.ship(order)
    body = {
        "number": "X1",
        "lines": [{"position": 1, "units": 1}],
        "wanted": [{"sku": "CUP", "units": 4}],
    }
    for _again in range(2):
        answer = api("POST", f"{order.number}/exchanges/", body, may=["shop.add_return"])
        assert answer.status_code == 201, answer.content
    said = answer.json()
    assert said["credit_minor"] == 1000
    assert said["new_order"]["balance"]["customer_owes_minor"] == 200
    assert said["order"]["balance"]["shop_owes_minor"] == 0
    assert Order.objects.count() == 2


def test_partly_shipped_is_no_step(api, order):
    answer = api("POST", f"{order.number}/steps/", {"to": "part_shipped"})
    assert answer.status_code == 400


def test_the_storefront_places_with_discount_and_shipping_and_sees_parcels(client, order):
    secret = make_key().secret
    body = {
        "lines": [{"sku": "CUP", "units": 1}],
        "discount_minor": 100,
        "discount_text": "Welcome",
        "shipping_minor": 395,
        "expected_total_minor": 595,
    }
    placed = client.post(
        "/api/storefront/v1/orders/",
        json.dumps(body),
        "application/json",
        headers={"X-Api-Key": secret, "Idempotency-Key": "one"},
    ).json()
    assert [(line["kind"], line["total_minor"]) for line in placed["lines"]] == [
        ("item", 300),
        ("discount", -100),
        ("shipping", 395),
    ]
    assert placed["lines"][0]["tax_basis_points"] is None
    orders.ship(order)
    seen = client.get(
        f"/api/storefront/v1/orders/{order.number}/", headers={"X-Api-Key": secret}
    ).json()
    assert [one["number"] for one in seen["shipments"]] == [
        f"{order.number}-1",
        f"{order.number}-2",
    ]
    assert "balance" not in seen
