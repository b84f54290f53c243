"""Programs make, change, delete and count segments; what the night rests on stays."""

import pytest

from marketing.models import Segment
from marketing.services.audiences.segments import ensure_builtin_segments
from tests.factories_access import make_key, make_staff
from tests.factories_marketing import make_campaign, make_reachable, make_segment

pytestmark = pytest.mark.django_db
HERE = "/api/merchant/v1/segments/"
TEA = {"all": [{"field": "bought_category", "op": "is", "value": "tea", "days": 30}]}


@pytest.fixture
def ask(client):
    secret = make_key(user=make_staff(is_superuser=True), rate_per_minute=10**6).secret
    numbers = iter(range(100))

    def asked(method, address, body=None):
        return client.generic(
            method, address, "" if body is None else __import__("json").dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": f"k{next(numbers)}"},
        )  # fmt: skip

    return asked


def test_made_of_text_or_rule_changed_and_deleted(ask):
    made = ask("POST", HERE, {"code": "tea", "name": "Tea", "text": "bought_category is tea within 30 days"})  # fmt: skip
    assert made.status_code == 201, made.content
    assert made.json()["rule"] == TEA
    assert ask("POST", HERE, {"code": "tea", "name": "Tea", "rule": TEA}).status_code == 201
    assert ask("POST", HERE, {"code": "tea", "name": "Other", "rule": {}}).status_code == 409
    changed = ask("PATCH", f"{HERE}tea/", {"name_zh": "茶", "is_tracked": True}).json()
    assert (changed["name"], changed["name_zh"], changed["rule"]) == ("Tea", "茶", TEA)
    assert ask("DELETE", f"{HERE}tea/").status_code == 204
    assert not Segment.objects.exists()


def test_what_is_wrong_is_named(ask):
    both = {"code": "x", "name": "X", "rule": {}, "text": ""}
    for body, field in (
        (both, "rule"),
        ({"code": "x", "name": "X"}, "rule"),
        ({"code": "x", "name": "X", "text": "tea"}, "text"),
        ({"code": "x", "name": "X", "rule": {"field": "age", "op": "is", "value": 3}}, "rule"),
    ):
        answer = ask("POST", HERE, body)
        assert answer.status_code == 400
        assert field in {one["field"] for one in answer.json()["errors"]}


def test_what_others_rest_on_stays(ask):
    ensure_builtin_segments()
    assert ask("PATCH", f"{HERE}loyal/", {"text": ""}).status_code == 409
    assert ask("PATCH", f"{HERE}loyal/", {"name": "Best"}).status_code == 200
    assert ask("DELETE", f"{HERE}loyal/").status_code == 409
    make_campaign(segment=make_segment(code="used"))
    assert ask("DELETE", f"{HERE}used/").status_code == 409
    assert Segment.objects.filter(code__in=["loyal", "used"]).count() == 2


def test_any_rule_is_counted_without_being_kept(ask):
    make_reachable(3, country="GB")
    found = ask("POST", "/api/merchant/v1/segment-counts/", {"text": "country is GB"}).json()
    assert found["customer_count"] == 3
    assert found["text"] == "country is GB"
    assert {one["channel"]: one["customers"] for one in found["reachable"]} == {
        "email": 3, "sms": 0, "push": 0,
    }  # fmt: skip
    assert found["sample"] == ["R-2", "R-1", "R-0"]
    assert not Segment.objects.exists()
