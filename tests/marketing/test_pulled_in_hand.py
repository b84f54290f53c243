"""A message that is pulled while it is about to leave, and what many that wait cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketing.models import (
    Journey,
    JourneyVersion,
    PulledStep,
    PullState,
    Send,
    SkipReason,
)
from marketing.pages.journey_texts import pulled_cards
from marketing.services.content import evidence
from marketing.services.journeys import journeys, walking
from marketing.services.journeys.journey_words import JourneyMessages
from marketing.services.sending.hand_over import Handed, belt
from tests.marketing.test_journey_review import SENTENCE, cart, claiming, proven
from tests.marketing.test_journeys import NOON, make_journey, send

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"


def in_hand() -> list[int]:
    """A message that a round has taken in hand, and its document is withdrawn before it leaves."""
    paper = proven()
    make_journey({"on": "cart_left"}, claiming(), exits=())
    cart()
    walking.enter(Journey.objects.select_related("live_version").get(), NOON + HOUR)
    walking.step_due(NOON + HOUR)
    evidence.withdraw_evidence(paper, None)
    return list(Send.objects.values_list("pk", flat=True))


def handed(pks: list[int]) -> Handed:
    with belt(1) as moving:
        moving.renew(JourneyMessages("email"))
        return moving.hand_over(pks, at=NOON + HOUR)


def test_a_message_pulled_while_it_is_in_hand_waits_for_a_person(mailoutbox):
    pks = in_hand()
    done = handed(pks)
    assert (len(done.sent), done.skipped, done.later) == (0, 0, 1)
    assert Send.objects.get().state == "claimed"
    proven(title="Renewed")
    journeys.release_step(PulledStep.objects.get())
    assert len(handed(pks).sent) == len(mailoutbox) == 1


def test_a_message_skipped_while_it_is_in_hand_is_not_sent(mailoutbox):
    """The control beside the test above: a person has decided already."""
    pks = in_hand()
    PulledStep.objects.update(state=PullState.SKIPPED)
    assert handed(pks).skipped == 1
    assert Send.objects.get().reason == SkipReason.PULLED
    assert not mailoutbox


def pulled_version(journey: Journey, steps: list[dict], number: int) -> JourneyVersion:
    """With a version number of its own; every message of it waits for a person."""
    version = JourneyVersion.objects.create(
        journey=journey, number=number,
        definition={"trigger": {"on": "cart_left"}, "exits": [], "steps": steps},
    )  # fmt: skip
    for step in steps:
        PulledStep.objects.create(version=version, step=step["id"], language="en")
    return version


def test_what_stands_in_the_way_costs_the_same_however_many_messages_wait():
    """And of two versions whose steps have the same names each says its own words."""
    counts = []
    for number in (1, 5):
        journey = make_journey({"on": "cart_left"})
        names = [f"m{n}" for n in range(number)]
        pulled_version(journey, [send(name) for name in names], 2)
        unproven = pulled_version(journey, [claiming(name) for name in names], 3)
        with CaptureQueriesContext(connection) as counted:
            cards = pulled_cards(journey)
        counts.append(len(counted))
        assert len(cards) == 2 * number
        for card in cards:
            said = [words for words, _why in card.stands_in_the_way]
            assert said == ([SENTENCE] if card.pulled.version == unproven else [])
    assert counts[0] == counts[1] <= 12
