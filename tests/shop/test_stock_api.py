"""Transfers, batches and ring fences through the merchant API: by role, once, refusals explained."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache

from shop.models import Batch, RingFence, StockMovement
from shop.services.stock import batches, stock
from shop.services.stock.batch_order import shop_today
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_key, make_staff

pytestmark = pytest.mark.django_db
API = "/api/merchant/v1/stock/"
MOVE = ["shop.add_stockmovement"]
FENCE = ["shop.add_ringfence", "shop.change_ringfence", "shop.view_ringfence"]


@pytest.fixture
def send(client):
    cache.clear()
    secrets = {}

    def call(path, body, *, may, key="k"):
        caller = tuple(may)
        secrets[caller] = secrets.get(caller) or make_key(user=make_staff(*may)).secret
        headers = {"X-Api-Key": secrets[caller], "Idempotency-Key": key}
        if body is None:
            return client.get(API + path, headers=headers)
        return client.post(API + path, json.dumps(body), "application/json", headers=headers)

    return call


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, 10, warehouse=make_warehouse(), key="po")
    return variant


PLACE = {"sku": "TEA-1", "warehouse": "MAIN"}


def test_goods_are_transferred_once(send, tea):
    make_warehouse("FAR")
    body = {"sku": "TEA-1", "source": "MAIN", "target": "FAR", "units": 4}
    for _twice in range(2):
        answer = send("transfers/", body, may=MOVE)
        assert answer.status_code == 201
        on_hand = [answer.json()[side]["on_hand"] for side in ("source", "target")]
        assert on_hand == [6, 4]
    assert StockMovement.objects.filter(kind="transfer").count() == 2
    again = send("transfers/", body | {"units": 5}, may=MOVE)
    assert again.json()["type"] == "/problems/idempotency-key-reused"
    too_many = send("transfers/", body | {"units": 7}, may=MOVE, key="b")
    assert (too_many.status_code, too_many.json()["type"]) == (409, "/problems/stock-refused")
    unknown = send("transfers/", body | {"target": "NONE"}, may=MOVE, key="c")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "target")
    assert send("transfers/", body, may=FENCE, key="d").status_code == 403


def test_a_batch_arrives_expires_and_is_written_off(send, tea):
    lot = {"batch": "LOT-1", "expires_on": (shop_today() + timedelta(days=3)).isoformat()}
    assert send("receipts/", PLACE | lot | {"units": 5}, may=MOVE).json()["on_hand"] == 15
    [row] = send("batches/?sku=TEA-1", None, may=["shop.view_batch"]).json()["results"]
    assert (row["code"], row["on_hand"], row["expires_on"]) == ("LOT-1", 5, lot["expires_on"])
    Batch.objects.update(expires_on=shop_today() - timedelta(days=1))
    batches.set_aside_expired()
    gone = PLACE | {"batch": "LOT-1", "reason": "expired"}
    for _twice in range(2):
        answer = send("write-offs/", gone, may=MOVE, key="w").json()
        assert (answer["written_off_units"], answer["on_hand"], answer["available"]) == (5, 10, 10)
    nothing = send("write-offs/", gone | {"batch": "LOT-2"}, may=MOVE, key="x")
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/stock-refused")


def test_a_quota_is_set_aside_and_given_back(send, tea):
    body = PLACE | {"units": 6, "purpose": "flash:7"}
    made = send("ring-fences/", body, may=FENCE).json()
    assert (made["units_left"], made["sku"]) == (6, "TEA-1")
    assert send("ring-fences/", body, may=FENCE).json() == made
    assert stock.available([tea.pk]) == {tea.pk: 4}
    refused = send("ring-fences/", body | {"units": 5}, may=FENCE, key="b")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/stock-refused")
    release = f"ring-fences/{made['id']}/release/"
    assert send(release, {"units": 2}, may=FENCE, key="c").json()["units_left"] == 4
    assert send(release, {}, may=FENCE, key="d").json()["units_left"] == 0
    [row] = send("ring-fences/", None, may=FENCE).json()["results"]
    assert (row["id"], row["released_at"] is None) == (made["id"], False)
    assert send("ring-fences/99/release/", {}, may=FENCE, key="e").status_code == 404
    assert send(release, {}, may=MOVE, key="f").status_code == 403
    assert send("ring-fences/", body, may=MOVE, key="g").status_code == 403
    assert RingFence.objects.count() == 1
