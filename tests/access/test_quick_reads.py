"""A plain read with a key that is known goes past DRF; everything else, and what it says, is the same."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.utils import timezone
from rest_framework.views import APIView

from access.models import ApiKey
from access.services.keys import revoke_key
from access.services.known_keys import forget_keys
from tests.factories_access import bearer, make_key
from tests.factories_recommendations import make_taste_shop, publish_model

ADDRESS = "/api/storefront/v1/recommendations/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    forget_keys()


@pytest.fixture
def ways(monkeypatch):
    """Grows by one each time that DRF is asked."""
    asked = []
    usual = APIView.dispatch

    def dispatch(self, request, *args, **kwargs):
        asked.append(request.path)
        return usual(self, request, *args, **kwargs)

    monkeypatch.setattr(APIView, "dispatch", dispatch)
    return asked


def same(first, second):
    """But for the receipt, which is each answer's own."""
    one, other = first.json(), second.json()
    if first.status_code == 200:
        assert one.pop("receipt") != other.pop("receipt")
    assert first.status_code == second.status_code
    assert one == other
    assert dict(first.headers) == dict(second.headers) | {
        "Content-Length": first.headers["Content-Length"]
    }


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"customer": "C-4", "limit": "3"},
        {"placement": "product", "sku": "S-04", "language": "zh"},
        {"placement": "cellar"},
        {"channel": "none"},
        {"limit": "0"},
    ],
)
def test_both_ways_say_the_same(client, ways, query, language):
    make_taste_shop()
    publish_model()
    headers = {"accept-language": language}
    key = bearer(make_key().secret)
    usual = client.get(ADDRESS, query, headers=headers, **key)
    assert len(ways) == 1  # the key was not known yet
    quick = client.get(ADDRESS, query, headers=headers, **key)
    assert len(ways) == (1 if quick.status_code == 200 else 2)
    same(usual, quick)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({}, {"accept": "text/html"}),
        ({}, {"idempotency-key": "k"}),
        ({"format": "json"}, {}),
    ],
)
def test_what_is_not_plain_goes_the_usual_way(client, ways, query, headers):
    key = bearer(make_key().secret)
    client.get(ADDRESS, **key)
    client.get(ADDRESS, query, headers=headers, **key)
    assert len(ways) == 2
    client.post(ADDRESS, **key)
    client.head(ADDRESS, **key)
    assert len(ways) == 4
    client.get(ADDRESS, **key)  # the control
    assert len(ways) == 4


def test_the_limit_counts_each_request_once_whichever_way_it_went(client, ways, monkeypatch):
    minute = SimpleNamespace(time=lambda: 1_000_000.0)  # else it may turn over between two requests
    monkeypatch.setattr("access.api.quick.time", minute)
    monkeypatch.setattr("access.api.throttling.time", minute)
    key = bearer(make_key(rate_per_minute=4).secret)
    said = [client.get(ADDRESS, **key).status_code for _ in range(3)]
    said.append(client.get(ADDRESS, {"limit": "0"}, **key).status_code)
    said.append(client.get(ADDRESS, **key).status_code)
    assert said == [200, 200, 200, 400, 429]


def test_a_key_that_ended_opens_nothing(client, ways):
    key = make_key()
    assert client.get(ADDRESS, **bearer(key.secret)).status_code == 200
    assert client.get(ADDRESS, **bearer(key.secret)).status_code == 200
    revoke_key(key.key)
    assert client.get(ADDRESS, **bearer(key.secret)).status_code == 401
    other = make_key()
    client.get(ADDRESS, **bearer(other.secret))
    ApiKey.objects.filter(pk=other.key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    forget_keys()
    assert client.get(ADDRESS, **bearer(other.secret)).status_code == 401
    assert client.get(ADDRESS, headers={"authorization": "Bearer bk_é"}).status_code == 401
    assert client.get(ADDRESS).status_code == 401
