"""The journey's page and API: read, change, go live, pause, stop, by role."""

import json

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from marketing.models import Journey
from marketing.services.journeys import journeys

pytestmark = pytest.mark.django_db


@pytest.fixture
def cart() -> Journey:
    journeys.ensure_ready_made()
    return Journey.objects.get(code="cart-left")


def do(client, journey, verb, **data):
    address = reverse("admin:marketing_journey_do", args=[journey.pk])
    return client.post(address, {"verb": verb, **data}, follow=True)


def test_a_journey_is_read_as_sentences_and_goes_live(admin_client, cart):
    page = admin_client.get(
        reverse("admin:marketing_journey_page", args=[cart.pk])
    ).content.decode()
    assert "A cart is left alone for 60 minutes" in page
    assert "Did she follow the link in “reminder”?" in page
    assert "Wait 1 day" in page
    assert "is live" in do(admin_client, cart, "go_live", version=1).content.decode()
    assert "Paused" in do(admin_client, cart, "pause").content.decode()
    assert "It goes on" in do(admin_client, cart, "resume").content.decode()
    assert "0 customers left" in do(admin_client, cart, "stop").content.decode()


def test_a_refused_definition_stays_in_the_field_and_nothing_is_saved(admin_client, cart):
    broken = do(admin_client, cart, "save", definition='{"trigger": ')
    assert "Line 1, column 13" in broken.content.decode()
    wrong = do(
        admin_client, cart, "save", definition='{"trigger": {"on": "moonrise"}, "steps": []}'
    )
    assert "trigger.on: One of: cart_left" in wrong.content.decode()
    assert "moonrise" in wrong.content.decode()
    assert wrong.status_code == 400
    assert cart.versions.count() == 1


def test_a_change_is_a_new_version_and_not_live(admin_client, cart):
    definition = cart.versions.get().definition | {"exits": []}
    do(admin_client, cart, "save", definition=json.dumps(definition))
    assert [one.number for one in cart.versions.all()] == [2, 1]
    assert Journey.objects.get(pk=cart.pk).live_version is None


def test_who_may_only_look_changes_nothing(client, cart):
    user = User.objects.create_user("ann", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name="analyst")[0])
    client.force_login(user)
    assert (
        client.post(
            reverse("admin:marketing_journey_do", args=[cart.pk]), {"verb": "stop"}
        ).status_code
        == 403
    )


def test_the_api_writes_a_version_once_and_moves_the_state(admin_client, cart):
    base = f"/api/merchant/v1/journeys/{cart.code}/"
    definition = cart.versions.get().definition | {"exits": []}
    for _time in range(2):
        made = admin_client.post(
            base + "versions/",
            {"definition": definition},
            content_type="application/json",
            headers={"Idempotency-Key": "v2"},
        )
        assert (made.status_code, made.json()["number"]) == (201, 2)
    live = admin_client.post(
        base + "steps/",
        {"to": "live", "version": 2},
        content_type="application/json",
        headers={"Idempotency-Key": "live"},
    )
    assert (live.json()["state"], live.json()["live_version"]) == ("live", 2)
    wrong = admin_client.post(
        base + "versions/",
        {"definition": {"steps": []}},
        content_type="application/json",
        headers={"Idempotency-Key": "wrong"},
    )
    assert wrong.status_code in (400, 409)
    assert "trigger" in wrong.json()["detail"]
    listed = admin_client.get("/api/merchant/v1/journeys/").json()["results"]
    assert {row["code"] for row in listed} == set(Journey.objects.values_list("code", flat=True))
