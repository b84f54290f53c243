"""Events from browsers: a key that everybody can read opens nothing else and claims nobody."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core import signing
from django.db import IntegrityError
from django.utils import timezone

from access.models import ApiKey
from access.services.keys import rotate_key
from shop.models import Event, EventKey, VisitorLink
from shop.services.events.visitors import SALT, code_behind, identity_of
from tests.factories import make_customer, make_variant
from tests.factories_access import bearer, make_key, make_staff

pytestmark = pytest.mark.django_db
HERE = "http://127.0.0.1:8000"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 Safari/604.1"


def view(event_id="e1", **fields):
    return {"event_id": event_id, "kind": "view", "visitor": "v"} | fields


@pytest.fixture
def key():
    return make_key(publishable=True, rate_per_minute=10**6)


@pytest.fixture
def send(client, key, settings):
    settings.PUBLIC_URL = HERE
    settings.COLLECTOR_RATE_PER_MINUTE = 10**6

    def _send(*events, secret=key.secret, kind="text/plain;charset=UTF-8", more=None, **headers):
        body = {"events": list(events)} | (more or {})
        headers = {"HTTP_ORIGIN": HERE, "HTTP_USER_AGENT": PHONE} | headers
        path = f"/api/storefront/v1/collect/?key={secret}"
        return client.post(path, signing.json.dumps(body), content_type=kind, **headers)

    return _send


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/json"])
def test_events_of_a_browser_land_once(send, kind):
    make_variant("TEA-1")
    answer = send(view(sku="TEA-1"), view("e2", sku="NONE"), kind=kind)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == HERE
    assert "Origin" in answer.headers["Vary"]
    assert answer.json()["accepted"] == 1
    assert answer.json()["errors"][0]["field"] == "sku"
    assert send(view(sku="TEA-1"), kind=kind).json()["duplicates"] == 1
    assert Event.objects.count() == 1


def test_other_origins_are_refused_and_configured_ones_are_not(send, settings):
    assert send(view(), HTTP_ORIGIN="https://elsewhere.example").status_code == 403
    assert not Event.objects.exists()
    settings.COLLECTOR_ORIGINS = ["https://elsewhere.example"]
    answer = send(view(), HTTP_ORIGIN="https://elsewhere.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://elsewhere.example"
    assert Event.objects.exists()


def test_a_browser_that_asks_beforehand_is_answered(client, key, settings):
    settings.PUBLIC_URL = HERE
    path = f"/api/storefront/v1/collect/?key={key.secret}"
    answer = client.options(path, HTTP_ORIGIN=HERE, HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    stranger = client.options(path, HTTP_ORIGIN="https://elsewhere.example")
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_a_publishable_key_opens_nothing_else(client, key):
    for path in ("products/", "events/", "orders/1234567890/", "identities/", "consents/"):
        for method in (client.get, client.post):
            answer = method(f"/api/storefront/v1/{path}", **bearer(key.secret))
            assert answer.status_code == 403, path
    answer = client.get("/api/merchant/v1/products/", **bearer(key.secret))
    assert answer.status_code in (401, 403)


def test_no_other_key_stands_in_a_page(send):
    assert send(view(), secret=make_key().secret).status_code == 403
    assert send(view(), secret=make_key(user=make_staff()).secret).status_code == 403
    assert send(view(), secret="").status_code == 401
    assert send(view(), secret="bkp_nonsense").status_code == 401
    assert not Event.objects.exists()


def test_a_publishable_key_acts_for_nobody_and_stays_publishable_when_rotated(key):
    assert key.secret.startswith("bkp_")
    assert rotate_key(key.key).key.is_publishable
    with pytest.raises(IntegrityError):
        ApiKey.objects.filter(pk=key.key.pk).update(user=make_staff())


def test_one_address_cannot_use_up_what_all_share(send, settings, monkeypatch):
    minute = SimpleNamespace(time=lambda: 1_000_000.0)  # else it may turn over between two events
    monkeypatch.setattr("access.api.throttling.time", minute)
    settings.COLLECTOR_RATE_PER_MINUTE = 2
    there = {"REMOTE_ADDR": "192.0.2.1"}
    codes = [send(view(f"e{n}"), **there).status_code for n in range(3)]
    assert codes == [200, 200, 429]
    assert send(view("e9"), REMOTE_ADDR="192.0.2.2").status_code == 200
    # A header that anybody can write makes no new address.
    again = send(view("e8"), HTTP_X_FORWARDED_FOR="198.51.100.1", **there)
    assert again.status_code == 429
    assert again.headers["Access-Control-Allow-Origin"] == HERE


def test_a_crawler_by_its_header_leaves_nothing(send):
    answer = send(view(), HTTP_USER_AGENT="Mozilla/5.0 (compatible; Googlebot/2.1)")
    assert answer.json()["bots"] == 1
    assert not Event.objects.exists()


def test_a_browser_cannot_say_who_it_is(send):
    make_customer("ann")
    answer = send(view(customer="ann"), view("e2", identity="ann:x:y"), view("e3"))
    assert [one["field"] for one in answer.json()["errors"]] == ["customer", "identity"]
    assert not VisitorLink.objects.exists()
    assert list(EventKey.objects.values_list("pk", flat=True)) == ["e3"]


def test_a_browser_shows_what_the_shops_server_asked_for(send, client):
    ann = make_customer("ann")
    server = bearer(make_key().secret)
    path = "/api/storefront/v1/identities/"
    asked = client.post(path, {"customer": "ann"}, content_type="application/json", **server)
    assert asked.status_code == 201
    assert send(view(identity=asked.json()["identity"])).json()["accepted"] == 1
    assert Event.objects.get().customer == ann
    assert VisitorLink.objects.get().customer == ann


def test_the_shops_server_links_a_browser_at_once(client):
    ann = make_customer("ann")
    server = bearer(make_key().secret)
    for _ in range(2):
        client.post(
            "/api/storefront/v1/identities/", {"customer": "ann", "visitor": "v"},
            content_type="application/json", **server,
        )  # fmt: skip
    assert VisitorLink.objects.get().customer == ann
    body = {"customer": "nobody"}
    path = "/api/storefront/v1/identities/"
    assert client.post(path, body, content_type="application/json", **server).status_code == 400


def test_an_identity_does_not_last_for_ever(monkeypatch):
    token = identity_of(make_customer("ann"))
    assert code_behind(token) == "ann"
    later = (timezone.now() + timedelta(days=3)).timestamp()
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert code_behind(token) == ""
    assert signing.loads(token, salt=SALT) == "ann"


def test_the_clock_of_a_browser_is_corrected_by_when_it_sent(send):
    now = timezone.now()
    wrong = now - timedelta(days=400)
    told = {"sent_at": wrong.isoformat()}
    seen = (wrong - timedelta(minutes=2)).isoformat()
    assert send(view(occurred_at=seen), more=told).json()["accepted"] == 1
    event = Event.objects.get()
    assert event.occurred_at.isoformat() == seen
    assert abs(event.clock_ahead_seconds + 400 * 86400) <= 5
    ahead = {"sent_at": (now + timedelta(days=30)).isoformat()}
    seen = (now + timedelta(days=30)).isoformat()
    assert send(view("e2", occurred_at=seen), more=ahead).json()["accepted"] == 1


@pytest.mark.parametrize("sent_at", ["yesterday", "2026-03-02T09:00:00", 7, "9999-01-01T00:00:00Z"])
def test_a_batch_whose_clock_is_none_is_refused(send, sent_at):
    answer = send(view(), more={"sent_at": sent_at})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "sent_at"


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"{}", b'{"events": 3}', b"[" * 10**5, b"\xff"])
def test_what_is_no_batch_is_refused(client, key, body):
    path = f"/api/storefront/v1/collect/?key={key.secret}"
    answer = client.post(path, body, content_type="text/plain", HTTP_USER_AGENT=PHONE)
    assert answer.status_code == 400


def test_the_collector_is_three_kilobytes():
    assert len((Path(__file__).parents[2] / "static/backroom.js").read_bytes()) <= 3072
