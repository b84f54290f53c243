"""Several texts of one step side by side: who is drawn for which, what leaves, and what came of each."""

from collections import Counter
from copy import deepcopy
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from decisions.services.bandits import LEAST_SHARE
from marketing.api.journeys import _detail, _move
from marketing.definitions import journey_sends
from marketing.definitions.journey_plan import Instruction, PlanError, read_plan
from marketing.models import (
    ClaimRecord,
    Enrolment,
    Journey,
    LedgerState,
    PulledStep,
    Send,
    SendState,
    SkipReason,
)
from marketing.services.campaigns import copy_arms
from marketing.services.content import evidence
from marketing.services.journeys import draws, journeys, walking
from marketing.services.journeys.journeys import JourneyError
from marketing.services.sending import hand_over
from shop.models import Customer, Event
from tests.factories import make_order
from tests.factories_journey_steps import (
    cart_journey,
    carts,
    drawn_arms,
    next_version,
    varied,
)
from tests.marketing.test_hand_over import KilledError, dies_at
from tests.marketing.test_journey_review import SENTENCE, proven, rule
from tests.marketing.test_journeys import (
    NOON,
    event,
    send,
    text,
)
from tests.marketing.test_step_holdout import people

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.MARKETING_CAP_MESSAGES = 5
    settings.MARKETING_SEND_COST_MINOR = 3


# --- the definition


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda s: s.update(texts=text()), "steps[1].variants"),
        (lambda s: s.update(variants={}), "steps[1].variants"),
        (lambda s: s["variants"].pop("B"), "steps[1].variants"),
        (lambda s: s["variants"].update(E=s["variants"]["B"]), "steps[1].variants"),
        (lambda s: s["variants"]["A"].update(share=0.6), "steps[1].variants"),
        (lambda s: s["variants"]["A"].update(share=0.01), "steps[1].variants.A.share"),
        (lambda s: s["variants"]["A"].update(share=float("nan")), "steps[1].variants.A.share"),
        (lambda s: s["variants"]["A"].update(share=True), "steps[1].variants.A.share"),
        (lambda s: s["variants"]["A"].pop("share"), "steps[1].variants.A"),
        (lambda s: s["variants"]["B"].update(texts={}), "steps[1].variants.B.texts"),
        (lambda s: s["variants"]["B"]["texts"].update(zh={"body": "x", "subject": "y"}), "steps[1].variants.A.texts"),
        (lambda s: s.pop("variants"), "steps[1]"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_named_with_its_place(change, place):
    step = deepcopy(varied())
    change(step)
    with pytest.raises(PlanError) as refusal:
        read_plan({"trigger": {"on": "joined"}, "steps": [step]})
    assert refusal.value.place == place


def test_names_and_least_share_are_those_of_a_campaign():
    assert tuple(copy_arms.NAMES) == journey_sends.NAMES
    assert journey_sends.LEAST_SHARE == LEAST_SHARE


@given(
    weights=st.lists(st.integers(5, 60), min_size=2, max_size=4),
    code=st.text(min_size=1, max_size=20),
    journey=st.integers(1, 10**9),
)
def test_everybody_is_drawn_for_one_and_always_for_the_same(weights, code, journey):
    shares = {name: w / sum(weights) for name, w in zip("ABCD", weights, strict=False)}
    step = Instruction("send", "reminder", {"shares": shares, "holdout_rate": 0.0, "gate": None})
    road = SimpleNamespace(journey_id=journey, customer=SimpleNamespace(code=code), context={})
    found = {draws.variant_of(road, step) for _again in range(3)}
    assert len(found) == 1
    assert found <= {*shares}


def test_variants_are_drawn_apart_from_the_holdout():
    """Of those held out as many would have been in A as of the others, and shares are kept."""
    step = Instruction("send", "r", {"shares": {"A": 0.3, "B": 0.7}, "holdout_rate": 0.5})
    roads = [
        SimpleNamespace(journey_id=7, customer=SimpleNamespace(code=f"C-{n}"), context={})
        for n in range(8000)
    ]
    both = Counter(
        (bool(draws.held_out(road, step).get("state")), draws.variant_of(road, step))
        for road in roads
    )
    for held in (True, False):
        size = both[held, "A"] + both[held, "B"]
        assert abs(both[held, "A"] / size - 0.3) < 0.035  # five standard errors


# --- what leaves


@pytest.mark.django_db
def test_each_gets_her_variant_and_row_and_log_say_with_what_chance():
    journey = cart_journey(varied({"A": 0.4, "B": 0.6}))
    kettle, crowd = carts(14)
    walking.walk(NOON + HOUR)
    walking.walk(NOON + 2 * HOUR)
    found = drawn_arms()
    assert {*found.values()} == {"A", "B"}
    assert len(found) == len(mail.outbox) == 14
    by_address = {c.email: c.pk for c in crowd}
    for letter in mail.outbox:
        assert letter.subject == f"{found[by_address[letter.to[0]]]}: Copper Kettle"
    chances = set(Send.objects.values_list("arm", "arm_propensity"))
    assert chances == {("A", 0.4), ("B", 0.6)}
    logged = Event.objects.filter(kind="send").values_list("properties", flat=True)
    assert {(one["variant"], one["propensity"]) for one in logged} == chances
    for one in crowd:  # a second cart finds her in the same variant
        make_order([(kettle, 1)], customer=one, at=NOON + 2 * HOUR)
        event(one, kettle, at=NOON + 9 * DAY)
    walking.walk(NOON + 9 * DAY + 2 * HOUR)
    assert Send.objects.filter(enrolment__journey=journey).count() == 28
    assert drawn_arms() == found


@pytest.mark.django_db
def test_a_single_text_is_no_variant():
    """The control beside the test above."""
    cart_journey(send())
    carts(5)
    walking.walk(NOON + HOUR)
    assert set(Send.objects.values_list("arm", "arm_propensity")) == {("", None)}
    assert not any("variant" in one.properties for one in Event.objects.filter(kind="send"))


def in_flight_when_killed(monkeypatch, place: str, call: int = 1) -> tuple[Journey, dict[int, str]]:
    """Six people, a worker that died at its `call`-th `place`, and a version without B that went live since."""
    journey = cart_journey(varied())
    carts(6)

    with monkeypatch.context() as patch:
        patch.setattr(hand_over, place, dies_at(call, getattr(hand_over, place)))
        with pytest.raises(KilledError):
            walking.walk(NOON + HOUR)
    before = drawn_arms()
    next_version(journey, varied({"A": 0.5, "C": 0.5}))
    walking.walk(NOON + HOUR + timedelta(minutes=11))
    walking.walk(NOON + HOUR + timedelta(minutes=12))
    return journey, before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "call", "letters", "state"),
    [
        ("_decide", 1, 6, "sent"), ("_drain", 1, 0, "unknown"), ("write", 1, 6, "sent"),
        ("write", 2, 6, "unknown"), ("log_sent", 1, 6, "sent"),
    ],
)  # fmt: skip
def test_a_worker_killed_at_any_line_sends_no_other_variant(
    monkeypatch, place, call, letters, state
):
    _journey, before = in_flight_when_killed(monkeypatch, place, call)
    assert {*before.values()} == {"A", "B"}
    assert drawn_arms() == before
    assert set(Send.objects.values_list("state", flat=True)) == {state}
    addresses = Counter(letter.to[0] for letter in mail.outbox)
    assert len(mail.outbox) == letters
    assert set(addresses.values()) <= {1}
    by_address = {c.email: c.pk for c in Customer.objects.all()}
    for letter in mail.outbox:
        assert letter.subject == f"{before[by_address[letter.to[0]]]}: Copper Kettle"


@pytest.mark.django_db
def test_control_drawn_anew_at_the_last_moment_others_would_get_another_variant(monkeypatch):
    """Negative control of the test above: by the version that is live at the retry, whoever was drawn
    for B would get C, and the same letters would be told apart from those that left."""

    def anew(send):
        step = read_plan(send.enrolment.journey.live_version.definition).step(send.step)
        return draws.variant_of(send.enrolment, step)

    monkeypatch.setattr(Send, "copy_name", property(anew))
    _journey, before = in_flight_when_killed(monkeypatch, "_decide")
    by_address = {c.email: c.pk for c in Customer.objects.all()}
    same = [one for one in mail.outbox if one.subject[0] == before[by_address[one.to[0]]]]
    assert len(same) < 6


@pytest.mark.django_db
def test_a_version_without_a_variant_leaves_runs_in_flight_on_their_road():
    """They wait before the message when it goes live, and are drawn by their own version's shares."""
    wait = {"id": "w", "wait": {"hours": 5}}
    journey = cart_journey(wait, varied())
    kettle, _crowd = carts(10)
    walking.walk(NOON + HOUR)
    next_version(journey, wait, varied({"A": 0.5, "C": 0.5}))
    for one in people(10, prefix="L"):
        event(one, kettle, at=NOON + HOUR)
    walking.walk(NOON + 2 * HOUR)
    walking.walk(NOON + 12 * HOUR)
    found = Counter(Send.objects.values_list("enrolment__version__number", "arm"))
    assert {arm for number, arm in found if number == 1} == {"A", "B"}
    assert {arm for number, arm in found if number == 2} == {"A", "C"}
    assert set(Send.objects.values_list("state", flat=True)) == {"sent"}
    assert Counter(one.subject[0] for one in mail.outbox) == Counter(
        Send.objects.values_list("arm", flat=True)
    )


# --- review


@pytest.mark.django_db
def test_every_variant_passes_the_claim_guard():
    bad = varied(B=text(body="Half price today! {link}"))
    with pytest.raises(JourneyError, match="reminder, B, en") as refusal:
        cart_journey(bad)
    assert refusal.value.step == "reminder"
    cart_journey(varied())  # the control: the same step without that sentence


@pytest.mark.django_db
def test_every_variant_passes_the_rules_of_its_market():
    rule("tempting")
    journey = Journey.objects.create(code="c", name="C", holdout_rate=0)
    step = varied(B=text(body="A tempting {product}. {link}"))
    plan = {"trigger": {"on": "cart_left"}, "exits": [], "steps": [step]}
    version = journeys.save_version(journey, plan)
    with pytest.raises(JourneyError, match="reminder, B, en"):
        journeys.go_live(journey, version)
    [blocked] = _detail(journey)["blocked_by"]
    assert (blocked["step"], blocked["copy"]) == ("reminder", "B")


def claiming_variant() -> dict:
    return varied(B=text(subject="B: {product}", body=f"{SENTENCE}. {{product}} {{link}}"))


@pytest.mark.django_db
def test_a_withdrawn_document_pulls_that_variant_alone():
    paper = proven()
    journey = cart_journey(claiming_variant())
    [row] = ClaimRecord.objects.all()
    assert (row.step, row.arm) == ("reminder", "B")
    carts(10)
    evidence.withdraw_evidence(paper, None)
    [pulled] = PulledStep.objects.all()
    assert (pulled.step, pulled.arm, pulled.state) == ("reminder", "B", "held")
    row.refresh_from_db()
    assert row.state == LedgerState.PULLED
    walking.walk(NOON + HOUR)
    walking.walk(NOON + 2 * HOUR)
    assert {one.subject[0] for one in mail.outbox} == {"A"}
    waiting = Enrolment.objects.filter(state="under_way").count()
    assert waiting == 10 - len(mail.outbox) > 0
    proven(title="Renewed")
    _move(journey, {"to": "step_released", "step": "reminder", "version": 1, "copy": "B"}, None)
    walking.walk(NOON + 3 * HOUR)
    assert len(mail.outbox) == 10
    assert Counter(one.subject[0] for one in mail.outbox)["B"] == waiting


@pytest.mark.django_db
def test_of_a_skipped_variant_whoever_is_drawn_for_it_counts_in_it():
    paper = proven()
    cart_journey(claiming_variant())
    carts(10)
    evidence.withdraw_evidence(paper, None)
    journeys.skip_step(PulledStep.objects.get())
    walking.walk(NOON + HOUR)
    rows = set(Send.objects.values_list("arm", "state", "reason"))
    assert rows == {("A", SendState.SENT, ""), ("B", SendState.SKIPPED, SkipReason.PULLED)}
    assert Send.objects.count() == 10
