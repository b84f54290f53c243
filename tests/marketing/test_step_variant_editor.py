"""Variants of a step in the editor: added, taken out, and kept by a form."""

from datetime import timedelta

import pytest
from django.urls import reverse

from marketing.admin.journey_step_forms import content_from, step_form
from marketing.definitions import journey_edits as edits
from marketing.definitions.journey_plan import read_plan
from tests.factories_access import make_staff
from tests.factories_journey_steps import cart_journey, varied
from tests.marketing.test_journeys import (
    send,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.MARKETING_CAP_MESSAGES = 5
    settings.MARKETING_SEND_COST_MINOR = 3


def test_variants_are_added_and_taken_out_step_by_step():
    plan = {"trigger": {"on": "cart_left"}, "exits": [], "steps": [send()]}
    two = edits.add_variant(plan, "reminder")
    step = two["steps"][0]
    assert {k: v["share"] for k, v in step["variants"].items()} == {"A": 0.5, "B": 0.5}
    assert "texts" not in step
    three = edits.add_variant(two, "reminder")
    assert [one["share"] for one in three["steps"][0]["variants"].values()] == [
        0.3333, 0.3333, 0.3334,
    ]  # fmt: skip
    read_plan(three)
    four = edits.add_variant(three, "reminder")
    with pytest.raises(edits.EditError, match="four"):
        edits.add_variant(four, "reminder")
    left = edits.drop_variant(three, "reminder", "A")
    assert {*left["steps"][0]["variants"]} == {"B", "C"}
    assert edits.drop_variant(left, "reminder", "A") == left  # gone already
    assert edits.drop_variant(two, "reminder", "B") == plan


def test_a_form_keeps_every_variant_and_every_share():
    step = varied({"A": 0.25, "B": 0.75})
    typed = {"id": "reminder", "channel": "email", "held_out": "10"}
    for copy in step_form_copies(step):
        typed[f"share-{copy['name']}"] = copy["share"]
        for one in copy["texts"]:
            typed[f"subject-{copy['prefix']}{one['language']}"] = one["subject"]
            typed[f"body-{copy['prefix']}{one['language']}"] = one["body"]
    assert content_from(step, typed) == step | {"holdout_rate": 0.1}


@pytest.mark.django_db
def test_the_editor_page_adds_a_variant(client):
    journey = cart_journey(send())
    client.force_login(make_staff(is_superuser=True))
    do = reverse("admin:marketing_journey_edit_do", args=[journey.pk])
    client.post(do, {"op": "add_variant", "step": "reminder", "revision": 0})
    client.post(
        do, {"op": "add_variant", "step": "reminder", "revision": 0}
    )  # an old page: refused
    journey.refresh_from_db()
    assert {*journey.draft["steps"][0]["variants"]} == {"A", "B"}
    address = reverse("admin:marketing_journey_edit", args=[journey.pk])
    page = client.get(address, {"step": "reminder"}).content.decode()
    assert 'name="share-B" value="50"' in page
    client.post(do, {"op": "drop_variant", "step": "reminder", "variant": "A", "revision": 1})
    journey.refresh_from_db()
    assert "texts" in journey.draft["steps"][0]


def step_form_copies(step: dict) -> list[dict]:
    from marketing.admin.journey_step_forms import _copy_form

    return [_copy_form(step, name, one["texts"]) for name, one in step["variants"].items()]


@pytest.mark.django_db
def test_the_form_of_a_step_with_variants_has_each_of_them():
    form = step_form({"steps": []}, varied())
    assert [copy["name"] for copy in form["copies"]] == ["A", "B"]
    assert form["may_add"]
