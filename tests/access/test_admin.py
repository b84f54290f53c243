"""The back office shows a key's secret once."""

import re

import pytest
from django.urls import reverse

from access.api.authentication import valid_key
from access.models import ApiKey
from tests.factories_access import make_key, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client):
    client.force_login(make_staff(is_superuser=True))
    return client


def secret_on(page):
    return re.search(r"data-secret>(bk_[^<]+)<", page.content.decode()).group(1)


def test_a_new_key_is_shown_once(owner):
    body = {"name": "My shop", "rate_per_minute": 60}
    page = owner.post(reverse("admin:access_apikey_add"), body)
    secret = secret_on(page)
    assert "no-store" in page.headers["Cache-Control"]
    key = valid_key(secret)
    assert (key.name, key.is_for_merchant) == ("My shop", False)
    for address in ("changelist", "change"):
        args = [key.pk] if address == "change" else []
        assert (
            secret
            not in owner.get(reverse(f"admin:access_apikey_{address}", args=args)).content.decode()
        )


def test_rotation_asks_first_and_shows_the_new_secret(owner):
    key, old = make_key()
    address = reverse("admin:access_apikey_rotate", args=[key.pk])
    assert owner.get(address).status_code == 200
    assert ApiKey.objects.count() == 1
    new = secret_on(owner.post(address, {"_form_submitted": "on", "overlap_hours": 2}))
    assert valid_key(new)
    assert valid_key(old)
    refused = owner.post(address, {"_form_submitted": "on", "overlap_hours": 9000})
    assert refused.status_code == 200
    assert ApiKey.objects.count() == 2


def test_a_key_is_revoked(owner):
    key, secret = make_key()
    address = reverse("admin:access_apikey_revoke", args=[key.pk])
    owner.get(address)
    assert valid_key(secret)
    owner.post(address, {"_form_submitted": "on"})
    assert valid_key(secret) is None


def test_the_owner_of_a_key_cannot_be_changed(owner):
    key, _secret = make_key()
    other = make_staff()
    body = {"name": "x", "rate_per_minute": 5, "user": other.pk}
    owner.post(reverse("admin:access_apikey_change", args=[key.pk]), body)
    key.refresh_from_db()
    assert (key.user, key.name) == (None, "x")


def test_keys_are_for_their_role_only(client):
    key, _secret = make_key()
    client.force_login(make_staff("access.view_apikey"))
    for verb in ("rotate", "revoke"):
        address = reverse(f"admin:access_apikey_{verb}", args=[key.pk])
        assert (
            client.post(address, {"_form_submitted": "on", "overlap_hours": 1}).status_code == 403
        )
