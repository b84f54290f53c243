"""The back office and the merchant API: who may add, send again, switch; secrets are shown once."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from outbox.models import Delivery, DeliveryState, Endpoint
from outbox.services import courier, endpoints
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_outbox import Receiver, make_endpoint, make_messages

pytestmark = pytest.mark.django_db
PUBLIC = "https://hooks.example.com/in"


@pytest.fixture
def owner(client):
    client.force_login(make_staff(is_superuser=True))
    return client


@pytest.fixture
def there(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with Receiver() as receiver:
        yield receiver


def secret_on(page) -> str:
    return re.search(r"data-secret>(whsec_[^<]+)<", page.content.decode())[1]


def test_a_new_webhook_shows_its_secret_once(owner):
    body = {"url": PUBLIC, "description": "Warehouse", "kinds": ["order.paid"]}
    page = owner.post(reverse("admin:outbox_endpoint_add"), body)
    secret = secret_on(page)
    assert "no-store" in page.headers["Cache-Control"]
    endpoint = Endpoint.objects.get()
    assert (endpoint.secret, endpoint.kinds) == (secret, ["order.paid"])
    for name, args in (("changelist", []), ("change", [endpoint.pk])):
        shown = owner.get(reverse(f"admin:outbox_endpoint_{name}", args=args)).content.decode()
        assert "Warehouse" in shown
        assert secret not in shown
    address = reverse("admin:outbox_endpoint_rotate", args=[endpoint.pk])
    assert owner.get(address).status_code == 200
    fresh = secret_on(owner.post(address, {"_form_submitted": "on", "overlap_hours": 2}))
    endpoint.refresh_from_db()
    assert (endpoint.secret, endpoint.previous_secret) == (fresh, secret)
    owner.post(
        reverse("admin:outbox_endpoint_change", args=[endpoint.pk]), body | {"description": "Hall"}
    )
    endpoint.refresh_from_db()
    assert (endpoint.secret, endpoint.description) == (fresh, "Hall")


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "https://10.0.0.1/", "ftp://x.example"]
)
def test_an_address_that_may_not_be_is_refused_on_the_page(owner, url):
    page = owner.post(reverse("admin:outbox_endpoint_add"), {"url": url})
    assert page.status_code == 200
    assert not Endpoint.objects.exists()


def test_given_up_is_seen_with_its_reason_and_sent_again(owner, there, settings):
    settings.WEBHOOK_ATTEMPTS = 1
    endpoint = make_endpoint(there.url)
    make_messages(3)
    there.answer = lambda *_: 500
    courier.deliver_due()
    dead = owner.get(reverse("admin:outbox_delivery_dead"), follow=True).content.decode()
    assert dead.count("said 500") == 3
    one = Delivery.objects.first()
    detail = owner.get(reverse("admin:outbox_delivery_change", args=[one.pk])).content.decode()
    assert str(one.message_id) in detail
    assert "given up" in detail
    assert "(&#x27;" not in detail  # a label of the list is a pair, not a text
    page = owner.get(reverse("admin:outbox_endpoint_change", args=[endpoint.pk])).content.decode()
    assert "failing · since" in page
    there.answer = lambda *_: 200
    send = reverse("admin:outbox_delivery_send_again", args=[one.pk])
    owner.get(send)  # asks
    assert Delivery.objects.filter(state=DeliveryState.DEAD).count() == 3
    owner.post(send, {"_form_submitted": "on"})
    assert Delivery.objects.filter(state=DeliveryState.DEAD).count() == 2
    every = reverse("admin:outbox_endpoint_send_given_up", args=[endpoint.pk])
    owner.post(every, {"_form_submitted": "on"})
    courier.deliver_due()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    chosen = {"action": "send_chosen_again", "_selected_action": [one.pk]}
    owner.post(reverse("admin:outbox_delivery_changelist"), chosen)
    assert Delivery.objects.get(pk=one.pk).state == DeliveryState.WAITING


def test_switched_off_and_tested_by_hand(owner, there):
    endpoint = make_endpoint(there.url, kinds=["order.paid"])
    address = "admin:outbox_endpoint_{}"
    owner.post(reverse(address.format("send_test"), args=[endpoint.pk]), {"_form_submitted": "on"})
    courier.deliver_due()
    assert there.notes == ["It works."]
    owner.post(reverse(address.format("switch"), args=[endpoint.pk]), {"_form_submitted": "on"})
    endpoint.refresh_from_db()
    assert not endpoint.is_active
    owner.post(reverse(address.format("send_test"), args=[endpoint.pk]), {"_form_submitted": "on"})
    assert Delivery.objects.count() == 1


def test_the_lists_cost_the_same_however_long_they_are(owner, there):
    make_endpoint(there.url)
    counts = []
    for start in (0, 10):
        make_messages(10, start=start)
        courier.deliver_due()
        for name in ("endpoint", "delivery", "message"):
            with CaptureQueriesContext(connection) as queries:
                assert owner.get(reverse(f"admin:outbox_{name}_changelist")).status_code == 200
            counts.append(len(queries))
    assert counts[:3] == counts[3:]


def call(client, verb: str, address: str, user, **body):
    headers = bearer(make_key(user=user).secret)
    if verb == "get":
        return client.get(f"/api/merchant/v1/{address}", **headers)
    key = body.pop("key", "k-1")
    return client.post(
        f"/api/merchant/v1/{address}",
        body,
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY=key,
        **headers,
    )


def test_the_api_lists_creates_tests_and_replays(client, there, settings):
    settings.WEBHOOK_ATTEMPTS = 1
    owner = make_staff(is_superuser=True)
    made = call(client, "post", "webhooks/", owner, url=there.url, kinds=["price.changed"])
    assert made.status_code == 201
    secret, pk = made.json()["secret"], made.json()["id"]
    assert secret == Endpoint.objects.get().secret
    [row] = call(client, "get", "webhooks/", owner).json()["results"]
    assert "secret" not in row
    assert (row["id"], row["is_active"]) == (pk, True)
    assert call(client, "post", f"webhooks/{pk}/tests/", owner).status_code == 201
    there.answer = lambda *_: 500
    make_messages(2)
    courier.deliver_due()
    page = call(client, "get", f"deliveries/?state=dead&webhook={pk}&kind=price.changed", owner)
    rows = page.json()["results"]
    assert [(one["state"], one["last_status"], one["attempt"]) for one in rows] == 2 * [
        ("dead", 500, 1)
    ]
    one = rows[0]["id"]
    assert call(client, "post", f"deliveries/{one}/replays/", owner).json() == {"sent_again": 1}
    assert call(client, "post", f"webhooks/{pk}/replays/", owner).json() == {"sent_again": 2}
    endpoints.switch_off(Endpoint.objects.get())
    refused = call(client, "post", f"webhooks/{pk}/replays/", owner, key="k-2")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/webhook-refused")


def test_the_api_refuses_what_cannot_be(client):
    owner = make_staff(is_superuser=True)
    for body in ({"url": "https://127.0.0.1/"}, {"url": PUBLIC, "kinds": ["moon.risen"]}):
        refused = call(client, "post", "webhooks/", owner, **body)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/webhook-refused")
    assert call(client, "post", "webhooks/9/tests/", owner).status_code == 404
    assert call(client, "post", "deliveries/9/replays/", owner).status_code == 404
    assert not Endpoint.objects.exists()


def test_who_only_looks_changes_nothing(client, there):
    make_endpoint(there.url)
    make_messages(1)
    courier.deliver_due()
    looks = make_staff("outbox.view_endpoint", "outbox.view_delivery")
    assert call(client, "get", "deliveries/", looks).status_code == 200
    for address in ("webhooks/", "webhooks/1/tests/", "deliveries/1/replays/"):
        assert call(client, "post", address, looks, url=PUBLIC).status_code == 403
    client.force_login(looks)
    one = Delivery.objects.get()
    send = reverse("admin:outbox_delivery_send_again", args=[one.pk])
    assert client.post(send, {"_form_submitted": "on"}).status_code == 403
    assert Delivery.objects.get().state == DeliveryState.DELIVERED
