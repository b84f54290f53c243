"""The reservation endpoint: its rows are its idempotency record, and its key is remembered."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from access.models import ApiKey, IdempotentAnswer
from access.services.keys import revoke_key
from shop.models import KitComponent, Price, Reservation
from shop.services.prices import PriceTerms, set_price
from shop.services.stock import stock
from shop.services.stock.holds import hold
from shop.services.stock.ring_fences import ring_fence
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_key

pytestmark = pytest.mark.django_db
ADDRESS = "/api/storefront/v1/carts/c1/reservations/"
BODY = {"sku": "TEA-1", "units": 2, "minutes": 30}


@pytest.fixture
def key():
    cache.clear()
    return make_key()


@pytest.fixture
def api(client, key):
    def call(method, body=None, *, address=ADDRESS, **headers):
        headers = {"Authorization": f"Bearer {key.secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        data = json.dumps(body) if body is not None else ""
        return client.generic(
            method, address, data, content_type="application/json", headers=headers
        )

    return call


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, 10, warehouse=make_warehouse(), key="po")
    return variant


def test_the_answer_is_what_was_held_by_this_request(api, tea):
    api("POST", BODY, Idempotency_Key="a")
    answer = api("POST", BODY | {"units": 3}, Idempotency_Key="b")
    [row] = answer.json()["reservations"]
    assert (row["sku"], row["kit"], row["units"], row["state"]) == ("TEA-1", None, 3, "held")
    assert len(api("GET").json()["reservations"]) == 2


def on_flash(variant, until):
    terms = PriceTerms(kind="flash", valid_until=until)
    return set_price(variant, 500, key=f"flash {until}", source="t", terms=terms)


def test_a_cart_takes_units_of_a_flash_sale_that_names_its_quota(api, tea):
    hour = timezone.now() + timedelta(hours=1)
    sale = ring_fence(tea, 10, warehouse=make_warehouse(), purpose="flash-sale:7", key="f")
    wanted = BODY | {"ring_fence": sale.pk}
    assert api("POST", BODY, Idempotency_Key="a").status_code == 409  # none for everybody
    assert api("POST", wanted, Idempotency_Key="b").status_code == 409  # before the sale
    ended = timezone.now() - timedelta(days=2)
    Price.objects.create(
        variant=tea, kind="flash", amount_minor=400, currency="GBP", source="t", key="old",
        valid_from=ended, valid_until=ended + timedelta(days=1),
    )  # fmt: skip
    assert api("POST", wanted, Idempotency_Key="d").status_code == 409  # after another one
    on_flash(tea, hour)
    first = api("POST", wanted, Idempotency_Key="c")
    assert first.status_code == 201, first.json()
    assert Reservation.objects.get().ring_fence == sale
    assert api("POST", wanted, Idempotency_Key="c").json() == first.json()
    assert Reservation.objects.count() == 1


@pytest.mark.parametrize("purpose", ["wholesale:3", "flash-sale:7"])
def test_no_other_quota_is_open_to_a_cart(api, tea, purpose):
    other = make_variant("TEA-2")
    for variant in (tea, other):
        on_flash(variant, timezone.now() + timedelta(hours=1))
    fence = ring_fence(tea, 5, warehouse=make_warehouse(), purpose=purpose, key="f")
    wanted = {"units": 1, "ring_fence": fence.pk}
    sku = "TEA-1" if purpose.startswith("wholesale") else "TEA-2"
    assert api("POST", {"sku": sku} | wanted, Idempotency_Key="a").status_code == 409
    unknown = {"sku": sku, "units": 1, "ring_fence": fence.pk + 1}
    assert api("POST", unknown, Idempotency_Key="b").status_code == 409
    assert not Reservation.objects.exists()


def test_a_repeat_gets_the_same_answer_without_a_second_effect(api, tea):
    first = api("POST", BODY, Idempotency_Key="a")
    again = api("POST", BODY, Idempotency_Key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Reservation.objects.count() == 1
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.parametrize("other", [{"units": 3}, {"minutes": 31}, {"sku": "CUP-1"}])
def test_the_same_key_with_another_body_is_refused(api, tea, other):
    stock.receive(make_variant("CUP-1"), 10, warehouse=make_warehouse(), key="po2")
    api("POST", BODY, Idempotency_Key="a")
    answer = api("POST", BODY | other, Idempotency_Key="a")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/idempotency-key-reused"
    assert (
        api("POST", BODY, address=ADDRESS.replace("c1", "c2"), Idempotency_Key="a").status_code
        == 409
    )
    assert Reservation.objects.count() == 1


def test_after_a_refusal_the_key_is_free(api, tea):
    assert api("POST", BODY | {"units": 11}, Idempotency_Key="a").status_code == 409
    assert api("POST", BODY, Idempotency_Key="a").status_code == 201


def test_a_repeat_says_where_the_units_are_now(api, tea):
    api("POST", BODY, Idempotency_Key="a")
    api("DELETE")
    again = api("POST", BODY, Idempotency_Key="a")
    assert (again.status_code, again.json()["reservations"][0]["state"]) == (201, "released")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"units": 1}, "sku"),
        ({"sku": "TEA-1"}, "units"),
        ({"sku": "TEA-1", "units": 0}, "units"),
        ({"sku": "TEA-1", "units": "x"}, "units"),
        ({"sku": "TEA-1", "units": 1, "minutes": 1441}, "minutes"),
        ([], "non_field_errors"),
    ],
)
def test_what_cannot_be_used_is_named(api, tea, body, field):
    answer = api("POST", body, Idempotency_Key="a")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_a_write_without_a_key_is_refused(api, tea):
    assert api("POST", BODY).json()["type"] == "/problems/idempotency-key-missing"


def test_what_is_not_on_sale_is_not_there_and_what_is_held_is_not_for_sale(api, tea):
    assert api("POST", BODY | {"sku": "NONE"}, Idempotency_Key="a").status_code == 404
    hold(tea, "recall")
    answer = api("POST", BODY, Idempotency_Key="b")
    assert answer.json()["type"] == "/problems/not-for-sale"


def test_a_kit_answers_with_its_components(api, tea):
    kit = make_variant("SET-1")
    KitComponent.objects.create(kit=kit, component=tea, units=2)
    [row] = api("POST", BODY | {"sku": "SET-1"}, Idempotency_Key="a").json()["reservations"]
    assert (row["sku"], row["kit"], row["units"]) == ("TEA-1", "SET-1", 4)
    assert api("DELETE", address=f"{ADDRESS}?sku=SET-1").json()["released"] == 1


def test_a_cart_is_held_for_longer(api, tea):
    api("POST", BODY | {"minutes": 5}, Idempotency_Key="a")
    [row] = api("PATCH", {"minutes": 60}).json()["reservations"]
    assert row["expires_at"] > (timezone.now() + timedelta(minutes=55)).isoformat()
    assert api("PATCH", {"minutes": 0}).status_code == 400
    api("PATCH", {"minutes": 24 * 60})
    held = Reservation.objects.get()
    assert held.expires_at <= held.created_at + timedelta(hours=24)


def test_a_reservation_costs_few_queries(api, tea, django_assert_num_queries):
    api("POST", BODY, Idempotency_Key="a")  # the key is read once, and its use noted
    queries = 4 if connection.vendor == "postgresql" else 8  # the savepoint of the test is two
    with django_assert_num_queries(queries):
        assert api("POST", BODY, Idempotency_Key="b").status_code == 201


def test_a_revoked_key_is_refused_at_once_in_this_process(api, tea, key):
    assert api("GET").status_code == 200
    revoke_key(key.key)
    assert api("GET").status_code == 401


def test_elsewhere_a_revoked_key_is_refused_after_seconds(api, tea, key, settings):
    assert api("GET").status_code == 200
    ApiKey.objects.update(revoked_at=timezone.now())  # as another process does it
    assert api("GET").status_code == 200
    settings.API_KEY_CACHE_SECONDS = 0
    revoke_key(key.key)  # empties this process's memory
    ApiKey.objects.update(revoked_at=None)
    assert api("GET").status_code == 200
    ApiKey.objects.update(revoked_at=timezone.now())
    assert api("GET").status_code == 401


def test_a_remembered_key_still_expires(api, tea, key):
    ends_at = timezone.now() + timedelta(hours=1)
    ApiKey.objects.update(expires_at=ends_at)
    assert api("GET").status_code == 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("access.api.authentication.timezone.now", lambda: ends_at)
        assert api("GET").status_code == 401
