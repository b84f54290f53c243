"""From the row to a real HTTP receiver: at least once, signed, bounded, never lost."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.models import Courier, Delivery, DeliveryState, Endpoint, Message
from outbox.services import courier, deliveries, endpoints
from outbox.signing import signature
from tests.factories_crowd import LONG
from tests.factories_outbox import Receiver, make_endpoint, make_messages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_network(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    settings.WEBHOOK_TIMEOUT_SECONDS = LONG


@pytest.fixture
def there():
    with Receiver() as receiver:
        yield receiver


def everything_due_now() -> None:
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Delivery.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def test_every_message_arrives_signed_and_numbered(there):
    endpoint = make_endpoint(there.url)
    make_messages(25)
    round_ = courier.deliver_due()
    assert (round_.numbered, round_.delivered, round_.failed) == (25, 25, 0)
    assert sorted(heard.said["sequence"] for heard in there.received) == list(range(1, 26))
    assert {heard.said["id"] for heard in there.received} == {
        str(pk) for pk in Message.objects.values_list("pk", flat=True)
    }
    for heard in there.received:
        sign = heard.headers["Backroom-Signature"]
        at = int(sign.partition(",")[0].removeprefix("t="))
        assert sign == signature([endpoint.secret], at, heard.body)
        assert heard.headers["Backroom-Event-Id"] == heard.said["id"]
        assert heard.headers["Backroom-Event-Kind"] == heard.said["kind"] == "price.changed"
    assert states() == {"delivered": 25}


def test_only_those_hear_who_want_to(there):
    wants = make_endpoint(f"{there.url}/prices", kinds=["price.changed"])
    other = make_endpoint(f"{there.url}/stock", kinds=["stock.sold_out"])
    every = make_endpoint(f"{there.url}/every")
    make_messages(2)
    courier.deliver_due()
    assert sorted(heard.path for heard in there.received) == sorted(
        2 * ["/hook/prices", "/hook/every"]
    )
    assert not other.deliveries.exists()
    assert {wants.deliveries.count(), every.deliveries.count()} == {2}


def test_a_receiver_that_is_down_hears_everything_when_it_is_up_again(there):
    endpoint = make_endpoint(there.url)
    make_messages(6)
    there.answer = lambda *_: 503
    assert courier.deliver_due().delivered == 0
    delivery = Delivery.objects.order_by("-attempt").first()
    assert (delivery.state, delivery.last_status) == (DeliveryState.WAITING, 503)
    assert delivery.last_error == "said 503"
    assert delivery.next_attempt_at > timezone.now()
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    there.answer = lambda *_: 200
    everything_due_now()
    assert courier.deliver_due().delivered == 6
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None
    assert states() == {"delivered": 6}


def test_a_closed_port_is_a_reason_and_not_an_exception():
    with Receiver() as gone:
        url = gone.url
    make_endpoint(url)
    make_messages(1)
    assert courier.deliver_due().failed == 1
    assert "ConnectionRefusedError" in Delivery.objects.get().last_error


def test_given_up_after_the_last_attempt_and_sent_again_by_hand(there, settings):
    settings.WEBHOOK_ATTEMPTS = 3
    make_endpoint(there.url)
    make_messages(1)
    there.answer = lambda *_: 500
    for _attempt in range(5):
        courier.deliver_due()
        everything_due_now()
    assert len(there.received) == 3
    dead = Delivery.objects.get()
    assert (dead.state, dead.attempt, dead.last_status) == (DeliveryState.DEAD, 3, 500)
    there.answer = lambda *_: 200
    assert deliveries.send_again(Delivery.objects.all()) == 1
    assert deliveries.send_again(Delivery.objects.all()) == 0  # it waits already
    courier.deliver_due()
    assert states() == {"delivered": 1}
    assert len({heard.said["id"] for heard in there.received}) == 1  # the receiver knows it again


def test_a_redirect_is_an_answer_and_not_an_invitation(there):
    with Receiver() as elsewhere:

        def redirect(_heard, handler) -> int:
            handler.send_response(307)
            handler.send_header("Location", elsewhere.url)
            handler.end_headers()
            return 0

        there.answer = redirect
        make_endpoint(there.url)
        make_messages(1)
        assert courier.deliver_due().failed == 1
        assert elsewhere.received == []
    assert Delivery.objects.get().last_status == 307


def test_of_a_long_answer_only_the_beginning_is_read_and_kept(there):
    def babble(_heard, handler) -> int:
        handler.send_response(500)
        handler.end_headers()
        handler.wfile.write(b"\x00lost in words " * 50_000)
        return 0

    there.answer = babble
    make_endpoint(there.url)
    make_messages(1)
    courier.deliver_due()
    error = Delivery.objects.get().last_error
    assert len(error) == 500
    assert error.startswith("lost in words")


def test_an_answer_that_drips_is_cut_at_the_deadline(there, settings):
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5
    gone = threading.Event()

    def drip(_heard, handler) -> int:
        try:
            while not gone.wait(0.1):  # never silent for long: a limit per read would not see it
                handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        except OSError:
            gone.set()  # cut off, as it should be
        return 0

    there.answer = drip
    make_endpoint(there.url)
    make_messages(1)
    assert courier.deliver_due().failed == 1
    assert Delivery.objects.get().last_error == "The answer did not come in time."
    assert gone.wait(LONG)


def test_a_slow_receiver_holds_few_threads_and_the_others_go_on(there):
    """The slow one answers only when all of the quick one's messages have arrived."""
    quick_is_done, held = threading.Event(), []
    most = [0]

    def slow(_heard, _handler) -> int:
        held.append(1)
        most[0] = max(most[0], len(held))
        quick_is_done.wait(LONG)
        held.pop()
        return 200

    with Receiver() as quick:

        def count(_heard, _handler) -> int:
            if len(quick.received) >= 30:
                quick_is_done.set()
            return 200

        quick.answer, there.answer = count, slow
        make_endpoint(there.url)
        make_endpoint(quick.url)
        make_messages(30)
        courier.deliver_due(for_seconds=LONG)
        assert quick_is_done.is_set()
        assert len(quick.received) == 30
    assert 1 <= most[0] <= courier.IN_FLIGHT_PER_ENDPOINT


def test_an_endpoint_that_fails_for_days_is_switched_off_with_the_reason(there, settings):
    endpoint = make_endpoint(there.url)
    make_messages(3)
    there.answer = lambda *_: 500
    courier.deliver_due()
    ago = timezone.now() - timedelta(days=settings.WEBHOOK_OFF_DAYS, minutes=1)
    Endpoint.objects.update(failing_since=ago)
    everything_due_now()
    courier.deliver_due()
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.off_reason) == (False, endpoints.OFF_FAILING)
    make_messages(1, start=3)
    courier.deliver_due()
    assert states() == {"dead": 4}  # nothing is lost: what it missed can be sent again
    with pytest.raises(endpoints.EndpointOffError):
        deliveries.send_again(endpoint.deliveries.all())
    there.answer = lambda *_: 200
    endpoints.switch_on(endpoint)
    assert deliveries.send_again(endpoint.deliveries.all()) == 4
    assert courier.deliver_due().delivered == 4


def test_two_couriers_one_carries(there):
    make_endpoint(there.url)
    make_messages(3)
    inside, outcome = threading.Event(), []

    def while_one_carries(_heard, _handler) -> int:
        inside.set()
        return 200

    there.answer = while_one_carries
    token = courier._take_lease()
    assert token is not None
    assert courier.deliver_due().delivered == 0
    outcome.append(len(there.received))
    # Its holder was killed: the lease runs out and the next one carries.
    Courier.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert courier.deliver_due().delivered == 3
    assert outcome == [0]


def test_a_courier_that_lost_its_lease_numbers_nothing():
    make_messages(1)
    courier._take_lease()
    with pytest.raises(courier.LeaseLostError):
        courier.number_messages("somebody else's")
    assert Message.objects.get().sequence is None


def test_what_a_killed_worker_held_is_delivered_again(there):
    """Killed between the POST and its bookkeeping: the receiver heard it, the row does not know."""
    endpoint = make_endpoint(there.url)
    make_messages(1)
    courier.number_messages(courier._take_lease())
    [held] = deliveries.claim_due(endpoint, 4)
    assert courier.attempt(held).is_success
    Courier.objects.update(lease_until=None)  # … and here it is killed
    assert courier.deliver_due().delivered == 0  # its lease still stands
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert courier.deliver_due().delivered == 1
    assert len(there.received) == 2
    assert len({heard.said["id"] for heard in there.received}) == 1
    # The dead one turns out to be alive after all: it may not overwrite what happened since.
    assert not deliveries.record(held, deliveries.Outcome(500, "late"))
    assert Delivery.objects.get().state == DeliveryState.DELIVERED


def test_a_mistake_of_the_program_is_a_failed_attempt_and_stops_nobody_else(
    there, monkeypatch, caplog
):
    make_endpoint(there.url)
    make_messages(3)
    honest = courier.body_of

    def broken(message):
        if message.key == "m:1":
            raise ValueError("odd")
        return honest(message)

    monkeypatch.setattr(courier, "body_of", broken)
    round_ = courier.deliver_due()
    assert (round_.delivered, round_.failed) == (2, 1)
    assert Delivery.objects.get(message__key="m:1").last_error == "ValueError: odd"
    assert "a mistake of the program" in caplog.text


def test_pauses_grow_with_jitter_to_about_three_days(settings):
    last = settings.WEBHOOK_ATTEMPTS - 1
    for attempt, usual in ((1, 10), (2, 30), (3, 90), (9, 43_200), (13, 43_200)):
        pauses = [deliveries.pause_after(attempt).total_seconds() for _ in range(200)]
        assert 0.75 * usual <= min(pauses) < max(pauses) <= 1.25 * usual
        assert len(set(pauses)) > 100
    total = sum(min(10 * 3 ** (attempt - 1), 43_200) for attempt in range(1, last + 1)) / 86_400
    assert 2.5 < total < 3.5


def test_the_night_deletes_what_is_old_and_nothing_that_waits(there, settings):
    make_endpoint(there.url)
    messages = make_messages(3)
    courier.deliver_due()
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_DAYS + 1)
    Message.objects.update(created_at=long_ago)
    first, second, third = Delivery.objects.order_by("message__key")
    Delivery.objects.filter(pk=first.pk).update(delivered_at=long_ago)
    Delivery.objects.filter(pk=second.pk).update(state="waiting", delivered_at=None)
    assert deliveries.prune() == {"deliveries": 1, "messages": 1}
    assert set(Message.objects.all()) == set(messages[1:])
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_DEAD_DAYS + 1)
    Delivery.objects.filter(pk=third.pk).update(state="dead", created_at=long_ago)
    assert deliveries.prune() == {"deliveries": 1, "messages": 1}
    assert deliveries.prune() == {"deliveries": 0, "messages": 0}
    make_messages(1, start=9)
    courier.deliver_due()
    assert Message.objects.get(key="m:9").sequence == 4  # numbers are never given twice
