"""E-mail by a provider's interface: its answers asked of a server process's stand-in on loopback, its
reports through anymail's own signal."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from config.checks import provider_settings
from marketing.delivery.mail import REPORTED_AS, token_of
from marketing.delivery.ports import EmailPort, port_of
from marketing.models import ChannelHealth, Send, Suppression
from marketing.services.sending.hand_over import MessagePortError
from marketing.services.sending.provider_reports import take_event
from marketing.services.sending.sends import send_campaign
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

anymail = pytest.importorskip("anymail", reason="django-anymail is not installed")
pytestmark = pytest.mark.django_db


class Postmark(BaseHTTPRequestHandler):
    """Answers as Postmark's documentation says; `answers` by part of the address."""

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        to = said["To"]
        found = (answer for part, answer in self.server.answers.items() if part in to)
        status, body = next(found, (200, {"ErrorCode": 0, "Message": "OK", "MessageID": to}))
        if status == 200 and not body["ErrorCode"]:
            self.server.taken.append(said)
            body = body | {"To": to, "SubmittedAt": "2026-03-02T09:00:00Z"}
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def postmark(settings):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Postmark)
    server.answers, server.taken = {}, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.MESSAGE_CONNECTIONS = 1
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "key",
        "POSTMARK_API_URL": f"http://127.0.0.1:{server.server_address[1]}/",
    }
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def sent_to(number):
    make_reachable(number)
    campaign = approve(make_campaign())
    send_campaign(Quiet(), campaign.pk)
    return campaign


def test_a_letter_leaves_with_its_token_for_the_reports(postmark):
    campaign = sent_to(1)
    [letter] = postmark.taken
    [send] = campaign.sends.all()
    assert send.state == "sent"
    assert letter["Metadata"] == {REPORTED_AS: token_of(send.pk)}
    assert "List-Unsubscribe-Post" in {one["Name"] for one in letter["Headers"]}


def test_a_refused_recipient_fails_alone_and_only_a_wrong_address_is_suppressed(postmark):
    words = "Found inactive addresses: r0@example.com. Inactive recipients are ones that …"
    inactive = {"ErrorCode": 406, "Message": words}
    wrong = {"ErrorCode": 300, "Message": "Invalid 'From' address: 'shop@localhost'."}
    nobody = {"ErrorCode": 300, "Message": "Invalid 'To' address: 'r2@example.com'."}
    postmark.answers = {"r0@": (422, inactive), "r1@": (422, wrong), "r2@": (422, nobody)}
    campaign = sent_to(4)
    found = campaign.sends.order_by("customer__code").values_list("state", "refusal")
    assert list(found) == [
        ("failed", "other"), ("failed", "other"), ("failed", "gone"), ("sent", ""),
    ]  # fmt: skip
    assert Suppression.objects.get().customer.code == "R-2"


def test_a_wrong_key_closes_the_channel_and_loses_nobody(postmark):
    postmark.answers = {"@": (401, {"ErrorCode": 10, "Message": "Bad or missing token."})}
    campaign = sent_to(8)
    assert Counter(campaign.sends.values_list("state", flat=True)) == {"claimed": 8}
    assert ChannelHealth.objects.get().refusal == "us"


@pytest.mark.parametrize(("status", "left"), [(500, "unknown"), (429, "claimed")])
def test_what_may_have_left_is_not_repeated(postmark, status, left):
    postmark.answers = {"@": (status, {"ErrorCode": 100, "Message": "Maintenance."})}
    make_reachable(2)
    campaign = approve(make_campaign())
    with pytest.raises(MessagePortError):
        send_campaign(Quiet(), campaign.pk)
    assert list(campaign.sends.order_by("pk").values_list("state", flat=True)) == [left, "claimed"]


def test_only_anymails_backends_go_by_its_port(postmark, settings):
    assert type(port_of("email")) is not EmailPort
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert type(port_of("email")) is EmailPort


@pytest.fixture
def send():
    [ana] = make_reachable(1)
    return Send.objects.create(
        campaign=make_campaign(), customer=ana, state="sent", sent_at=timezone.now()
    )


def told(send, kind, **fields):
    from anymail.signals import AnymailTrackingEvent

    event = AnymailTrackingEvent(
        event_type=kind, timestamp=timezone.now(), metadata={REPORTED_AS: token_of(send.pk)},
        **fields,
    )  # fmt: skip
    take_event(None, event, "Postmark")
    take_event(None, event, "Postmark")
    send.refresh_from_db()
    return list(Suppression.objects.values_list("reason", flat=True))


@pytest.mark.parametrize(
    ("fields", "suppressed"),
    [
        ({"reject_reason": "bounced", "mta_response": "smtp;550 5.1.1 unknown"}, ["bounced"]),
        ({"reject_reason": "bounced", "mta_response": "550 5.7.1 blocked"}, []),
        ({"reject_reason": "bounced", "mta_response": "552-5.2.2 full"}, []),
        ({"reject_reason": "bounced"}, ["bounced"]),
        ({"reject_reason": "invalid"}, ["bounced"]),
        ({"reject_reason": "blocked"}, []),
        ({"reject_reason": "timed_out"}, []),
    ],
)
def test_a_bounce_ends_writing_only_where_it_is_about_the_mailbox(send, fields, suppressed):
    assert told(send, "bounced", **fields) == suppressed
    assert send.bounced_at


def test_complaints_and_leaving_take_the_consent_back(send):
    assert told(send, "complained") == ["complained"]
    assert send.complained_at
    assert not send.customer.allows("marketing_email")


def test_leaving_at_the_provider_is_leaving(send):
    assert told(send, "unsubscribed") == []
    assert send.unsubscribed_at
    assert not send.customer.allows("marketing_email")


def test_what_is_on_its_way_and_what_is_not_ours_changes_nothing(send):
    assert told(send, "deferred") == []
    assert (send.delivered_at, send.bounced_at) == (None, None)
    told(send, "delivered")
    assert send.delivered_at


def test_an_unknown_provider_is_said_at_start_up(settings):
    settings.EMAIL_PROVIDER = "postmark"
    assert provider_settings(None) == []
    settings.EMAIL_PROVIDER = "pigeon"
    assert [one.id for one in provider_settings(None)] == ["config.E013"]
