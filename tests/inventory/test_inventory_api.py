"""Forecasts and purchase orders through the merchant's API: roles, keys, refusals."""

import json

import pytest
from django.core.cache import cache

from inventory.models import PurchaseOrder, Receipt
from inventory.services.replenishment import plan_replenishment
from shop.models import StockLevel
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_key, make_staff
from tests.factories_inventory import AS_OF, Silent, make_forecast, make_item, make_supplier

pytestmark = pytest.mark.django_db
API = "/api/merchant/v1/"
BUYER = ("inventory.view_purchaseorder", "inventory.change_purchaseorder", "inventory.add_receipt")


@pytest.fixture
def api(client):
    cache.clear()
    keys: dict = {}

    def call(method, path, body=None, *, may=BUYER, key="k"):
        if may not in keys:
            keys[may] = make_key(user=make_staff(*may)).secret
        headers = {"X-Api-Key": keys[may], "Idempotency-Key": key}
        data = json.dumps(body) if body is not None else ""
        return client.generic(
            method, API + path, data, content_type="application/json", headers=headers
        )

    return call


@pytest.fixture
def order():
    supplier = make_supplier()
    for number in range(3):
        tea = make_variant(f"TEA-{number}")
        make_item(tea, supplier)
        make_forecast(tea)
    make_warehouse()
    plan_replenishment(AS_OF, seed=1, progress=Silent())
    return PurchaseOrder.objects.get()


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("forecasts/", "inventory.view_demandforecast"),
        ("purchase-orders/", "inventory.view_purchaseorder"),
    ],
)
def test_lists_need_their_permission(api, order, path, needed):
    assert api("GET", path, may=("shop.view_order",)).status_code == 403
    answer = api("GET", path, may=(needed,))
    assert answer.status_code == 200
    assert answer.json()["results"]


def test_a_list_costs_the_same_however_long_it_is(api, order, django_assert_max_num_queries):
    may = ("inventory.view_demandforecast",)
    api("GET", "forecasts/", may=may)
    with django_assert_max_num_queries(7):
        assert len(api("GET", "forecasts/", may=may).json()["results"]) == 3


def test_edit_approve_send_receive(api, order):
    path = f"purchase-orders/{order.number}/"
    edited = api("PATCH", path, {"lines": [{"sku": "TEA-0", "units": 7}]}, key="1")
    assert edited.status_code == 200
    assert {line["sku"]: line["units"] for line in edited.json()["lines"]}["TEA-0"] == 7
    assert api("POST", path + "approval/", key="2").json()["state"] == "approved"
    assert api("POST", path + "sending/", key="3").json()["state"] == "sent"
    arrived = {"lines": [{"sku": "TEA-0", "units": 7}]}
    for _twice in range(2):
        answer = api("POST", path + "receipts/", arrived, key="4")
        assert (answer.status_code, answer.json()["state"]) == (201, "partly_received")
    assert Receipt.objects.count() == 1
    assert StockLevel.objects.get().on_hand == 7


def test_refusals_are_problems_and_change_nothing(api, order):
    path = f"purchase-orders/{order.number}/"
    refused = api("POST", path + "sending/")
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/purchase-order-refused"
    unknown = api("PATCH", path, {"lines": [{"sku": "NOPE", "units": 7}]}, key="2")
    assert unknown.status_code == 400
    assert api("GET", "purchase-orders/NOPE/").status_code == 404
    order.refresh_from_db()
    assert order.state == "suggested"
