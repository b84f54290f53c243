"""A definition is read, or its first fault is named with its place."""

from copy import deepcopy

import pytest

from marketing.definitions.journey_library import READY_MADE
from marketing.definitions.journey_plan import PlanError, read_plan, wait_of
from marketing.services.journeys.journeys import JourneyError, checked_plan

TEXTS = {"en": {"subject": "Hello", "body": "{greeting}"}}
SEND = {"id": "hello", "send": "email", "texts": TEXTS}


def journey(*steps, **fields):
    return {"trigger": {"on": "joined"}, "steps": list(steps) or [SEND]} | fields


def run(plan, answers: dict[str, bool]) -> list[str]:
    """The steps that a customer takes, with these answers at the branches."""
    seen, position = [], 0
    while position < len(plan.program):
        step = plan.program[position]
        if step.kind == "goto":
            position = step.jump
            continue
        seen.append(step.step)
        no = step.kind == "when" and not answers[step.step]
        position = step.jump if no else position + 1
    return seen


def send(name: str) -> dict:
    return SEND | {"id": name}


BRANCHED = journey(
    send("first"),
    {
        "id": "read", "when": {"opened": "first"},
        "then": [send("yes"), {"id": "bought", "when": {"ordered": True}, "then": [send("thanks")]}],
        "otherwise": [send("no")],
    },
    send("last"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "way"),
    [
        ({"read": True, "bought": True}, ["first", "read", "yes", "bought", "thanks", "last"]),
        ({"read": True, "bought": False}, ["first", "read", "yes", "bought", "last"]),
        ({"read": False}, ["first", "read", "no", "last"]),
    ],
)
def test_branches_meet_again(answers, way):
    assert run(read_plan(BRANCHED), answers) == way


def test_numbers_have_defaults_and_waits_add_up():
    plan = read_plan(
        journey({"id": "w", "wait": {"days": 1, "hours": 2}}, SEND, trigger={"on": "cart_left"})
    )
    assert plan.options == {"minutes": 60}
    assert wait_of(plan.step("w")).total_seconds() == 26 * 3600


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d.update(trigger={"on": "moonrise"}), "trigger.on: One of: cart_left"),
        (lambda d: d.update(trigger={"on": "joined", "days": 1}), "trigger: “days” is unknown"),
        (lambda d: d.update(trigger={"on": "silent", "days": 1}), "trigger.days: A whole number from 7"),
        (lambda d: d.update(trigger={"on": "silent", "days": True}), "trigger.days"),
        (lambda d: d.update(exits=["bored"]), "exits: A list of"),
        (lambda d: d.update(exits=["ordered_it"]), "exits: “ordered_it” needs"),
        (lambda d: d.update(steps={}), "steps: A list of steps"),
        (lambda d: d.update(steps=[{"id": "w", "wait": {"days": 1}}]), "steps: There is no message"),
        (lambda d: d["steps"].append(deepcopy(SEND)), "steps[2].id: “hello” is there twice"),
        (lambda d: d["steps"][0].pop("id"), "steps[1].id: A name"),
        (lambda d: d["steps"][0].update(send="fax"), "steps[1].send: Channels are"),
        (lambda d: d["steps"][0].update(wait={"days": 1}), "steps[1]: A step has exactly one"),
        (lambda d: d["steps"][0].update(texts={}), "steps[1].texts: A text in one language"),
        (lambda d: d["steps"][0].update(texts={"fr": {}}), "steps[1].texts: “fr” is unknown"),
        (lambda d: d["steps"][0]["texts"]["en"].pop("body"), "steps[1].texts.en: “body” is missing"),
        (lambda d: d["steps"][0]["texts"]["en"].update(subject=" "), "A subject and a text are needed"),
        (lambda d: d["steps"].append({"id": "w", "wait": {"days": 0}}), "steps[2].wait: Longer than"),
        (lambda d: d["steps"].append({"id": "w", "wait": {"weeks": 1}}), "“weeks” is unknown"),
        (lambda d: d["steps"].append({"id": "b", "when": {"opened": "x"}, "then": []}), "“x” is no message"),
        (lambda d: d["steps"].append({"id": "b", "when": {}, "then": []}), "One condition"),
        (lambda d: d["steps"].append({"id": "b", "when": {"ordered": "yes"}, "then": []}), "true or false"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(change, problem):
    definition = deepcopy(journey())
    change(definition)
    with pytest.raises(PlanError) as found:
        read_plan(definition)
    assert problem in str(found.value)


@pytest.mark.parametrize("found", [None, [], "joined", 7, {"trigger": {}}, {"steps": []}])
def test_anything_else_is_refused_too(found):
    with pytest.raises(PlanError):
        read_plan(found)


def test_branches_nest_four_deep_at_most():
    step = deepcopy(SEND)
    for depth in range(5):
        step = {"id": f"b{depth}", "when": {"ordered": True}, "then": [step]}
    with pytest.raises(PlanError, match="four deep"):
        read_plan(journey(step))


@pytest.mark.django_db
@pytest.mark.parametrize("one", READY_MADE, ids=lambda one: one.code)
def test_every_ready_made_journey_is_proven(one):
    plan = checked_plan(one.definition)
    for step in plan.sends:
        assert all({*texts} == {"en", "zh"} for texts in step.data["copies"].values())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", ["Half price today!", "{product} is 20 % off", "Only 3 left", "{price} instead of £9"]
)
def test_a_text_that_no_slot_can_prove_is_refused(body):
    texts = {"en": {"subject": "Hello", "body": body}}
    with pytest.raises(JourneyError, match="hello, en"):
        checked_plan(journey(SEND | {"texts": texts}, trigger={"on": "cart_left"}))


@pytest.mark.django_db
def test_a_journey_that_is_not_about_products_has_no_price():
    texts = {"en": {"subject": "Hello", "body": "{product} for {price}"}}
    with pytest.raises(JourneyError, match="No fact fills this slot"):
        checked_plan(journey(SEND | {"texts": texts}))
