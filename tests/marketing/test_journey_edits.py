"""A journey is changed step by step: by pure edits, in a draft, by a form that needs no script."""

from datetime import timedelta

import pytest
from django.urls import reverse

from marketing.definitions import journey_edits as edits
from marketing.definitions.journey_edits import EditError
from marketing.definitions.journey_plan import read_plan, step_at, walk
from marketing.models import Journey, Segment
from marketing.pages.journeys import step_counts
from marketing.services.journeys import journey_drafts, journeys, walking
from marketing.services.journeys.journeys import JourneyError, checked_plan
from tests.factories_access import make_staff
from tests.factories_marketing import make_reachable
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware
from tests.marketing.test_journeys import send as message

TEXTS = {"en": {"subject": "Hello", "body": "{greeting}"}}


def send(name):
    return {"id": name, "send": "email", "texts": TEXTS}


def plan(*steps):
    return {"trigger": {"on": "joined"}, "exits": [], "steps": list(steps)}


BRANCHED = plan(
    send("one"),
    {"id": "read", "when": {"opened": "one"}, "then": [send("a"), send("b")], "otherwise": []},
    send("last"),
)


def order(definition) -> list[str]:
    return [f"{'-' * depth}{step['id']}" for depth, _way, step in walk(definition["steps"])]


def test_steps_are_added_behind_in_front_and_into_a_way():
    found, name = edits.add_step(BRANCHED, "wait", after="one")
    assert (name, order(found)) == ("wait", ["one", "wait", "read", "-a", "-b", "last"])
    found, name = edits.add_step(found, "wait", into="read:otherwise")
    assert (name, order(found)[-2:]) == ("wait-2", ["-wait-2", "last"])
    found, name = edits.add_step(found, "send")
    assert order(found)[0] == name == "message"
    assert order(BRANCHED) == ["one", "read", "-a", "-b", "last"]  # nothing was changed in place
    for wrong in ({"after": "gone"}, {"into": "one:then"}, {"into": "read:sideways"}):
        with pytest.raises(EditError):
            edits.add_step(BRANCHED, "wait", **wrong)


def test_steps_move_among_their_neighbours_and_out_of_a_branch():
    assert order(edits.move_step(BRANCHED, "b", -1)) == ["one", "read", "-b", "-a", "last"]
    assert order(edits.move_step(BRANCHED, "a", -1)) == ["one", "a", "read", "-b", "last"]
    assert order(edits.move_step(BRANCHED, "b", 1)) == ["one", "read", "-a", "b", "last"]
    assert order(edits.move_step(BRANCHED, "read", 1)) == ["one", "last", "read", "-a", "-b"]
    assert edits.move_step(BRANCHED, "last", 1) == edits.move_step(BRANCHED, "one", -1) == BRANCHED


def test_a_branch_is_deleted_with_its_ways_and_a_new_name_is_followed():
    assert order(edits.delete_step(BRANCHED, "read")) == ["one", "last"]
    renamed = edits.set_step(BRANCHED, "one", send("hello"))
    assert renamed["steps"][1]["when"] == {"opened": "hello"}
    changed = edits.set_step(BRANCHED, "read", {"id": "read", "when": {"ordered": True}})
    assert order(changed) == order(BRANCHED)  # its ways stay


def test_what_is_wrong_is_said_at_its_step():
    def problem(definition):
        found = edits.problem_of(definition, journeys_check)
        return found and (found["step"], found["text"])

    def journeys_check(definition):
        return read_plan(definition)

    assert problem(BRANCHED) is None
    blank, _name = edits.add_step(BRANCHED, "send", into="read:otherwise")
    assert problem(blank) == ("message", "A subject and a text are needed.")
    gone = edits.delete_step(BRANCHED, "one")
    assert problem(gone) == ("read", "“one” is no message of this journey.")
    late = edits.set_start(BRANCHED, {"on": "silent", "days": 1}, [])
    assert problem(late) == ("start", "A whole number from 7 to 1095.")
    assert step_at(BRANCHED, "steps[2].then[2].texts.en") == "b"
    assert step_at(BRANCHED, "steps[9].then[2]") == ""


def test_a_trigger_keeps_what_its_form_does_not_show():
    before = {"on": "silent", "days": 90, "segment": "loyal"}
    assert edits.trigger_from("silent", {"days": "30"}, before) == {
        "on": "silent", "days": 30, "segment": "loyal",
    }  # fmt: skip
    assert edits.trigger_from("joined", {"days": "30"}, before) == {"on": "joined"}
    assert edits.trigger_from("silent", {"days": "soon"}, {})["days"] == "soon"
    entered = {"on": "segment_entered", "segment": "quiet"}
    assert edits.trigger_from("segment_entered", {"segment": "quiet"}, {}) == entered
    assert edits.trigger_from("segment_entered", {"segment": ""}, entered) == entered


@pytest.mark.django_db
def test_whoever_comes_to_an_end_has_finished():
    [ana] = make_reachable(1)
    journey = make_journey(
        {"on": "cart_left"},
        {"id": "buyer", "when": {"ordered": False}, "then": [{"id": "stop", "end": True}]},
        message("never"),
    )
    event(ana, make_ware())
    walking.walk(NOON + timedelta(hours=1))
    enrolment = journey.enrolments.get()
    assert enrolment.state == "finished"
    assert set(enrolment.visits.values_list("step", flat=True)) == {"buyer", "stop"}
    assert not enrolment.sends.exists()


@pytest.mark.django_db
def test_each_step_counts_who_entered_waits_was_sent_to_and_left(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    ana, ben, cleo, dan = make_reachable(4)
    dan.email = ""
    dan.save()
    kettle = make_ware()
    journey = make_journey(
        {"on": "cart_left"}, message("first"), {"id": "w", "wait": {"days": 1}}, message("second")
    )
    for one in (ana, ben, cleo, dan):
        event(one, kettle)
    walking.walk(NOON + timedelta(hours=1))
    walking.walk(NOON + timedelta(hours=1, minutes=2))
    first, wait = (step_counts(journey)[name] for name in ("first", "w"))
    assert (first["entered"], first["sent"], first["skipped"]) == (4, 3, {"no address": 1})
    assert (wait["entered"], wait["waiting"], wait["left"]) == (4, 4, {})
    journeys.stop(journey)
    wait = step_counts(journey)["w"]
    assert (wait["waiting"], wait["left"]) == (0, {"the journey was stopped": 4})


@pytest.fixture
def cart(db) -> Journey:
    journeys.ensure_ready_made()
    return Journey.objects.get(code="cart-left")


@pytest.fixture
def editor(client, cart):
    client.force_login(make_staff("marketing.change_journey", "marketing.view_journey"))

    def press(op, **data):
        cart.refresh_from_db()
        data = {"revision": cart.draft_revision} | data
        address = reverse("admin:marketing_journey_edit_do", args=[cart.pk])
        answer = client.post(address, {"op": op, **data}, follow=True)
        cart.refresh_from_db()
        return answer.content.decode()

    return press


def test_a_step_is_added_filled_in_and_saved_as_a_version(cart, editor):
    page = editor("add", kind="send", after="wait")
    assert "A subject and a text are needed." in page
    assert "disabled" in page  # nothing to save yet
    with pytest.raises(JourneyError):
        journey_drafts.save_draft(cart, revision=cart.draft_revision)
    page = editor("set", step="message", id="hello", channel="email",
                  **{"subject-en": "About {product}", "body-en": "{greeting} {product} {link}"})  # fmt: skip
    assert "A subject and a text are needed." not in page
    assert cart.versions.count() == 1
    assert "Version 2 is saved" in editor("save")
    assert cart.draft is None
    saved = cart.versions.first()
    assert [step["id"] for step in saved.definition["steps"]] == [
        "reminder",
        "wait",
        "hello",
        "looked",
    ]
    assert cart.live_version is None


def test_a_false_statement_is_named_at_its_step(cart, editor):
    editor("add", kind="send", after="wait")
    page = editor("set", step="message", id="hello", channel="email",
                  **{"subject-en": "Half price", "body-en": "{greeting}"})  # fmt: skip
    problem = edits.problem_of(cart.draft, checked_plan)
    assert problem["step"] == "hello"
    assert "Half price" in problem["text"]
    assert 'data-kind="send" data-wrong' in page


def test_waits_branches_and_the_start_have_forms(cart, editor):
    editor("set", step="wait", id="pause", days="", hours="36", minutes="")
    editor("set", step="looked", id="looked", word="in_segment", segment="nowhere", message="")
    assert cart.draft["steps"][1] == {"id": "pause", "wait": {"hours": 36}}
    problem = edits.problem_of(cart.draft, checked_plan)
    assert (problem["step"], problem["text"]) == ("looked", "There is no segment “nowhere”.")
    page = editor("set", step="pause", id="pause", days="soon", hours="", minutes="")
    assert "A whole number from 0" in page
    editor("start", on="product_viewed", views="3", minutes="60", exits=["ordered_it"])
    assert cart.draft["trigger"] == {"on": "product_viewed", "views": 3, "minutes": 60}
    assert cart.draft["exits"] == ["ordered_it"]


def test_the_start_of_a_segments_journey_offers_the_segments(cart, editor, client):
    Segment.objects.create(code="quiet", name="Quiet", rule={})
    editor("start", on="segment_entered", exits=[])
    page = client.get(
        reverse("admin:marketing_journey_edit", args=[cart.pk]), {"step": "start"}
    ).content.decode()
    assert '<option value="quiet"' in page
    editor("start", on="segment_entered", segment="gone", exits=[])
    problem = edits.problem_of(cart.draft, checked_plan)
    assert (problem["step"], problem["text"]) == ("start", "There is no segment “gone”.")
    editor("start", on="segment_entered", segment="quiet", exits=[])
    assert cart.draft["trigger"] == {"on": "segment_entered", "segment": "quiet"}


def test_two_editors_do_not_overwrite_each_other(cart, editor):
    editor("delete", step="wait")
    kept = cart.draft
    page = editor("delete", step="looked", revision=0)
    assert "Somebody else changed this draft" in page
    assert cart.draft == kept


def test_discarding_and_bringing_back_an_earlier_version(cart, editor):
    editor("delete", step="wait")
    editor("save")
    assert cart.versions.count() == 2
    editor("down", step="reminder")
    assert cart.draft is not None
    editor("discard")
    assert cart.draft is None
    editor("back", version=1)
    assert cart.draft == cart.versions.get(number=1).definition
    editor("save")
    assert [one.number for one in cart.versions.all()] == [3, 2, 1]
    assert cart.versions.first().definition == cart.versions.get(number=1).definition
    assert "There is no version 9" in editor("back", version=9)


def test_who_may_only_look_edits_nothing(cart, client):
    client.force_login(make_staff("marketing.view_journey"))
    assert client.get(reverse("admin:marketing_journey_edit", args=[cart.pk])).status_code == 403
    do = reverse("admin:marketing_journey_edit_do", args=[cart.pk])
    assert client.post(do, {"op": "delete", "step": "wait", "revision": 0}).status_code == 403
    client.force_login(make_staff("marketing.change_journey"))
    assert client.post(do, {"op": "explode", "revision": 0}).status_code == 400
    assert client.post(do, {"op": "save", "revision": "x"}).status_code == 400


def test_every_form_opens_by_its_address(cart, client):
    client.force_login(make_staff("marketing.change_journey"))
    url = reverse("admin:marketing_journey_edit", args=[cart.pk])
    for step, field in (("start", 'name="on"'), ("wait", 'name="days"'), ("looked", 'name="word"'),
                        ("again", 'name="body-zh"')):  # fmt: skip
        assert field in client.get(f"{url}?step={step}").content.decode()
