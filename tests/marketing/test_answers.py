"""What a server's "no" is about, and what follows from it: asked of a real server process."""

import json
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from marketing.delivery.answers import AGAIN_AFTER, Answer, http_answer, smtp_answer
from marketing.models import ChannelHealth, Refusal, Send, Suppression
from marketing.pages.send_monitor import monitor_page
from marketing.services.sending import channel_health
from marketing.services.sending.sends import continue_campaigns, send_campaign
from tests import smtp_server
from tests.factories import make_variant
from tests.factories_access import make_staff
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

GONE, DOUBTFUL, FULL = Refusal.GONE, Refusal.DOUBTFUL, Refusal.FULL
US, LATER, OTHER = Refusal.US, Refusal.LATER, Refusal.OTHER


@pytest.mark.parametrize(
    ("code", "said", "meaning"),
    [
        (550, "5.1.1 <a@b.example>: Recipient address rejected: User unknown", GONE),
        (550, b"5.1.10 RESOLVER.ADR.RecipientNotFound", GONE),
        (550, "5.2.1 The email account that you tried to reach is disabled", GONE),
        (551, "5.1.6 moved", GONE),
        (556, "5.1.10 takes no mail", GONE),
        (552, "5.2.2 mailbox full", FULL),
        (550, "5.7.1 Service unavailable, client host [192.0.2.1] blocked", US),
        (554, "5.7.1 User unknown, says a policy server", US),
        (550, "5.7.26 This mail is unauthenticated", US),
        (553, "5.1.8 sender's domain does not exist", US),
        (550, "5.4.5 too many recipients this hour", OTHER),
        (550, "5.4.1 no route", OTHER),
        (554, "5.6.0 bad content", OTHER),
        (550, "No such user here", DOUBTFUL),
        (550, "5.0.0 unknown user", DOUBTFUL),
        (550, "Requested action not taken: mailbox unavailable", OTHER),
        (550, "Mailbox not found: blocked by policy", US),
        (550, "", OTHER),
        (554, "No such user here", OTHER),
        (450, "4.2.0 greylisted", LATER),
        (451, "try again", LATER),
        (452, "4.2.2 over quota", LATER),
        (421, "4.7.0 closing", US),
    ],
)
def test_only_what_speaks_of_the_mailbox_is_about_the_mailbox(code, said, meaning):
    answer = smtp_answer(code, said)
    assert answer.meaning == meaning
    assert answer.is_temporary == (code < 500)
    assert "@" not in answer.text


def test_an_answer_to_the_sender_is_about_us_and_passes():
    answer = smtp_answer(550, "5.1.1 no such sender", of_sender=True)
    assert (answer.meaning, answer.is_temporary) == (US, True)


@pytest.mark.parametrize(
    ("status", "meaning"), [(410, GONE), (404, DOUBTFUL), (401, US), (403, US), (422, OTHER)]
)
def test_an_adapter_that_is_not_there_is_no_dead_recipient(status, meaning):
    assert http_answer(status).meaning == meaning


def test_it_is_tried_again_less_and_less_often_and_not_for_ever():
    later, us = Answer(LATER, "451", is_temporary=True), Answer(US, "550 5.7.1")
    assert [later.again_after(n) for n in range(1, 6)] == [*AGAIN_AFTER, None]
    assert [us.again_after(n) for n in (1, 2)] == [timedelta(hours=4), None]
    assert Answer(GONE, "550 5.1.1").again_after(1) is None


@pytest.fixture
def server(tmp_path, settings):
    """Says what `rules` holds. `taken()`: whom it took a message for."""

    class Running:
        rules, log = tmp_path / "rules.json", tmp_path / "taken.txt"

        def says(self, **rules) -> None:
            self.rules.write_text(json.dumps(rules))

        def taken(self) -> Counter:
            return Counter(self.log.read_text().split())

    running = Running()
    running.says()
    process = subprocess.Popen(
        [sys.executable, str(Path(smtp_server.__file__)), str(running.rules), str(running.log)],
        stdout=subprocess.PIPE,
        text=True,
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(process.stdout.readline())
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.MESSAGE_CONNECTIONS = 1
    yield running
    process.kill()
    process.wait()
    process.stdout.close()


def sent_to(number, **fields):
    make_reachable(number)
    campaign = approve(make_campaign(**fields))
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    return campaign


def rows(campaign) -> list[tuple]:
    found = campaign.sends.order_by("customer__code")
    return list(found.values_list("state", "refusal", "attempts"))


def pass_by(**time) -> None:
    """So much time goes by for whatever waits."""
    for send in Send.objects.filter(due_at__isnull=False):
        Send.objects.filter(pk=send.pk).update(due_at=send.due_at - timedelta(**time))


@pytest.mark.django_db
def test_each_refusal_is_told_apart(server):
    server.says(
        rcpt={
            "r0@": "550 5.1.1 User unknown",
            "r1@": "550 5.7.1 rejected by policy",
            "r2@": "552 5.2.2 full",
            "r3@": "550 No such user",
            "r4@": "450 4.2.0 busy",
        }
    )
    campaign = sent_to(6)
    assert rows(campaign) == [
        ("failed", "gone", 1),
        ("claimed", "us", 1),
        ("failed", "full", 1),
        ("failed", "doubtful", 1),
        ("claimed", "later", 1),
        ("sent", "", 0),
    ]
    assert list(Suppression.objects.values_list("customer__email", flat=True)) == ["r0@example.com"]
    assert campaign.state == "sending"
    assert server.taken() == {"r5@example.com": 1}


@pytest.mark.django_db
def test_what_is_not_taken_now_is_taken_later_once_and_the_campaign_ends(server):
    server.says(rcpt={"r0@": "451 4.3.0 later"})
    campaign = sent_to(2)
    assert (campaign.state, server.taken()) == ("sending", {"r1@example.com": 1})
    server.says()
    send_campaign(Quiet(), campaign.pk)  # not yet
    assert server.taken() == {"r1@example.com": 1}
    pass_by(minutes=6)
    continue_campaigns()
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == "sent"
    assert server.taken() == {"r0@example.com": 1, "r1@example.com": 1}
    assert rows(campaign) == [("sent", "", 1), ("sent", "", 0)]
    assert not campaign.sends.exclude(error="").exists()


@pytest.mark.django_db
def test_what_is_never_taken_ends_with_its_reason(server):
    server.says(rcpt={"r0@": "450 4.2.0 busy"})
    campaign = sent_to(1)
    for _again in AGAIN_AFTER:
        pass_by(hours=9)
        send_campaign(Quiet(), campaign.pk)
    [send] = campaign.sends.all()
    assert (send.state, send.refusal, send.attempts) == ("failed", "later", 5)
    assert send.error == "450 4.2.0 busy"
    campaign.refresh_from_db()
    assert campaign.state == "sent"
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_a_server_that_hangs_up_costs_nobody_her_letter(server):
    """421 closes the line: the next message needs another one, and is not unknown."""
    server.says(rcpt={"r1@": "421 4.3.2 closing"})
    campaign = sent_to(3)
    assert rows(campaign) == [("sent", "", 0), ("claimed", "us", 1), ("sent", "", 0)]
    assert sum(server.taken().values()) == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "rules",
    [
        {"rcpt": {"@": "550 5.7.1 we do not want you"}},
        {"mail": "550 5.1.8 who are you"},
        {"data": "554 5.7.1 spam"},
        {"rcpt": {"@": "421 4.7.0 too much"}},
    ],
)
def test_a_list_that_is_refused_because_of_us_closes_the_channel_and_loses_nobody(server, rules):
    server.says(**rules)
    campaign = sent_to(40)
    tried = campaign.sends.filter(attempts__gt=0).count()
    assert tried == 5
    assert not campaign.sends.exclude(state="claimed").exists()
    assert not Suppression.objects.exists()
    row = ChannelHealth.objects.get()
    assert (row.channel, row.refusal, row.times_closed) == ("email", "us", 1)
    send_campaign(Quiet(), campaign.pk)
    assert campaign.sends.filter(attempts__gt=0).count() == tried
    assert continue_campaigns() == 0
    server.says()
    channel_health.open_again("email")
    pass_by(hours=5)
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == "sent"
    assert set(server.taken().values()) == {1}
    assert len(server.taken()) == 40
    row.refresh_from_db()
    assert (row.points, row.times_closed, row.closed_until) == (0, 0, None)


@pytest.mark.django_db
def test_a_list_of_which_nobody_is_said_to_exist_suppresses_nobody(server):
    """A relay that lost its table of users says 5.1.1 of everybody."""
    server.says(rcpt={"@": "550 5.1.1 User unknown in local recipient table"})
    campaign = sent_to(40)
    assert campaign.sends.filter(refusal="gone").count() == channel_health.CLOSES_AT
    assert not Suppression.objects.exists()
    assert ChannelHealth.objects.get().is_closed(timezone.now())


@pytest.mark.django_db
def test_while_it_goes_on_it_is_closed_for_longer(server):
    server.says(mail="550 5.7.1 no")
    campaign = sent_to(40)
    row, waits = ChannelHealth.objects.get(), []
    for _time in range(3):
        row.refresh_from_db()
        waits.append(round((row.closed_until - row.updated_at).total_seconds() / 60))
        channel_health.open_again("email")
        pass_by(hours=9)
        send_campaign(Quiet(), campaign.pk)
    assert waits == [5, 15, 60]
    assert campaign.sends.filter(attempts__gt=0).count() <= 8  # one more each time


@pytest.mark.django_db
def test_words_without_a_code_end_it_only_when_they_come_again(server):
    server.says(rcpt={"r0@": "550 No such user"})
    campaign = sent_to(1)
    assert not Suppression.objects.exists()
    Send.objects.update(handed_over_at=timezone.now() - timedelta(days=2))
    other = approve(make_campaign(segment=campaign.segment, variant=make_variant("TEA-2")))
    send_campaign(Quiet(), other.pk)
    assert rows(other) == [("failed", "doubtful", 1)]
    assert Suppression.objects.get().reason == "bounced"


@pytest.mark.django_db
def test_the_monitor_says_why_nothing_leaves_and_opens_it_again(server, client):
    server.says(mail="550 5.7.1 not from you")
    campaign = sent_to(6)
    page = monitor_page(campaign)
    assert page["closed"].said == "550 5.7.1 not from you"
    assert page["pace"].again == 5
    client.force_login(make_staff("marketing.view_campaign", "marketing.change_campaign"))
    url = reverse("admin:marketing_campaign_monitor", args=[campaign.pk])
    said = client.get(url).content.decode()
    assert "message after message was refused" in said
    assert "not from you" in said
    do = reverse("admin:marketing_campaign_do", args=[campaign.pk])
    client.post(do, {"verb": "reopen", "back": "monitor"})
    assert "message after message was refused" not in client.get(url).content.decode()
    assert mail.outbox == []
