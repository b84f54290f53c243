"""Flash sales over the API: drafted, changed, approved, called off, deleted."""

import json

import pytest
from django.test import Client

from inventory.models import FlashSale, PlannedDemand
from shop.models import Price, RingFence
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_flash_sales import make_elasticity, make_flash_sale, make_sellable, noon

pytestmark = pytest.mark.django_db
AT = "/api/merchant/v1/flash-sales/"
ALL = [f"inventory.{verb}_flashsale" for verb in ("view", "add", "change", "delete", "approve")]


class Caller:
    def __init__(self, *permissions: str):
        user = make_staff(*(permissions or ALL), username=f"u{len(permissions)}")
        self.headers = bearer(make_key(user=user).secret)
        self.count = 0

    def __call__(self, method: str, address: str = "", body=None):
        self.count += 1
        return Client().generic(
            method,
            AT + address,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            **self.headers,
            HTTP_IDEMPOTENCY_KEY=f"k{self.count}",
        )


def body(**changes) -> dict:
    line = {"sku": "TEA-1", "price_minor": 500, "units": 50}
    window = {"starts_at": noon(2).isoformat(), "ends_at": noon(3).isoformat()}
    return {"name": "Late hours", "name_zh": "夜场", "lines": [line]} | window | changes


def test_from_the_draft_to_the_end():
    make_elasticity(make_sellable())
    call = Caller()
    made = call("POST", body=body())
    assert made.status_code == 201, made.content
    said = made.json()
    assert (said["state"], said["reasons"], said["is_counted"]) == ("draft", [], True)
    assert said["lines"] == [
        {
            **{"sku": "TEA-1", "warehouse": "MAIN", "price_minor": 500, "before_minor": 1000},
            **{"units": 50, "available": 200, "left": None, "in_carts": None},
        }
    ]
    one = f"{said['id']}/"
    changed = call("PUT", one, body(name="Early hours"))
    assert changed.json()["name"] == "Early hours"
    approved = call("POST", f"{one}approval/")
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert approved.json()["lines"][0]["left"] == 50
    assert call("DELETE", one).status_code == 409
    ended = call("POST", f"{one}cancellation/")
    assert ended.json()["state"] == "cancelled"
    assert [row["id"] for row in call("GET", "?state=cancelled").json()["results"]] == [said["id"]]
    assert call("GET", "?state=draft").json()["results"] == []


def test_refusals_name_every_reason_and_write_nothing():
    make_sellable(units=1)
    sale = make_flash_sale(lines=())
    call = Caller()
    refused = call("POST", f"{sale.pk}/approval/")
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/flash-sale-refused"
    assert [one["message"] for one in refused.json()["errors"]] == ["It has no lines."]
    wrong = call("POST", body=body(lines=[{"sku": "NO", "price_minor": 1, "units": 1}]))
    assert wrong.json()["errors"][0]["message"] == "NO: there is no such SKU."
    assert FlashSale.objects.count() == 1
    assert not RingFence.objects.exists()
    assert not Price.objects.filter(kind="flash").exists()


def test_deleting_a_draft_forgets_it():
    make_elasticity(make_sellable())
    sale = make_flash_sale()
    call = Caller()
    assert PlannedDemand.objects.exists()
    assert call("DELETE", f"{sale.pk}/").status_code == 204
    assert not PlannedDemand.objects.exists()
    assert call("GET", f"{sale.pk}/").status_code == 404


def test_who_may_draft_may_not_approve():
    make_sellable()
    sale = make_flash_sale()
    call = Caller("inventory.view_flashsale", "inventory.change_flashsale")
    assert call("POST", f"{sale.pk}/approval/").status_code == 403
    assert call("POST", f"{sale.pk}/cancellation/").status_code == 403
    assert call("POST", body=body()).status_code == 403
    assert call("DELETE", f"{sale.pk}/").status_code == 403
    assert call("GET", f"{sale.pk}/").status_code == 200
    sale.refresh_from_db()
    assert sale.is_draft
