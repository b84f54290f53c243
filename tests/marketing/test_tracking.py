"""Signed addresses: what they record, and that they lead nowhere else."""

import pytest
from django.urls import reverse

from marketing.delivery.mail import token_of
from marketing.models import Send
from shop.models import Event, Purpose
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
