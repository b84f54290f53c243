"""Batches on the belt: one leaves while the next is decided, and still nobody gets a message twice."""

import threading
from collections import Counter

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.utils import timezone

from marketing.models import Campaign, Send, SendState, SkipReason
from marketing.services.campaigns import campaigns
from marketing.services.sending import guards, hand_over, sends
from marketing.services.sending.guards import Asked, lock_customers, reasons_not_to_write
from marketing.services.sending.hand_over import MessagePortError
from marketing.services.sending.sends import CampaignMessages, send_campaign
from shop.models import Event
from tests.factories import make_variant
from tests.factories_crowd import LONG, through_or_blocked
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable, make_segment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def batches_of_two(monkeypatch):
    monkeypatch.setattr(sends, "BATCH", 2)
    monkeypatch.setattr(hand_over, "EVENTS_AT_ONCE", 2)


def counted(campaign) -> Counter:
    return Counter(campaign.sends.values_list("state", flat=True))


class KilledError(BaseException):
    """What SIGKILL looks like from inside: nothing below may catch it."""


def dies_at(call: int, real):
    """The function, but its `call`-th call and all after it are the worker's death."""
    calls = iter(range(1, 1000))

    def dying(*args, **kwargs):
        if next(calls) >= call:
            raise KilledError
        return real(*args, **kwargs)

    return dying


@pytest.mark.parametrize(
    ("place", "call"),
    [(place, call) for place in ("_decide", "_drain", "write") for call in (1, 2, 3, 4)]
    + [("log_sent", call) for call in (1, 2, 3)],
)
def test_a_worker_killed_with_two_batches_in_hand_repeats_nothing(monkeypatch, place, call):
    make_reachable(8)
    campaign = approve(make_campaign())
    with monkeypatch.context() as patch:
        patch.setattr(hand_over, place, dies_at(call, getattr(hand_over, place)))
        with pytest.raises(KilledError):
            send_campaign(Quiet(), campaign.pk)
    send_campaign(Quiet(), campaign.pk)
    states = counted(campaign)
    assert states["sent"] + states["unknown"] == 8
    assert states["unknown"] <= 4  # two batches
    assert len({message.to[0] for message in mail.outbox}) == len(mail.outbox)
    assert states["sent"] <= len(mail.outbox) <= 8
    assert Event.objects.filter(kind="send").count() == states["sent"]


class ClosingServer(EmailBackend):
    """Takes three letters, is closed for the fourth, and well again afterwards."""

    taken = 0

    def send_messages(self, messages):
        cls = type(self)
        cls.taken += 1
        if cls.taken == 4:
            raise ConnectionResetError("gone")
        return super().send_messages(messages)


def test_a_batch_that_was_decided_behind_a_closed_port_waits_again(settings):
    settings.EMAIL_BACKEND = f"{__name__}.ClosingServer"
    settings.MESSAGE_CONNECTIONS = 1
    __import__("importlib").import_module(__name__).ClosingServer.taken = 0
    make_reachable(8)
    campaign = approve(make_campaign())
    with pytest.raises(MessagePortError):
        send_campaign(Quiet(), campaign.pk)
    assert list(campaign.sends.order_by("pk").values_list("state", flat=True)) == [
        "sent", "sent", "sent", "unknown", "claimed", "claimed", "claimed", "claimed",
    ]  # fmt: skip
    send_campaign(Quiet(), campaign.pk)
    assert counted(campaign) == {"sent": 7, "unknown": 1}
    assert Event.objects.filter(kind="send").count() == 7


class Pausing(Quiet):
    """Somebody pauses the campaign when its third batch is about to be decided."""

    def __init__(self, campaign):
        self.campaign, self.batches = campaign, 0

    def __call__(self, done, total=0, note=""):
        self.batches += 1
        if self.batches == 3:
            campaigns.pause(self.campaign)


def test_what_is_on_its_way_when_a_person_pauses_is_written_down():
    make_reachable(8)
    campaign = approve(make_campaign())
    assert send_campaign(Pausing(Campaign.objects.get()), campaign.pk)["sent"] == 4
    assert counted(campaign) == {"sent": 4, "claimed": 4}
    assert Event.objects.filter(kind="send").count() == len(mail.outbox) == 4


def test_the_next_round_is_asked_for_while_the_last_batch_is_on_its_way(monkeypatch):
    """Its stock is asked of all messages that left or are about to: none is forgotten in between."""
    monkeypatch.setattr(sends, "ROUND", 4)
    make_reachable(8)
    campaign = approve(make_campaign())
    seen = []

    def looked(campaign, messages, at):
        seen.append((campaign.sends.filter(state__in=guards.LEFT).count(), messages))

    monkeypatch.setattr(sends.stock_cap, "short_stock", looked)
    assert send_campaign(Quiet(), campaign.pk)["sent"] == 8
    assert seen == [(0, 4), (4, 4)]


def test_guards_ask_one_question_however_many_they_are(django_assert_num_queries):
    people = {one.pk: one for one in make_reachable(5)}
    with django_assert_num_queries(2):
        assert reasons_not_to_write(people, Asked("email", {}), timezone.now()) == {}
    with django_assert_num_queries(0):
        assert reasons_not_to_write({}, Asked("email", {}), timezone.now()) == {}


def rivals() -> dict[str, int]:
    """Two campaigns to one customer with a cap of one: the second asks while the first has decided
    and not committed. What became of their sends."""
    [customer] = make_reachable(1)
    segment = make_segment()
    first, second = (
        Send.objects.create(
            campaign=make_campaign(
                link_url=f"https://shop.example/{n}", state="sending", variant=make_variant(f"K{n}"),
                segment=segment,
            ),
            customer=customer,
        )
        for n in (1, 2)
    )  # fmt: skip
    decided, go_on = threading.Event(), threading.Event()

    def decide(send: Send, before_commit=lambda: None) -> None:
        words = CampaignMessages(send.campaign, timezone.now())
        with transaction.atomic():
            hand_over._decide([send.pk], words, timezone.now(), hand_over.Handed())
            before_commit()
        connection.close()

    def wait() -> None:
        decided.set()
        go_on.wait(timeout=LONG)

    one = threading.Thread(target=decide, args=(first, wait))
    other = threading.Thread(target=decide, args=(second,))
    one.start()
    assert decided.wait(timeout=LONG)
    other.start()
    through_or_blocked(other)  # with the lock it waits for the first; without, it is through
    go_on.set()
    one.join(timeout=LONG)
    other.join(timeout=LONG)
    return dict(Counter(Send.objects.values_list("state", flat=True)))


@pytest.fixture
def one_message_a_week(settings):
    settings.MARKETING_CAP_MESSAGES = 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_campaigns_that_meet_at_one_customer_keep_her_cap(one_message_a_week):
    assert rivals() == {"sending": 1, "skipped": 1}
    assert Send.objects.get(state=SendState.SKIPPED).reason == SkipReason.FREQUENCY_CAP


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_both_would_write_to_her(one_message_a_week, monkeypatch):
    def unlocked(ids):
        return {one.pk: one for one in guards.Customer.objects.filter(pk__in=set(ids))}

    monkeypatch.setattr(hand_over, "lock_customers", unlocked)
    assert rivals() == {"sending": 2}
    assert lock_customers is not unlocked
