"""Storefront requests go past sessions, forms and files, and answer as they did before."""

import pytest
from django.test import Client

from access.services.keys import issue_key

pytestmark = pytest.mark.django_db
ASKED = "/api/storefront/v1/recommendations/"


def ask(path=ASKED, **headers):
    secret = issue_key("shop", rate_per_minute=1000).secret
    return Client().get(path, headers={"Authorization": f"Bearer {secret}"} | headers)


def test_an_answer_has_its_length_language_and_no_frame_and_no_cookie():
    answer = ask(**{"Accept-Language": "zh-hans"})
    assert answer.status_code == 200
    assert int(answer["Content-Length"]) == len(answer.content)
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Language"] == "zh-hans"
    assert not answer.cookies


def test_no_key_and_a_wrong_address_are_told_as_json():
    nobody, lost = Client().get(ASKED), ask("/api/storefront/v1/nothing/")
    assert (nobody.status_code, lost.status_code) == (401, 404)
    assert nobody["Content-Type"].startswith("application/problem+json")
    assert lost["Content-Type"].startswith("application/problem+json")


def test_an_unknown_host_is_refused():
    assert ask(Host="elsewhere.example").status_code == 400


def test_an_address_is_looked_up_once_and_only_where_nothing_in_it_varies():
    ask()
    first = ask()
    assert first.resolver_match.route == "api/storefront/v1/recommendations/"
    assert ask("/api/storefront/v1/products/A/").resolver_match.kwargs != (
        ask("/api/storefront/v1/products/B/").resolver_match.kwargs
    )
