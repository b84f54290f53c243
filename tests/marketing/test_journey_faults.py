"""What breaks in one journey, one customer or one channel stops nobody else, and is seen."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from marketing.delivery.ports import PortDownError
from marketing.models import Enrolment, Journey, JourneyFault, JourneyVersion, Send, SendState
from marketing.services.journeys import faults, journey_words, outgoing, search, stepping, walking
from marketing.services.sending.hand_over import MessagePortError
from shop.models import Purpose
from shop.services.customers import record_consent
from tests.factories import make_customer
from tests.factories_marketing import make_reachable
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, send

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.MARKETING_CAP_MESSAGES = 5


class ClosedPort:
    def open(self):
        raise PortDownError("closed", is_unknown=False)

    def close(self):
        pass


@pytest.fixture
def sms_is_closed(monkeypatch):
    from marketing.services.sending import hand_over

    real = hand_over.port_of
    closed = lambda channel: ClosedPort() if channel == "sms" else real(channel)  # noqa: E731
    monkeypatch.setattr(hand_over, "port_of", closed)


def make_texted(number: int) -> list:
    people = [
        make_customer(f"T-{n}", phone=f"+44{n}", time_zone="Europe/London") for n in range(number)
    ]
    for one in people:
        record_consent(one, Purpose.MARKETING_SMS, granted=True, source="test")
    return people


def test_a_closed_channel_holds_up_no_other_and_the_task_fails_all_the_same(
    monkeypatch, sms_is_closed
):
    """Many wait for the closed one, and they were written down first."""
    monkeypatch.setattr(outgoing, "AT_ONCE", 2)
    kettle = make_ware(units=100)
    texted, mailed = make_texted(3), make_reachable(3)
    make_journey({"on": "cart_left"}, send(channel="sms", subject=""))
    for one in texted:
        event(one, kettle)
    with pytest.raises(MessagePortError):
        walking.walk(NOON + HOUR)
    make_journey({"on": "cart_left"}, send("one"))
    for one in mailed:
        event(one, kettle)
    told = []
    monkeypatch.setattr(walking, "tell_guests", lambda at: told.append(at) or 0)
    make_journey({"on": "back_in_stock"}, exits=())
    logged = []
    monkeypatch.setattr(walking, "log_missing", lambda *args: logged.append(args))
    for minute in (1, 2):
        with pytest.raises(MessagePortError):
            walking.walk(NOON + HOUR + minute * MINUTE)
    assert {letter.to[0] for letter in mail.outbox} == {one.email for one in mailed}
    assert len(told) == len(logged) == 2
    assert set(Send.objects.filter(channel="sms").values_list("state", flat=True)) == {"claimed"}


def test_a_definition_that_cannot_be_read_stops_its_own_journey_alone(caplog, admin_client):
    good, bad = make_reachable(2)
    kettle = make_ware()
    broken = make_journey({"on": "cart_left"}, send("a"))
    JourneyVersion.objects.filter(journey=broken).update(
        definition={"trigger": {"on": "cart_left"}, "steps": [{**send("a"), "send": "fax"}]}
    )
    make_journey({"on": "cart_left"}, send("b"))
    event(good, kettle)
    event(bad, kettle)
    with pytest.raises(Exception, match="Channels"):
        walking.walk(NOON + HOUR)
    assert len(mail.outbox) == 2
    assert "Traceback" in caplog.text
    [fault] = JourneyFault.objects.all()
    assert (fault.journey, fault.enrolment, fault.where) == (broken, None, "search")
    page = admin_client.get(reverse("admin:marketing_journey_page", args=[broken.pk]))
    assert "PlanError" in page.content.decode()


def test_a_bug_on_one_customer_leaves_the_others_and_is_tried_again_later(monkeypatch):
    good, bad = make_reachable(2)
    kettle = make_ware()
    make_journey({"on": "cart_left"}, send())
    event(good, kettle)
    event(bad, kettle)
    take, tried = stepping._take, []

    def stumbles(enrolment, step, at):
        if enrolment.customer_id == bad.pk:
            tried.append(at.at)
            raise ValueError("no such thing")
        return take(enrolment, step, at)

    monkeypatch.setattr(stepping, "_take", stumbles)
    with pytest.raises(ValueError, match="no such thing"):
        walking.walk(NOON + HOUR)
    assert [letter.to[0] for letter in mail.outbox] == [good.email]
    for minute in (1, 2, 3):
        with suppress(ValueError):
            walking.walk(NOON + HOUR + minute * MINUTE)
    # One minute later, then two: back-off. In the first round twice: with the others, and alone.
    assert tried == [NOON + HOUR, NOON + HOUR, NOON + HOUR + MINUTE, NOON + HOUR + 3 * MINUTE]
    fault = JourneyFault.objects.get()
    assert (fault.attempts, fault.enrolment.customer) == (3, bad)
    assert fault.next_at == NOON + HOUR + 7 * MINUTE
    monkeypatch.setattr(stepping, "_take", take)
    walking.walk(NOON + HOUR + 7 * MINUTE)
    assert [letter.to[0] for letter in mail.outbox] == [good.email, bad.email]
    assert not JourneyFault.objects.exists()


def test_a_message_that_breaks_its_batch_waits_alone(monkeypatch):
    people = make_reachable(3)
    kettle = make_ware()
    make_journey({"on": "cart_left"}, send())
    for one in people:
        event(one, kettle)
    words = journey_words.JourneyMessages.words

    def stumbles(self, sends, at):
        if people[1].pk in {one.customer_id for one in sends}:
            raise KeyError("colour")
        return words(self, sends, at)

    monkeypatch.setattr(journey_words.JourneyMessages, "words", stumbles)
    with pytest.raises(KeyError):
        walking.walk(NOON + HOUR)
    assert {letter.to[0] for letter in mail.outbox} == {people[0].email, people[2].email}
    waiting = Send.objects.get(state=SendState.CLAIMED)
    assert (waiting.customer, waiting.due_at) == (people[1], NOON + HOUR + MINUTE)
    assert JourneyFault.objects.get().where == "message"
    monkeypatch.setattr(journey_words.JourneyMessages, "words", words)
    walking.walk(NOON + HOUR + 2 * MINUTE)
    assert len(mail.outbox) == 3
    assert not JourneyFault.objects.exists()


def test_a_port_that_breaks_unforeseen_loses_one_message_at_most(monkeypatch):
    from marketing.services.sending import hand_over

    people = make_reachable(4)
    kettle = make_ware()
    make_journey({"on": "cart_left"}, send())
    for one in people:
        event(one, kettle)

    class Broken:
        def open(self):
            pass

        def close(self):
            pass

        def hand_over(self, message):
            raise RuntimeError("library")

    monkeypatch.setattr(hand_over, "port_of", lambda channel: Broken())
    monkeypatch.setattr("django.conf.settings.MESSAGE_CONNECTIONS", 1)
    with pytest.raises(RuntimeError):
        walking.walk(NOON + HOUR)
    assert sorted(Send.objects.values_list("state", flat=True)) == ["claimed"] * 3 + ["unknown"]
    assert not JourneyFault.objects.exists()  # its row says so


def test_a_search_that_breaks_comes_after_those_under_way(monkeypatch):
    [ana] = make_reachable(1)
    kettle = make_ware()
    journey = make_journey({"on": "cart_left"}, {"id": "w", "wait": {"hours": 1}}, send())
    event(ana, kettle)
    walking.walk(NOON + HOUR)

    def breaks(*args):
        raise RuntimeError("slow")

    monkeypatch.setitem(search.FIND, "cart_left", breaks)
    with pytest.raises(RuntimeError):
        walking.walk(NOON + 2 * HOUR)
    assert len(mail.outbox) == 1
    assert journey.faults.get().where == "search"
    assert Enrolment.objects.get().state == "finished"


def test_a_bug_on_everybody_rests_the_journey_and_starves_no_other(monkeypatch):
    """More than a round looks at break, and were due before the others."""
    monkeypatch.setattr(stepping, "ROWS", 5)
    monkeypatch.setattr(faults, "MOST_BROKEN", 3)
    many, [ana] = make_reachable(20, prefix="B"), make_reachable(1)
    kettle = make_ware(units=100)
    for one in many:
        event(one, kettle, at=NOON - HOUR)
    bad = make_journey({"on": "cart_left"}, send("a"))
    take = stepping._take

    def stumbles(enrolment, step, at):
        if enrolment.journey_id == bad.pk:
            raise ValueError("no such thing")
        return take(enrolment, step, at)

    monkeypatch.setattr(stepping, "_take", stumbles)
    search.enter(bad, NOON)
    make_journey({"on": "cart_left"}, send("b"))
    event(ana, kettle, at=NOON - HOUR)
    search.enter(Journey.objects.exclude(pk=bad.pk).get(), NOON + MINUTE)
    with pytest.raises(ExceptionGroup):
        walking.walk(NOON + MINUTE)
    assert ana.email in {letter.to[0] for letter in mail.outbox}
    assert bad.faults.filter(enrolment__isnull=False).count() == 3
    assert bad.faults.get(enrolment=None).where == "step"
    monkeypatch.setattr(stepping, "_take", take)
    walking.walk(NOON + 3 * MINUTE)
    assert bad.enrolments.filter(state="finished").count() == 21  # Ana has entered it too
    assert not JourneyFault.objects.exists()
