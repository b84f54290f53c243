"""A round of the journeys' clock that lasts: what may leave is asked as of the moment at which it does,
not as of the moment at which the round began."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from language import passages, statements
from marketing.models import Enrolment, Journey, Send
from marketing.services.journeys import outgoing, stepping, walking
from marketing.services.sending import hand_over
from tests.factories import make_order
from tests.factories_marketing import make_reachable
from tests.marketing.test_journeys import event, make_journey, make_ware, send

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _one_by_one(settings, monkeypatch):
    """Batches of one, so that a round of four is long."""
    settings.STOREFRONT_URL, settings.MARKETING_CAP_MESSAGES = "https://shop.example", 5
    settings.MESSAGE_CONNECTIONS = 1
    monkeypatch.setattr(outgoing, "HALF", 1)


def waiting(number: int, at: datetime, **fields):
    """So many with a left cart, and a message written down for each."""
    words = send(subject="About {product}", body="You left {product} in your cart. {link}")
    journey = make_journey({"on": "cart_left"}, words, exits=())
    ware, people = make_ware(units=99), make_reachable(number, **fields)
    for one in people:
        event(one, ware, at=at - HOUR)
    Journey.objects.filter(pk=journey.pk).update(live_since=at - 3 * HOUR)
    walking.enter(Journey.objects.select_related("live_version").get(), at)
    stepping.step_due(at)
    return ware, people


class Town(EmailBackend):
    """With the first letter something happens to somebody whose message has not been decided on yet."""

    happens = None

    def send_messages(self, messages):
        happens, type(self).happens = type(self).happens, None
        if happens:
            happens()
        return super().send_messages(messages)


@pytest.fixture
def town(settings):
    settings.EMAIL_BACKEND = "tests.marketing.test_long_rounds.Town"
    yield Town
    Town.happens = None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["emptied", "ordered"])
def test_a_cart_that_is_emptied_while_the_round_lasts_is_not_spoken_of(town, what):
    """Letters leave in a thread of their own: what happens there is another connection's, as in life."""
    from django.db import connection

    ware, people = waiting(4, timezone.now())

    def happens():
        if what == "emptied":
            event(people[-1], ware, kind="cart_remove", units=None, at=timezone.now())
        else:
            make_order([(ware, 1)], customer=people[-1], at=timezone.now(), state="paid")
        connection.close()

    town.happens = happens
    walking.walk()
    assert [letter.to for letter in mail.outbox] == [[one.email] for one in people[:-1]]
    last = Send.objects.get(customer=people[-1])
    assert (last.state, last.reason) == ("skipped", "too_late")


def test_a_round_that_lasts_into_the_night_writes_to_nobody_there(settings):
    settings.MARKETING_QUIET_CHANNELS, settings.MARKETING_QUIET_HOURS = ["email"], "21-8"
    evening = datetime(2026, 6, 1, 20, 59, tzinfo=UTC)
    _ware, people = waiting(4, evening, time_zone="UTC")
    clock = (evening + n * MINUTE for n in range(4))
    assert outgoing.send_due(evening, now=lambda: next(clock)) == 1
    assert [letter.to for letter in mail.outbox] == [[people[0].email]]
    left = Send.objects.exclude(customer=people[0])
    assert set(left.values_list("state", "due_at")) == {("claimed", evening + 11 * HOUR + MINUTE)}


def test_each_batch_bears_the_moment_at_which_it_left():
    """By it a clock beside this one knows what is in hand and what was interrupted: of a round that had
    lasted ten minutes it would have called everything unknown."""
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    waiting(3, noon)
    clock = (noon + 6 * n * MINUTE for n in range(3))
    assert outgoing.send_due(noon, now=lambda: next(clock)) == 3
    rows = Send.objects.order_by("pk").values_list("handed_over_at", flat=True)
    assert list(rows) == [noon, noon + 6 * MINUTE, noon + 12 * MINUTE]


def test_a_round_of_a_given_moment_stands_still():
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    waiting(3, noon)
    walking.walk(noon)
    assert set(Send.objects.values_list("handed_over_at", flat=True)) == {noon}
    assert set(Enrolment.objects.values_list("entered_at", flat=True)) == {noon}


def test_what_copy_states_is_read_before_anybody_is_locked(monkeypatch):
    """The first text of a process loads a model; who orders meanwhile must not wait for it."""
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    waiting(2, noon)
    kept = (statements.sentence_model, statements._worst, passages._chance)
    for one in kept:
        one.cache_clear()
    read, decide = [], hand_over._decide

    def watched(*args):
        read.append([one.cache_info().misses for one in kept])
        found = decide(*args)
        read.append([one.cache_info().misses for one in kept])
        return found

    monkeypatch.setattr(hand_over, "_decide", watched)
    assert outgoing.send_due(noon) == 2
    assert len(read) == 4
    assert read[0][0] == 1  # loaded by then
    assert all(misses == read[0] for misses in read)
