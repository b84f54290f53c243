"""What providers report of messages: signed, once, in any order."""

import json
import time

import pytest
from django.utils import timezone

from marketing.delivery.mail import token_of
from marketing.models import Send, Suppression
from outbox.signing import SIGNATURE_HEADER, signature
from tests.factories_marketing import make_campaign, make_reachable

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _secret(settings):
    settings.MESSAGE_SECRET = "s3cret"


@pytest.fixture
def send():
    [ana] = make_reachable(1)
    return Send.objects.create(
        campaign=make_campaign(), customer=ana, state="sent", sent_at=timezone.now()
    )


def post(client, *reports: dict, secret="s3cret", at: float | None = None):
    body = json.dumps({"reports": reports}).encode()
    header = signature([secret], int(at or time.time()), body)
    return client.post(
        "/m/reports/", body, content_type="application/json", headers={SIGNATURE_HEADER: header}
    )


def test_a_bounce_is_written_down_once_and_nobody_writes_there_again(client, send):
    report = {"message": token_of(send.pk), "kind": "bounced"}
    assert post(client, report).json() == {"taken": 1, "repeated": 0, "unknown": 0}
    assert post(client, report, report).json() == {"taken": 0, "repeated": 2, "unknown": 0}
    assert Suppression.objects.get().reason == "bounced"


def test_a_full_mailbox_suppresses_nobody(client, send):
    post(client, {"message": token_of(send.pk), "kind": "bounced", "is_permanent": False})
    assert not Suppression.objects.exists()


def test_a_complaint_takes_the_consent_back_whatever_came_before(client, send):
    token = token_of(send.pk)
    post(client, {"message": token, "kind": "complained"}, {"message": token, "kind": "delivered"})
    send.refresh_from_db()
    assert send.delivered_at
    assert send.complained_at
    assert not send.customer.allows("marketing_email")


@pytest.mark.parametrize(
    ("options", "status"), [({"secret": "wrong"}, 403), ({"at": 1_000_000.0}, 403)]
)
def test_an_unsigned_or_old_report_changes_nothing(client, send, options, status):
    answer = post(client, {"message": token_of(send.pk), "kind": "bounced"}, **options)
    assert answer.status_code == status
    assert not Suppression.objects.exists()


def test_what_cannot_be_read_is_named(client, send):
    answer = post(client, {"message": token_of(send.pk), "kind": "eaten"})
    assert answer.status_code == 400
    assert "kind" in answer.json()["detail"]
    assert post(client, {"message": "made.up", "kind": "bounced"}).json()["unknown"] == 1


def test_without_a_secret_nothing_is_taken(client, settings, send):
    settings.MESSAGE_SECRET = ""
    assert post(client, {"message": token_of(send.pk), "kind": "bounced"}).status_code == 503
