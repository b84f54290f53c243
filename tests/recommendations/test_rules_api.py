"""Rules over the API: the editor's checks, once per key, by role."""

import pytest

from recommendations.models import Rule
from shop.models import Brand
from tests.factories import make_stock, make_variant
from tests.factories_access import make_staff

pytestmark = pytest.mark.django_db
API = "/api/merchant/v1/recommendations/rules/"
MAY = [f"recommendations.{verb}_rule" for verb in ("view", "add", "change", "delete")]


@pytest.fixture
def staff(client):
    client.force_login(make_staff(*MAY, username="mia"))
    make_stock(make_variant("TEA-1", brand="acme"), 5)
    return client


def send(client, verb, address, body=None, key="k-1"):
    call = getattr(client, verb)
    return call(address, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY=key)


def test_a_rule_is_made_once_read_changed_and_forgotten(staff):
    body = {"name": "Tea first", "action": "pin", "position": 1, "skus": ["TEA-1"],
            "placement": "home"}  # fmt: skip
    made = send(staff, "post", API, body)
    again = send(staff, "post", API, body)
    assert (made.status_code, again.content) == (201, made.content)
    rule = Rule.objects.get()
    assert made.json()["sentence"] == "Home page: pin to place 1 SKU TEA-1."
    assert (made.json()["author"], made.json()["conflicts"]) == ("mia", [])
    address = f"{API}{rule.pk}/"
    changed = send(staff, "patch", address, {"brand": "acme", "placement": None}, "k-2").json()
    assert (changed["brand"], changed["placement"], changed["position"]) == ("acme", None, 1)
    assert staff.get(address).json()["brand"] == "acme"
    assert [row["id"] for row in staff.get(API).json()["results"]] == [rule.pk]
    assert staff.get(API, {"placement": "cart"}).json()["results"] == []
    assert send(staff, "delete", address, key="k-3").status_code == 204
    assert send(staff, "delete", address, key="k-3").status_code == 204  # the same answer again
    assert staff.get(address).status_code == 404


def test_what_cannot_be_names_its_field(staff):
    for body, field in (
        ({"name": "x", "action": "pin", "skus": ["TEA-1"]}, "position"),
        ({"name": "x", "action": "never"}, "skus"),
        ({"name": "x", "action": "never", "brand": "none"}, "brand"),
        ({"name": "x", "action": "wish", "skus": ["TEA-1"]}, "action"),
    ):
        answer = send(staff, "post", API, body, key=field)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Rule.objects.exists()
    assert staff.post(API, {}, content_type="application/json").status_code == 400


def test_conflicts_come_with_the_answer(staff):
    never = Rule.objects.create(name="no acme", action="never", brand=Brand.objects.get())
    body = {"name": "pin", "action": "pin", "position": 1, "skus": ["TEA-1"]}
    (found,) = send(staff, "post", API, body).json()["conflicts"]
    assert (found["stops_it"], found["other"]) == (True, never.pk)


def test_each_verb_needs_its_permission(client):
    rule = Rule.objects.create(name="r", action="never", price_from_minor=1)
    client.force_login(make_staff("recommendations.view_rule"))
    assert client.get(API).status_code == 200
    assert send(client, "post", API, {"name": "x", "action": "never"}).status_code == 403
    assert send(client, "patch", f"{API}{rule.pk}/", {"name": "x"}).status_code == 403
    assert send(client, "delete", f"{API}{rule.pk}/").status_code == 403


def test_the_list_is_flat(staff, django_assert_max_num_queries):
    for number in range(20):
        Rule.objects.create(
            name=f"r{number}", action="never", brand=Brand.objects.get(), price_from_minor=1
        )
    staff.get(API)
    with django_assert_max_num_queries(8):
        assert len(staff.get(API).json()["results"]) == 20
