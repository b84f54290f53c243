"""Journeys on the database: who enters once, what stops a message, what each message is about."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from marketing.models import (
    Enrolment,
    Journey,
    JourneyVersion,
    Send,
    SendState,
    SkipReason,
    StepVisit,
    Suppression,
)
from marketing.services.journeys import journeys, outgoing, walking
from marketing.services.journeys.carts import open_carts
from marketing.services.sending import hand_over
from shop.models import Event, PriceKind, Purpose, WaitlistEntry
from shop.services.customers import record_consent
from shop.services.prices import PriceTerms, set_price
from shop.services.stock.stock import adjust
from tests.factories import make_customer, make_order, make_stock, make_variant
from tests.factories_marketing import make_reachable, own_key
from tests.marketing.test_hand_over import KilledError, dies_at

pytestmark = pytest.mark.django_db

LIVE_SINCE = datetime(2026, 6, 1, 8, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NUMBERS = iter(range(10**9))


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.MARKETING_CAP_MESSAGES = 5


def text(subject="{product}", body="{greeting} {product} {price} {link}") -> dict:
    return {"en": {"subject": subject, "body": body}}


def send(name="reminder", channel="email", **texts) -> dict:
    return {"id": name, "send": channel, "texts": text(**texts)}


def make_journey(trigger: dict, *steps: dict, exits=("ordered",), holdout_rate=0.0) -> Journey:
    journey = Journey.objects.create(
        pk=own_key(Journey), code=f"j{next(NUMBERS)}", name="Test", holdout_rate=holdout_rate
    )
    definition = {"trigger": trigger, "exits": list(exits), "steps": list(steps) or [send()]}
    version = journeys.save_version(journey, definition)
    return journeys.go_live(journey, version, at=LIVE_SINCE)


def event(customer, variant, kind="cart_add", at=NOON, units=1, consent=True) -> Event:
    return Event.objects.create(
        event_id=f"e{next(NUMBERS)}", kind=kind, occurred_at=at, received_at=at,
        customer=customer, variant=variant, units=units, consent=consent,
    )  # fmt: skip


def make_ware(sku="KET-1", name="Copper Kettle", units=5, price=1000):
    variant = make_variant(sku, name=name, price_minor=price)
    make_stock(variant, units)
    return variant


def sends() -> list[tuple[str, str]]:
    return list(Send.objects.order_by("pk").values_list("state", "reason"))


def test_a_cart_left_for_an_hour_is_reminded_of_once():
    [ana] = make_reachable(1, name="Ana", language="en")
    kettle = make_ware()
    make_journey({"on": "cart_left", "minutes": 60})
    event(ana, kettle)
    assert walking.walk(NOON + timedelta(minutes=59))["entered"] == 0
    done = walking.walk(NOON + timedelta(minutes=60))
    assert done == {"entered": 1, "stepped": 2, "sent": 1, "guests": 0}
    assert walking.walk(NOON + timedelta(minutes=61)) == {
        "entered": 0,
        "stepped": 0,
        "sent": 0,
        "guests": 0,
    }
    [letter] = mail.outbox
    assert letter.subject == "Copper Kettle"
    assert "Hello Ana, Copper Kettle £10.00 " in letter.body
    assert Send.objects.get().link_url == "https://shop.example/products/KET-1"
    assert Enrolment.objects.get().state == "finished"
    [logged] = Event.objects.filter(kind="send")
    assert logged.properties["step"] == "reminder"


def test_an_order_between_trigger_and_message_cancels_it():
    [ana] = make_reachable(1)
    kettle = make_ware()
    make_journey({"on": "cart_left"}, {"id": "w", "wait": {"hours": 2}}, send())
    event(ana, kettle)
    walking.walk(NOON + timedelta(hours=1))
    make_order([(kettle, 1)], customer=ana, at=NOON + timedelta(hours=2))
    walking.walk(NOON + timedelta(hours=4))
    one = Enrolment.objects.get()
    assert (one.state, one.reason) == ("left", "ordered")
    assert sends() == []
    assert mail.outbox == []


def test_an_order_after_the_step_was_written_down_still_stops_the_message():
    """The last question is asked in the transaction that marks the message as leaving."""
    [ana] = make_reachable(1)
    kettle = make_ware()
    make_journey({"on": "cart_left"})
    event(ana, kettle)
    at = NOON + timedelta(hours=1)
    walking.enter(Journey.objects.get(), at)
    walking.step_due(at)
    assert sends() == [(SendState.CLAIMED, "")]
    make_order([(kettle, 1)], customer=ana, at=at)
    walking.send_due(at)
    assert sends() == [(SendState.SKIPPED, SkipReason.BOUGHT)]
    assert mail.outbox == []


def test_with_the_last_question_off_the_same_message_would_leave(monkeypatch):
    """Negative control of the test above: without the guard the letter goes out."""
    [ana] = make_reachable(1)
    kettle = make_ware()
    make_journey({"on": "cart_left"})
    event(ana, kettle)
    at = NOON + timedelta(hours=1)
    walking.enter(Journey.objects.get(), at)
    walking.step_due(at)
    make_order([(make_ware("CUP-1"), 1)], customer=ana, at=at)
    monkeypatch.setattr(hand_over, "reasons_not_to_write", lambda *args: {})
    monkeypatch.setattr(
        "marketing.services.journeys.journey_words.open_carts",
        lambda ids, _at: open_carts(ids, at - timedelta(seconds=1)),
    )
    walking.send_due(at)
    assert len(mail.outbox) == 1


def test_the_message_shows_what_is_in_the_cart_now():
    [ana] = make_reachable(1)
    kettle, cup = make_ware(), make_ware("CUP-1", "Blue Cup", price=300)
    make_journey({"on": "cart_left"}, {"id": "w", "wait": {"hours": 1}}, send())
    event(ana, kettle)
    event(ana, cup, at=NOON + timedelta(minutes=1))
    walking.walk(NOON + timedelta(hours=2))
    event(ana, cup, kind="cart_remove", at=NOON + timedelta(hours=2, minutes=30))
    walking.walk(NOON + timedelta(hours=4))
    [letter] = mail.outbox
    assert letter.subject == "Copper Kettle"
    assert "Blue Cup" not in letter.body


def test_the_variant_in_the_cart_is_shown_and_no_other_of_its_product():
    [ana] = make_reachable(1)
    red = make_ware("CUP-RED", "Cup")
    blue = make_ware("CUP-BLUE", "Cup")
    make_journey({"on": "cart_left"}, send(body="{product} {link}"))
    event(ana, blue)
    walking.walk(NOON + timedelta(hours=1))
    assert Send.objects.get().link_url.endswith("/CUP-BLUE")
    assert red.sku not in mail.outbox[0].body


def test_an_emptied_cart_ends_the_journey():
    [ana] = make_reachable(1)
    kettle = make_ware()
    make_journey({"on": "cart_left"}, {"id": "w", "wait": {"hours": 1}}, send())
    event(ana, kettle)
    walking.walk(NOON + timedelta(hours=1))
    event(ana, kettle, kind="cart_remove", at=NOON + timedelta(hours=2))
    walking.walk(NOON + timedelta(hours=3))
    assert Enrolment.objects.get().reason == "nothing_left"
    assert mail.outbox == []


def test_what_is_sold_out_is_never_offered():
    [ana] = make_reachable(1)
    kettle = make_ware(units=1)
    make_journey({"on": "cart_left"})
    event(ana, kettle)
    adjust(kettle, -1, key="gone", reason="damaged", warehouse=kettle.stock_levels.get().warehouse)
    walking.walk(NOON + timedelta(hours=1))
    assert sends() == [(SendState.SKIPPED, SkipReason.SOLD_OUT)]
    assert mail.outbox == []


def test_what_happened_before_the_journey_went_live_starts_nothing():
    [ana] = make_reachable(1)
    event(ana, make_ware(), at=LIVE_SINCE - timedelta(minutes=1))
    make_journey({"on": "cart_left"})
    assert walking.walk(NOON)["entered"] == 0


def test_consent_suppression_and_the_cap_are_asked_at_the_last_moment(settings):
    settings.MARKETING_CAP_MESSAGES = 1
    left, bounced, tired = make_reachable(3)
    kettle = make_ware()
    make_journey({"on": "cart_left"}, send("one"), send("two"))
    for who in (left, bounced, tired):
        event(who, kettle)
    record_consent(left, Purpose.MARKETING_EMAIL, granted=False, source="test")
    Suppression.objects.create(customer=bounced, reason="bounced")
    walking.walk(NOON + timedelta(hours=1))
    assert dict(StepVisit.objects.filter(step="one").values_list("enrolment__customer", "outcome")) == {
        left.pk: "no_consent", bounced.pk: "suppressed", tired.pk: "sent",
    }  # fmt: skip
    assert StepVisit.objects.get(step="two", enrolment__customer=tired).outcome == "frequency_cap"


def test_a_branch_follows_what_she_did_with_the_first_message():
    reader, other = make_reachable(2)
    kettle = make_ware()
    make_journey(
        {"on": "cart_left"}, send("first"), {"id": "w", "wait": {"days": 1}},
        {"id": "read", "when": {"opened": "first"}, "then": [send("read-it", subject="A")],
         "otherwise": [send("missed-it", subject="B")]},
    )  # fmt: skip
    for who in (reader, other):
        event(who, kettle)
    walking.walk(NOON + timedelta(hours=1))
    Send.objects.filter(customer=reader).update(opened_at=NOON)
    walking.walk(NOON + timedelta(hours=26))
    assert {letter.to[0]: letter.subject for letter in mail.outbox[2:]} == {
        reader.email: "A", other.email: "B",
    }  # fmt: skip


def test_the_holdout_is_written_down_and_gets_nothing():
    people = make_reachable(60)
    kettle = make_ware(units=100)
    journey = make_journey({"on": "cart_left"}, holdout_rate=0.3)
    for who in people:
        event(who, kettle)
    walking.walk(NOON + timedelta(hours=1))
    held = journey.enrolments.filter(state="held_out").count()
    assert 5 < held < 35
    assert len(mail.outbox) == 60 - held


def test_who_waits_is_told_once_without_a_word_about_marketing():
    ana = make_customer("ANA", email="ana@example.com")
    kettle = make_ware(units=0)
    entry = WaitlistEntry.objects.create(
        variant=kettle, customer=ana, consent=True, source="test", units=1, open_key="k",
        expires_at=NOON + timedelta(days=30), created_at=LIVE_SINCE,
    )  # fmt: skip
    make_journey({"on": "back_in_stock"}, exits=("ordered_it",))
    assert walking.walk(NOON)["entered"] == 0
    level = kettle.stock_levels.get()
    adjust(kettle, 3, key="in", reason="found", warehouse=level.warehouse)
    assert walking.walk(NOON)["sent"] == 1
    assert walking.walk(NOON)["sent"] == 0
    entry.refresh_from_db()
    assert entry.state == "notified"


@pytest.mark.parametrize("days", [1, 2, 20])
@pytest.mark.parametrize(("where", "place", "state"), [
    (hand_over, "_drain", "unknown"), (outgoing, "_tell_waiting", "sent"),
])  # fmt: skip
def test_who_waits_is_told_once_however_long_nobody_walked(monkeypatch, where, place, state, days):
    """The worker dies with her letter in hand, or before her wish is put down as told."""
    ana, kettle = make_customer("ANA", email="ana@example.com"), make_ware(units=3)
    entry = WaitlistEntry.objects.create(
        variant=kettle, customer=ana, consent=True, source="test", units=1, open_key="k",
        expires_at=NOON + timedelta(days=60), created_at=LIVE_SINCE,
    )  # fmt: skip
    make_journey({"on": "back_in_stock"}, exits=("ordered_it",))
    calls = 2 if place == "_tell_waiting" else 1  # the first is before she has entered
    with monkeypatch.context() as patch:
        patch.setattr(where, place, dies_at(calls, getattr(where, place)))
        with pytest.raises(KilledError):
            walking.walk(NOON)
    for minute in range(2):
        walking.walk(NOON + timedelta(days=days, minutes=minute))
    assert sends() == [(state, "")]
    assert len(mail.outbox) == (1 if state == "sent" else 0)
    entry.refresh_from_db()
    assert entry.state == "notified"


def test_a_price_drop_tells_whoever_looked_and_did_not_buy():
    looked, bought = make_reachable(2)
    kettle = make_ware(price=1500)
    make_journey(
        {"on": "price_dropped", "percent": 10},
        send(body="It was {was_price}, now {price}: {discount} off."),
    )
    for who in (looked, bought):
        event(who, kettle, kind="view", at=NOON - timedelta(days=2))
    make_order([(kettle, 1)], customer=bought, at=NOON - timedelta(days=1))
    terms = PriceTerms(
        kind=PriceKind.CAMPAIGN,
        valid_from=NOON,
        valid_until=NOON + timedelta(days=5),
        is_history=True,
    )
    set_price(kettle, 1200, key="sale", source="test", terms=terms)
    walking.walk(NOON + timedelta(minutes=1))
    [letter] = mail.outbox
    assert letter.to == [looked.email]
    assert "It was £15.00, now £12.00: 20% off." in letter.body


def test_rings_only_by_day_of_the_recipients_own_clock(settings, tmp_path):
    settings.MESSAGE_FOLDER = str(tmp_path)
    settings.MARKETING_CAP_SMS = 5
    london = make_customer("L", phone="+441", language="en", time_zone="Europe/London")
    shanghai = make_customer("S", phone="+861", language="en", time_zone="Asia/Shanghai")
    kettle = make_ware()
    for who in (london, shanghai):
        record_consent(who, Purpose.MARKETING_SMS, granted=True, source="test")
        event(who, kettle, at=NOON)
    make_journey({"on": "cart_left"}, send(channel="sms", subject=""))
    walking.walk(NOON + timedelta(hours=2))  # 15:00 in London, 22:00 in Shanghai
    assert [s.state for s in Send.objects.order_by("customer__code")] == ["sent", "claimed"]
    late = Send.objects.get(customer=shanghai)
    assert late.due_at == datetime(2026, 6, 2, 0, tzinfo=UTC)  # 8:00 in Shanghai
    walking.walk(datetime(2026, 6, 1, 23, 59, tzinfo=UTC))
    assert Send.objects.get(customer=shanghai).state == "claimed"
    walking.walk(datetime(2026, 6, 2, 0, 1, tzinfo=UTC))
    assert Send.objects.get(customer=shanghai).state == "sent"
    lines = (tmp_path / "sms.jsonl").read_text().splitlines()
    assert [('"to": "+441"' in lines[0]), ('"to": "+861"' in lines[1])] == [True, True]


def test_a_new_version_leaves_those_under_way_on_their_road():
    [ana] = make_reachable(1)
    kettle = make_ware()
    journey = make_journey(
        {"on": "cart_left"}, {"id": "w", "wait": {"days": 1}}, send(subject="Old")
    )
    event(ana, kettle)
    walking.walk(NOON + timedelta(hours=1))
    definition = {"trigger": {"on": "cart_left"}, "steps": [send(subject="New")]}
    journeys.go_live(journey, journeys.save_version(journey, definition))
    walking.walk(NOON + timedelta(days=2))
    assert [letter.subject for letter in mail.outbox] == ["Old"]
    assert list(JourneyVersion.objects.values_list("number", flat=True)) == [2, 1]
    assert journeys.save_version(journey, definition).number == 2


def test_paused_nobody_moves_and_stopped_everybody_leaves():
    [ana] = make_reachable(1)
    kettle = make_ware()
    journey = make_journey({"on": "cart_left"}, {"id": "w", "wait": {"hours": 1}}, send())
    event(ana, kettle)
    walking.walk(NOON + timedelta(hours=1))
    journeys.pause(journey)
    walking.walk(NOON + timedelta(hours=5))
    assert mail.outbox == []
    assert journeys.stop(journey) == 1
    assert journeys.stop(journey) == 0
    assert Enrolment.objects.get().reason == "stopped"
    with pytest.raises(journeys.JourneyError):
        journeys.pause(journey)


@pytest.mark.parametrize(
    ("place", "letters", "state"),
    [("_mark", 1, "sent"), ("_drain", 0, "unknown"), ("log_sent", 1, "sent")],
)
def test_a_worker_killed_at_any_line_repeats_no_message(monkeypatch, place, letters, state):
    [ana] = make_reachable(1)
    make_journey({"on": "cart_left"})
    event(ana, make_ware())
    at = NOON + timedelta(hours=1)

    def die(*args, **kwargs):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(hand_over, place, die)
        with pytest.raises(KilledError):
            walking.walk(at)
    walking.walk(at + timedelta(minutes=11))
    walking.walk(at + timedelta(minutes=12))
    assert len(mail.outbox) == letters
    one = Send.objects.get()
    assert one.state == state
    assert Event.objects.filter(kind="send").count() == letters
    with pytest.raises(IntegrityError), transaction.atomic():
        Send.objects.create(enrolment=one.enrolment, step=one.step, customer=ana)


def test_the_ready_made_journeys_are_there_once():
    assert journeys.ensure_ready_made() == 10
    assert journeys.ensure_ready_made() == 0
    assert set(Journey.objects.values_list("state", flat=True)) == {"draft"}
