"""Signed addresses: what they record, and that they lead nowhere else."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from marketing.delivery.mail import token_of
from marketing.models import Send
from shop.models import Event, Purpose
from shop.services.customers import record_consent
from tests.factories_marketing import make_campaign, make_reachable

pytestmark = pytest.mark.django_db


@pytest.fixture
def send():
    [customer] = make_reachable(1)
    return Send.objects.create(campaign=make_campaign(), customer=customer, state="sent")


def url(view, send):
    return reverse(f"marketing:{view}", args=[token_of(send.pk)])


def test_an_open_is_counted_once(client, send):
    for _ in range(2):
        answer = client.get(url("open", send))
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    send.refresh_from_db()
    assert send.opened_at
    assert Event.objects.filter(kind="open").count() == 1


def test_a_click_leads_to_the_campaigns_own_address_whatever_is_asked(client, send):
    answer = client.get(url("link", send) + "?next=https://evil.example&url=//evil.example")
    assert (answer.status_code, answer["Location"]) == (302, "https://shop.example/kettle")
    send.refresh_from_db()
    assert send.clicked_at
    assert send.opened_at
    assert set(Event.objects.values_list("kind", flat=True)) == {"open", "link"}


BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15"


def follow(client, send, view="link", agent=BROWSER, ask="get", **headers):
    send.refresh_from_db()
    return getattr(client, ask)(url(view, send), headers={"User-Agent": agent, **headers})


def counted(send) -> tuple[bool, bool, bool]:
    """Opened, clicked, looked through by a program."""
    send.refresh_from_db()
    return bool(send.opened_at), bool(send.clicked_at), bool(send.scanned_at)


@pytest.mark.parametrize(
    ("seconds", "asked"),
    [
        (2, {}),  # faster than anybody reads
        (600, {"ask": "head"}),
        (600, {"agent": "Barracuda Sentinel (EE)"}),
        (600, {"agent": "Mozilla/5.0 (compatible; Mimecast)"}),
        (600, {"agent": "python-requests/2.31"}),
        (600, {"Sec-Purpose": "prefetch;prerender"}),
    ],
)
def test_a_program_that_looks_through_her_mail_is_not_her(client, send, seconds, asked):
    Send.objects.filter(pk=send.pk).update(sent_at=timezone.now() - timedelta(seconds=seconds))
    assert follow(client, send, **asked).status_code == 302  # she may sit behind it all the same
    assert counted(send) == (False, False, True)
    assert not Event.objects.exists()
    Send.objects.filter(pk=send.pk).update(sent_at=timezone.now() - timedelta(hours=1))
    follow(client, send)
    assert counted(send) == (True, True, True)


def test_a_picture_that_her_mail_service_fetches_for_her_is_her(client, send):
    gmail = "Mozilla/5.0 Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    Send.objects.filter(pk=send.pk).update(sent_at=timezone.now() - timedelta(hours=1))
    follow(client, send, "open", gmail)
    assert counted(send) == (True, False, False)


@pytest.mark.parametrize("order", [("link", "unsubscribe"), ("unsubscribe", "link")])
def test_who_follows_every_link_at_once_is_a_program(client, send, order):
    Send.objects.filter(pk=send.pk).update(sent_at=timezone.now() - timedelta(hours=1))
    for view in order:
        follow(client, send, view)
    assert counted(send) == (False, False, True)


def test_who_leaves_a_while_after_the_click_has_clicked(client, send):
    hour = timezone.now() - timedelta(hours=1)
    Send.objects.filter(pk=send.pk).update(sent_at=hour, clicked_at=hour, opened_at=hour)
    follow(client, send, "unsubscribe")
    assert counted(send) == (True, True, False)


def test_who_refused_analytics_is_not_watched(client, send):
    record_consent(send.customer, Purpose.ANALYTICS, granted=False, source="test")
    assert follow(client, send).status_code == 302
    follow(client, send, "open")
    assert counted(send) == (False, False, False)
    assert not Event.objects.exists()
    record_consent(send.customer, Purpose.ANALYTICS, granted=True, source="test")
    follow(client, send)
    assert counted(send) == (True, True, False)


def test_forged_tokens_record_nothing(client, send):
    forged = f"{send.pk}.abc"
    assert client.get(f"/m/o/{forged}.gif").status_code == 200
    assert client.get(f"/m/l/{forged}").status_code == 404
    assert client.post(f"/m/u/{forged}").status_code == 404
    assert not Event.objects.exists()


def test_only_a_post_unsubscribes(client, send):
    page = client.get(url("unsubscribe", send))
    assert page.status_code == 200
    assert "r…@example.com" in page.content.decode()
    assert send.customer.allows(Purpose.MARKETING_EMAIL)
    for _ in range(2):
        assert client.post(url("unsubscribe", send)).status_code == 200
    assert not send.customer.allows(Purpose.MARKETING_EMAIL)
    assert send.customer.consents.count() == 2


def test_a_mail_program_unsubscribes_with_one_click_and_no_cookie(send):
    from django.test import Client

    answer = Client(enforce_csrf_checks=True).post(
        url("unsubscribe", send), {"List-Unsubscribe": "One-Click"}
    )
    assert answer.status_code == 200
    assert not send.customer.allows(Purpose.MARKETING_EMAIL)
