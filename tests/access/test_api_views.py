"""The base views: who may, how much, how often, and what an error looks like."""

import json
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from access.api.problems import Problem
from access.api.throttling import count_request
from access.api.views import MerchantView, StorefrontView
from access.models import IdempotentAnswer
from tests.factories_access import bearer, make_key, make_staff

pytestmark = pytest.mark.django_db


class Line(serializers.Serializer):
    sku = serializers.CharField()


class Basket(serializers.Serializer):
    lines = Line(many=True)


class Probe(StorefrontView):
    effects = 0
    needs_idempotency_key = ("POST",)

    def get(self, request):
        return Response({"ok": True})

    def post(self, request):
        basket = Basket(data=request.data)
        basket.is_valid(raise_exception=True)
        skus = [line["sku"] for line in basket.validated_data["lines"]]
        if "sold-out" in skus:
            raise Problem("conflict", "Sold out.")
        if "broken" in skus:
            raise RuntimeError("broken")
        type(self).effects += 1
        return Response({"z": type(self).effects, "a": skus}, status=201)


class Keys(MerchantView):
    needs = {"GET": "access.view_apikey"}

    def get(self, request):
        return Response({"ok": True})

    def post(self, request):
        raise AssertionError("a method without a named permission is never reached")


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()
    Probe.effects = 0


@pytest.fixture
def secret():
    return make_key().secret


def call(method, body=None, *, view=Probe, raw=None, **headers):
    content = raw if raw is not None else json.dumps(body if body is not None else {})
    kind = headers.pop("content_type", "application/json")
    request = APIRequestFactory().generic(method, "/probe/", content, content_type=kind, **headers)
    response = view.as_view()(request)
    return response.render() if hasattr(response, "render") else response


def problem_of(response, status, code):
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert problem["type"] == f"/problems/{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["what_to_do"]
    return problem


def post(secret, skus, key="k1", **headers):
    body = {"lines": [{"sku": sku} for sku in skus]}
    return call("POST", body, **bearer(secret), HTTP_IDEMPOTENCY_KEY=key, **headers)


def test_both_headers_open_the_door(secret):
    assert call("GET", **bearer(secret)).status_code == 200
    assert call("GET", HTTP_X_API_KEY=secret).status_code == 200


def test_401_says_how_to_send_a_key():
    response = call("GET")
    assert "Authorization" in problem_of(response, 401, "not-authenticated")["what_to_do"]
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_401_for_a_wrong_key():
    problem_of(call("GET", **bearer("bk_wrong")), 401, "authentication-failed")


def test_400_names_the_field_and_the_line(secret):
    response = call(
        "POST",
        {"lines": [{"sku": "a"}, {}]},
        **bearer(secret),
        HTTP_IDEMPOTENCY_KEY="k",
    )
    problem = problem_of(response, 400, "invalid")
    assert problem["errors"] == [
        {"field": "lines.1.sku", "message": "This field is required.", "code": "required"}
    ]


@pytest.mark.parametrize("raw", ["{", "", '{"a": NaN}', "[" * 100_000, b"\xff\xfe"])
def test_400_for_what_is_not_json(secret, raw):
    response = call("POST", raw=raw, **bearer(secret), HTTP_IDEMPOTENCY_KEY="k")
    code = "invalid" if raw == "" else "malformed"  # an empty body is an empty document
    problem_of(response, 400, code)


def test_404_405_413_415(secret, client):
    problem_of(client.get("/api/storefront/v1/nowhere/"), 404, "not-found")
    refused = call("DELETE", **bearer(secret))
    problem_of(refused, 405, "method-not-allowed")
    assert "GET" in refused["Allow"]
    large = call("POST", raw="x" * (Probe.max_body_bytes + 1), **bearer(secret))
    problem_of(large, 413, "body-too-large")
    form = call(
        "POST", raw="a=1", content_type="text/plain", **bearer(secret), HTTP_IDEMPOTENCY_KEY="k"
    )
    problem_of(form, 415, "unsupported-media-type")


def test_429_with_the_seconds_to_wait(monkeypatch):
    minute = SimpleNamespace(time=lambda: 1_000_000.0)  # else it may turn over between two of them
    monkeypatch.setattr("access.api.throttling.time", minute)
    secret = make_key(rate_per_minute=2).secret
    answers = [call("GET", **bearer(secret)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429]
    problem_of(answers[2], 429, "throttled")
    assert answers[2]["Retry-After"] == "20"  # the minute began 40 seconds before


def test_requests_are_counted_one_by_one_and_by_the_minute():
    assert [count_request("a", 120.0), count_request("a", 179.9)] == [1, 2]
    assert count_request("a", 180.0) == 1
    assert count_request("b", 120.0) == 1


def test_a_write_needs_an_idempotency_key(secret):
    response = call("POST", {"lines": []}, **bearer(secret))
    problem = problem_of(response, 400, "idempotency-key-missing")
    assert problem["errors"][0]["field"] == "Idempotency-Key"


def test_the_same_key_and_body_get_the_same_bytes_and_one_effect(secret):
    first, second = post(secret, ["b", "a"]), post(secret, ["b", "a"])
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"]
    assert second["Idempotency-Replayed"] == "true"
    assert Probe.effects == 1


def test_the_same_key_and_another_body_is_refused(secret):
    post(secret, ["a"])
    problem_of(post(secret, ["b"]), 409, "idempotency-key-reused")
    assert Probe.effects == 1


def test_another_caller_may_use_the_same_key(secret):
    post(secret, ["a"])
    assert post(make_key().secret, ["b"]).status_code == 201


def test_a_refusal_is_replayed_too(secret):
    first, second = post(secret, ["sold-out"]), post(secret, ["sold-out"])
    problem_of(first, 409, "conflict")
    assert second.content == first.content
    problem_of(second, 409, "conflict")


def test_a_mistake_frees_the_key(secret):
    call("POST", {}, **bearer(secret), HTTP_IDEMPOTENCY_KEY="k1")
    assert not IdempotentAnswer.objects.exists()
    assert post(secret, ["a"]).status_code == 201


def test_a_crash_frees_the_key(secret):
    with pytest.raises(RuntimeError):
        post(secret, ["broken"])
    assert not IdempotentAnswer.objects.exists()


def test_a_duplicate_waits_while_the_first_is_worked_on(secret):
    post(secret, ["a"])
    IdempotentAnswer.objects.update(status=None)
    response = post(secret, ["a"])
    problem_of(response, 409, "still-working")
    assert response["Retry-After"] == "1"
    assert Probe.effects == 1


def test_a_dead_worker_frees_the_key_after_a_minute(secret):
    post(secret, ["a"])
    IdempotentAnswer.objects.update(status=None, created_at="2026-01-01T00:00:00Z")
    assert post(secret, ["a"]).status_code == 201
    assert Probe.effects == 2


def test_a_storefront_key_is_not_staff_and_the_other_way_round(secret):
    problem_of(call("GET", view=Keys, **bearer(secret)), 403, "permission-denied")
    staff_key = make_key(user=make_staff("access.view_apikey")).secret
    assert call("GET", view=Keys, **bearer(staff_key)).status_code == 200
    problem_of(call("GET", **bearer(staff_key)), 403, "permission-denied")


def test_a_role_without_the_permission_is_refused():
    key = make_key(user=make_staff("access.change_apikey")).secret
    problem_of(call("GET", view=Keys, **bearer(key)), 403, "permission-denied")


def test_a_method_that_names_no_permission_is_closed_to_everybody():
    key = make_key(user=make_staff(is_superuser=True)).secret
    problem_of(call("POST", view=Keys, **bearer(key)), 403, "permission-denied")


def test_staff_with_a_session_may_read():
    request = APIRequestFactory().get("/keys/")
    force_authenticate(request, make_staff("access.view_apikey"))
    assert Keys.as_view()(request).status_code == 200
