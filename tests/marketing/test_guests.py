"""Guests who wait are told once, in turn with customers, and leave with one click."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse

from marketing.delivery.mail import guest_token_of
from marketing.models import Enrolment, GuestNotice, Suppression
from marketing.services.journeys import search, walking
from marketing.services.journeys.guests import tell_guests
from shop.models import WaitlistEntry
from shop.services import waitlist
from shop.services.stock.stock import adjust
from tests.factories import make_customer
from tests.marketing.test_journeys import LIVE_SINCE, NOON, make_journey, make_ware

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"


def guest(variant, name, units=1, minutes=0, **fields) -> WaitlistEntry:
    wish = waitlist.Wish(units, "test", consent=True, variant=variant, contact=name, **fields)
    return waitlist.join(wish, at=LIVE_SINCE + timedelta(minutes=minutes))


def receive(variant, units, key="in"):
    level = variant.stock_levels.get()
    adjust(variant, units, key=key, reason="found", warehouse=level.warehouse)


def told() -> list[str]:
    return [message.to[0] for message in mail.outbox]


def test_guests_and_customers_are_told_in_turn_and_never_more_than_there_are_units():
    kettle = make_ware(units=0)
    guest(kettle, "Ana@example.com", units=2)
    ben = make_customer("BEN", email="ben@example.com")
    waitlist.join(waitlist.Wish(1, "test", consent=True, variant=kettle, customer=ben),
                  at=LIVE_SINCE + timedelta(minutes=1))  # fmt: skip
    guest(kettle, "cleo@example.com", minutes=2)
    make_journey({"on": "back_in_stock"}, exits=("ordered_it",))
    assert walking.walk(NOON) == {"entered": 0, "stepped": 0, "sent": 0, "guests": 0}
    receive(kettle, 3)
    for _ in range(3):
        walking.walk(NOON)
    assert sorted(told()) == ["ana@example.com", "ben@example.com"]
    receive(kettle, 1, key="more")
    walking.walk(NOON + timedelta(hours=1))
    assert told()[-1] == "cleo@example.com"
    assert len(mail.outbox) == 3
    assert set(WaitlistEntry.objects.values_list("state", flat=True)) == {"notified"}


def test_the_factor_offers_more_than_there_is(settings):
    settings.WAITLIST_OFFER_FACTOR = 1.5
    kettle = make_ware(units=0)
    for number in range(5):
        guest(kettle, f"g{number}@example.com", minutes=number)
    make_journey({"on": "back_in_stock"})
    receive(kettle, 3)  # 1.5 × 3 = 4.5 units: four are told
    walking.walk(NOON)
    assert sorted(told()) == [f"g{number}@example.com" for number in range(4)]


def test_a_letter_says_why_it_came_and_leaves_with_one_click():
    kettle, other = make_ware(units=0), make_ware("POT-1", "Pot", units=0)
    guest(kettle, "ana@example.com")
    second = guest(other, "ana@example.com")
    make_journey({"on": "back_in_stock"})
    receive(kettle, 1)
    walking.walk(NOON)
    [letter] = mail.outbox
    assert "Copper Kettle" in letter.subject
    assert "you asked" in letter.body
    assert "https://shop.example/products/KET-1" in letter.body
    way_out = letter.extra_headers["List-Unsubscribe"].strip("<>")
    notice = GuestNotice.objects.get()
    path = reverse("marketing:guest", args=[guest_token_of(notice.pk)])
    assert way_out.endswith(path)
    page = Client().get(path)
    assert "a…@example.com" in page.content.decode()
    second.refresh_from_db()
    assert second.is_open
    for _ in range(2):
        answer = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert not WaitlistEntry.objects.open().exists()
    assert not WaitlistEntry.objects.exclude(contact="").exists()
    assert Client().post(path.replace("g/", "g/9")).status_code == 404


def test_without_the_live_journey_nobody_is_told_and_nobody_is_claimed():
    kettle = make_ware(units=2)
    guest(kettle, "ana@example.com")
    make_journey({"on": "cart_left"})
    assert tell_guests(NOON) == 0
    assert not GuestNotice.objects.exists()


def test_by_night_a_guest_sleeps_where_mail_has_quiet_hours(settings):
    settings.MARKETING_QUIET_CHANNELS = ["email"]
    kettle = make_ware(units=2)
    guest(kettle, "ana@example.com")
    make_journey({"on": "back_in_stock"})
    assert tell_guests(NOON.replace(hour=23)) == 0
    assert tell_guests(NOON + timedelta(days=1)) == 1


def test_what_is_sold_out_at_the_last_moment_is_told_at_the_next_receipt(monkeypatch):
    kettle = make_ware(units=1)
    entry = guest(kettle, "ana@example.com")
    make_journey({"on": "back_in_stock"})
    from marketing.services.journeys import guests

    with monkeypatch.context() as patch:
        patch.setattr(guests, "_can_be_bought", lambda pks, at: set())
        assert tell_guests(NOON) == 0
    assert GuestNotice.objects.get().reason == "sold_out"
    assert tell_guests(NOON + timedelta(minutes=1)) == 0
    assert tell_guests(NOON + timedelta(hours=2)) == 1
    entry.refresh_from_db()
    assert entry.state == "notified"


def test_a_suppressed_address_gets_nothing_and_the_next_one_moves_up():
    kettle = make_ware(units=0)
    guest(kettle, "ana@example.com")
    guest(kettle, "ben@example.com", minutes=1)
    ana = make_customer("ANA", email="Ana@example.com")  # signed up after she began to wait
    Suppression.objects.create(customer=ana, reason="complained")
    make_journey({"on": "back_in_stock"})
    receive(kettle, 1)
    walking.walk(NOON)
    walking.walk(NOON)
    assert told() == ["ben@example.com"]


def test_who_is_held_out_makes_room_for_the_next(monkeypatch):
    monkeypatch.setattr(search, "in_share", lambda *args: True)
    kettle = make_ware(units=0)
    ana = make_customer("ANA", email="ana@example.com")
    waitlist.join(waitlist.Wish(1, "test", consent=True, variant=kettle, customer=ana),
                  at=LIVE_SINCE)  # fmt: skip
    guest(kettle, "ben@example.com", minutes=1)
    make_journey({"on": "back_in_stock"}, holdout_rate=0.5)
    receive(kettle, 1)
    walking.walk(NOON)
    assert Enrolment.objects.get().state == "held_out"
    assert told() == ["ben@example.com"]


def test_what_a_guest_asked_for_counts_for_customers_outside_every_experiment_too(settings):
    settings.EXPERIMENT_HOLDOUT_RATE = 1.0
    kettle = make_ware(units=1)
    ana = make_customer("ANA", email="ana@example.com")
    waitlist.join(waitlist.Wish(1, "test", consent=True, variant=kettle, customer=ana),
                  at=LIVE_SINCE)  # fmt: skip
    make_journey({"on": "back_in_stock"})
    walking.walk(NOON)
    assert told() == ["ana@example.com"]


class Breaks(EmailBackend):
    def send_messages(self, messages):
        if messages[0].to == ["g1@example.com"]:
            raise ZeroDivisionError("a fault of the backend")
        return super().send_messages(messages)


def test_a_port_that_breaks_costs_one_letter_and_is_reported(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Breaks"
    kettle = make_ware(units=4)
    for number in range(4):
        guest(kettle, f"g{number}@example.com", minutes=number)
    make_journey({"on": "back_in_stock"})
    with pytest.raises(ZeroDivisionError):
        tell_guests(NOON)
    assert tell_guests(NOON + timedelta(minutes=1)) == 2
    states = GuestNotice.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["sent", "unknown", "sent", "sent"]
    assert len(told()) == 3
    assert set(WaitlistEntry.objects.values_list("state", flat=True)) == {"notified"}


class KilledError(BaseException):
    """What SIGKILL looks like from inside."""


def test_a_killed_worker_repeats_no_letter(monkeypatch):
    kettle = make_ware(units=2)
    guest(kettle, "ana@example.com")
    make_journey({"on": "back_in_stock"})
    from marketing.services.journeys import guests

    def die(*args):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(guests, "_hand_over", die)
        with pytest.raises(KilledError):
            tell_guests(NOON)
    for minutes in (1, 11, 12):
        tell_guests(NOON + timedelta(minutes=minutes))
    assert told() == []
    assert GuestNotice.objects.get().state == "unknown"
