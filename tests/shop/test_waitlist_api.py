"""The storefront joins, looks and leaves; staff read the list and who can be served."""

import json

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.urls import reverse

from shop.models import WaitlistEntry
from shop.services import waitlist
from shop.services.stock import stock
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_access import bearer, make_key, make_staff

pytestmark = pytest.mark.django_db
API = "/api/storefront/v1/waitlist/"
STAFF_API = "/api/merchant/v1/waitlist/"


@pytest.fixture
def api(client):
    cache.clear()
    secret = make_key().secret

    def call(method, path="", body=None, key=""):
        headers = {"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": key} if key else {})
        data = json.dumps(body) if body is not None else ""
        return client.generic(
            method, API + path, data, content_type="application/json", headers=headers
        )

    return call


@pytest.fixture
def staff(client):
    cache.clear()
    user = make_staff()
    user.groups.set(Group.objects.filter(name="support agent"))
    headers = bearer(make_key(user=user).secret)
    return lambda path="": client.get(STAFF_API + path, **headers)


def test_join_look_leave(api):
    make_variant("TEA-1")
    make_customer("C-1")
    body = {"sku": "TEA-1", "customer": "C-1", "units": 2, "consent": True}
    joined = api("POST", body=body, key="k1")
    assert joined.status_code == 201
    entry = joined.json()
    assert {"sku": "TEA-1", "units": 2, "state": "waiting"}.items() <= entry.items()
    assert api("POST", body=body, key="k2").json()["id"] == entry["id"]
    assert [one["id"] for one in api("GET", "?customer=C-1").json()["results"]] == [entry["id"]]
    assert api("DELETE", f"{entry['id']}/").json()["state"] == "cancelled"
    assert api("GET", f"{entry['id']}/").json()["state"] == "cancelled"
    assert WaitlistEntry.objects.count() == 1


def test_a_guest_finds_own_entries_by_address_until_they_close(api):
    product = make_variant("TEA-1").product
    body = {"product": product.code, "email": "Guest@Example.com", "consent": True}
    entry = api("POST", body=body, key="k1").json()
    assert (entry["sku"], entry["product"]) == (None, product.code)
    assert len(api("GET", "?email=guest@example.com").json()["results"]) == 1
    api("DELETE", f"{entry['id']}/")
    assert api("GET", "?email=guest@example.com").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"customer": "C-1"}, "sku"),
        ({"sku": "TEA-1", "product": "P-TEA-1", "customer": "C-1"}, "sku"),
        ({"sku": "TEA-1"}, "customer"),
        ({"sku": "TEA-1", "customer": "C-1", "email": "a@example.com"}, "customer"),
        ({"sku": "NONE", "customer": "C-1"}, "sku"),
        ({"sku": "TEA-1", "customer": "NOBODY"}, "customer"),
        ({"sku": "TEA-1", "customer": "C-1", "units": 0}, "units"),
    ],
)
def test_the_field_at_fault_is_named_and_nothing_is_written(api, body, field):
    make_variant("TEA-1")
    make_customer("C-1")
    answer = api("POST", body=body, key="k")
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert not WaitlistEntry.objects.exists()


def test_a_guest_without_consent_is_refused_in_words(api):
    make_variant("TEA-1")
    answer = api("POST", body={"sku": "TEA-1", "email": "g@example.com"}, key="k")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/waitlist-refused"


def test_staff_read_the_list_and_who_can_be_served(staff):
    tea = make_variant("TEA-1")
    for code in ("ANN", "BOB"):
        waitlist.join(waitlist.Wish(2, "test", True, variant=tea, customer=make_customer(code)))
    assert [one["customer"] for one in staff().json()["results"]] == ["BOB", "ANN"]
    assert staff("servable/").json()["results"] == []
    stock.receive(tea, 3, warehouse=make_warehouse(), key="po")
    found = staff("servable/?sku=TEA-1").json()["results"]
    assert [(one["customer"], one["units"]) for one in found] == [("ANN", 2), ("BOB", 1)]


def test_support_cancels_from_the_list_and_the_filter_finds_who_can_be_served(client):
    user = make_staff()
    user.groups.set(Group.objects.filter(name="support agent"))
    client.force_login(user)
    tea, cup = make_variant("TEA-1"), make_variant("CUP-1")
    first, second = (
        waitlist.join(waitlist.Wish(1, "test", True, variant=one, customer=make_customer(one.sku)))
        for one in (tea, cup)
    )
    stock.receive(tea, 3, warehouse=make_warehouse(), key="po")
    address = reverse("admin:shop_waitlistentry_changelist")
    page = client.get(address, {"servable": "yes"})
    assert [row.pk for row in page.context["cl"].result_list] == [first.pk]
    client.post(address, {"action": "cancel_entries", "_selected_action": [second.pk]})
    second.refresh_from_db()
    assert second.state == "cancelled"
