"""Many who are due at once: read and written together, and still each gets her own message, once."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketing.ml.uplift import Trial, UpliftParams, fit
from marketing.ml.uplift_metrics import Band, Calibration
from marketing.models import (
    Enrolment,
    Journey,
    JourneyFault,
    Send,
    SendState,
    SkipReason,
    StepVisit,
)
from marketing.services.journeys import journey_words, outgoing, stepping, together, walking
from marketing.services.journeys.discounts import Judge
from marketing.services.sending import hand_over
from shop.models import Customer, Event, StockLevel
from tests.factories import make_order
from tests.factories_coupons import make_offer
from tests.factories_journey_steps import gated, live_model, varied
from tests.factories_marketing import make_reachable
from tests.marketing.test_hand_over import KilledError, dies_at
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, send

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _shop(settings, tmp_path):
    settings.STOREFRONT_URL, settings.ARTEFACT_DIR = "https://shop.example", tmp_path
    settings.MARKETING_CAP_MESSAGES, settings.MARKETING_SEND_COST_MINOR = 5, 3


def entered(step: dict, number: int, prefix: str = "R", **fields) -> list[Customer]:
    """So many with the same left cart, under way in a journey of that step."""
    journey = make_journey({"on": "cart_left"}, step, **fields)
    ware, people = make_ware(f"KET-{prefix}", units=999), make_reachable(number, prefix=prefix)
    for one in people:
        event(one, ware)
    walking.enter(journey, NOON + HOUR)
    return people


def sent_to() -> Counter[str]:
    return Counter(letter.to[0] for letter in mail.outbox)


def states() -> Counter[str]:
    return Counter(Send.objects.values_list("state", flat=True))


# --- what it costs


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "steps", "sends"), [
    ("plain", 13, 32), ("variants", 13, 32), ("discount", 21, 42),
])  # fmt: skip
def test_a_step_takes_as_many_statements_for_a_dozen_as_for_two(kind, steps, sends):
    if kind == "discount":
        live_model(2_000.0)
    found = []
    for number, prefix in ((2, "F"), (12, "M"), (24, "L")):
        step = {"plain": send, "variants": varied, "discount": lambda: gated(make_offer())}[kind]()
        entered(step, number, prefix)
        journey_words.read_copies(Enrolment.objects.latest("pk").version_id)  # once a process
        with CaptureQueriesContext(connection) as stepped:
            assert stepping.step_due(NOON + HOUR) == number
        with CaptureQueriesContext(connection) as handed:
            assert outgoing.send_due(NOON + HOUR) >= number - 2  # of a discount 1 % is held out
        found.append((len(stepped), len(handed)))
        Journey.objects.update(state="paused")
        Event.objects.filter(kind="cart_add").delete()
    first, second, third = found
    assert second[0] == third[0]
    assert abs(second[1] - third[1]) <= 3  # held out or not, two copies or one
    assert first[0] <= third[0] <= steps
    assert max(first[1], third[1]) <= sends


# --- the same decisions as one by one


@pytest.mark.django_db
def test_what_a_message_brings_is_the_same_asked_together_and_alone():
    dice = np.random.default_rng(5)
    features = np.column_stack([dice.uniform(1, 300, (2000, 6))])
    outcome = features[:, 0] + dice.normal(0, 50, 2000)
    trial = Trial(features, dice.random(2000) < 0.5, outcome, np.full(2000, 0.5))
    bands = [Band(100, float(mean), mean, mean, mean) for mean in range(-40, 41, 2)]
    judge = Judge(None, fit("t_learner", trial, UpliftParams()), Calibration(0, 1, 0, 1, bands))
    ware, people = make_ware(units=999), make_reachable(20)
    for number, one in enumerate(people):
        for n in range(number % 4):
            make_order([(ware, 1 + n)], customer=one, at=NOON - DAY * (3 + 17 * n + 5 * number))
    keys = [one.pk for one in people]
    asked = judge.brings_at_least(keys, NOON)
    assert asked == {pk: judge.brings_at_least([pk], NOON)[pk] for pk in keys}
    assert len(set(asked.values())) > 2
    backwards = judge.brings_at_least(keys[::-1], NOON)
    assert asked == backwards


@pytest.mark.django_db
def test_each_gets_what_lies_in_her_own_cart_and_nobody_what_is_sold_out():
    journey = make_journey({"on": "cart_left"})
    wares = [make_ware(f"CUP-{n}", name=f"Cup {n}", price=100 + n) for n in range(4)]
    people = make_reachable(12)
    for number, one in enumerate(people):
        event(one, wares[number % 4])
    walking.enter(journey, NOON + HOUR)
    walking.step_due(NOON + HOUR)
    StockLevel.objects.filter(variant=wares[3]).update(on_hand=0)
    walking.send_due(NOON + HOUR)
    expected = {one.email: number % 4 for number, one in enumerate(people) if number % 4 != 3}
    assert len(mail.outbox) == len(expected) == 9
    for letter in mail.outbox:
        number = expected[letter.to[0]]
        assert letter.subject == f"Cup {number}"
        assert f"£1.0{number}" in letter.body
    assert set(Send.objects.filter(state="skipped").values_list("reason", flat=True)) == {
        SkipReason.SOLD_OUT
    }


@pytest.mark.django_db
def test_branches_ask_for_each_of_those_who_stand_there_together():
    """Two of four ordered since they entered, one opened the message."""
    branch = {"id": "saw", "when": {"opened": "reminder"}, "then": [], "otherwise": [send("again")]}
    bought = {"id": "bought", "when": {"ordered": True}, "then": [{"id": "over", "end": True}]}
    wait = {"id": "w", "wait": {"days": 1}}
    journey = make_journey({"on": "ordered", "days": 0}, send(), wait, bought, branch, exits=())
    ware, people = make_ware(units=99), make_reachable(4)
    for one in people:
        make_order([(ware, 1)], customer=one, at=NOON - HOUR, state="delivered")
    walking.walk(NOON)
    assert len(mail.outbox) == 4
    for one in people[:2]:
        make_order([(ware, 1)], customer=one, at=NOON + HOUR)
    Send.objects.filter(customer=people[2]).update(opened_at=NOON + HOUR)
    walking.walk(NOON + DAY)
    outcomes = dict(
        StepVisit.objects.filter(enrolment__journey=journey, step="saw").values_list(
            "enrolment__customer", "outcome"
        )
    )
    assert outcomes == {people[2].pk: "yes", people[3].pk: "no"}
    over = StepVisit.objects.filter(enrolment__journey=journey, step="over")
    assert {*over.values_list("enrolment__customer", flat=True)} == {one.pk for one in people[:2]}


# --- once, whatever dies


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "call"),
    [("Send", 1), ("StepVisit", 1), ("Send", 2), ("StepVisit", 2), ("Enrolment", 3)],
)
def test_a_worker_killed_while_it_writes_leaves_all_of_them_or_none(monkeypatch, place, call):
    """Each of its statements is the last one it came to, on the way to the message or behind it."""
    people = entered(send(), 6)
    manager = type(getattr(together, place).objects)
    name = "bulk_create" if place != "Enrolment" else "filter"

    def writes(self, *args, **kwargs):
        if self.model is getattr(together, place):
            dying(self, *args, **kwargs)
        return real(self, *args, **kwargs)

    real = getattr(manager, name)
    dying = dies_at(call, lambda *args, **kwargs: None)
    with monkeypatch.context() as patch:
        patch.setattr(manager, name, writes)
        with pytest.raises(KilledError):
            walking.walk(NOON + HOUR)
    assert Send.objects.count() in (0, 6)
    assert StepVisit.objects.count() == 0
    walking.walk(NOON + HOUR + 11 * MINUTE)
    walking.walk(NOON + HOUR + 12 * MINUTE)
    assert sent_to() == {one.email: 1 for one in people}
    assert states() == {"sent": 6}
    assert set(Enrolment.objects.values_list("state", flat=True)) == {"finished"}
    assert StepVisit.objects.count() == 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "call"),
    [(place, call) for place in ("_decide", "_drain", "write") for call in (1, 2, 3, 4)]
    + [("log_sent", 1)],
)
def test_a_worker_killed_while_it_hands_over_loses_two_halves_at_most(monkeypatch, place, call):
    monkeypatch.setattr(outgoing, "HALF", 2)
    people = entered(send(), 10)
    with monkeypatch.context() as patch:
        patch.setattr(hand_over, place, dies_at(call, getattr(hand_over, place)))
        with pytest.raises(KilledError):
            walking.walk(NOON + HOUR)
    walking.walk(NOON + HOUR + 11 * MINUTE)
    found = states()
    assert found["sent"] + found["unknown"] == 10
    assert found["unknown"] <= 4
    assert set(sent_to().values()) == {1}
    assert found["sent"] <= len(mail.outbox) <= 10
    assert Event.objects.filter(kind="send").count() == found["sent"]
    assert {*sent_to()} <= {one.email for one in people}


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [1, 3, 100])
def test_what_a_dead_worker_sent_is_logged_however_long_nobody_walked(monkeypatch, hours):
    people = entered(send(), 4)
    with monkeypatch.context() as patch:
        patch.setattr(hand_over, "log_sent", dies_at(1, hand_over.log_sent))
        with pytest.raises(KilledError):
            walking.walk(NOON + HOUR)
    assert states() == {"sent": 4}
    assert not Event.objects.filter(kind="send").exists()
    walking.walk(NOON + HOUR + hours * HOUR + MINUTE)
    assert {*Event.objects.filter(kind="send").values_list("customer", flat=True)} == {
        one.pk for one in people
    }


@pytest.mark.django_db
def test_control_sent_again_instead_of_unknown_somebody_would_get_two(monkeypatch):
    """Negative control of the test above: it tells who got two."""
    monkeypatch.setattr(outgoing, "HALF", 2)
    entered(send(), 10)
    with monkeypatch.context() as patch:
        patch.setattr(hand_over, "write", dies_at(3, hand_over.write))
        with pytest.raises(KilledError):
            walking.walk(NOON + HOUR)
    Send.objects.filter(state=SendState.SENDING).update(state=SendState.CLAIMED)
    walking.walk(NOON + HOUR + 11 * MINUTE)
    assert max(sent_to().values()) == 2


@pytest.mark.django_db
def test_what_breaks_in_a_later_batch_waits_alone(monkeypatch):
    monkeypatch.setattr(outgoing, "HALF", 2)
    people = entered(send(), 7)
    words = journey_words.JourneyMessages.words

    def stumbles(self, sends, at):
        if people[4].pk in {one.customer_id for one in sends}:
            raise KeyError("colour")
        return words(self, sends, at)

    with monkeypatch.context() as patch:
        patch.setattr(journey_words.JourneyMessages, "words", stumbles)
        with pytest.raises(ExceptionGroup):
            walking.walk(NOON + HOUR)
    assert sent_to() == {one.email: 1 for one in people if one != people[4]}
    assert Send.objects.get(state=SendState.CLAIMED).customer == people[4]
    assert JourneyFault.objects.get().where == "message"
    walking.walk(NOON + HOUR + 2 * MINUTE)
    assert sent_to() == {one.email: 1 for one in people}


def test_nobody_stands_twice_in_what_is_on_its_way():
    rows = [outgoing.Waiting(pk, who, 1) for pk, who in [(1, 7), (2, 8), (3, 7), (4, 9), (5, 9)]]
    assert list(outgoing._stretches(rows)) == [[1, 2], [3, 4], [5]]
    assert list(outgoing._stretches([])) == []


@pytest.mark.django_db
def test_two_messages_to_one_customer_in_one_round_keep_her_cap(settings):
    settings.MARKETING_CAP_MESSAGES = 1
    people = entered(send("one"), 3)
    make_journey({"on": "cart_left"}, send("two"))
    walking.walk(NOON + HOUR)
    assert sent_to() == {one.email: 1 for one in people}
    assert Send.objects.filter(reason=SkipReason.FREQUENCY_CAP).count() == 3


# --- two clocks at once
