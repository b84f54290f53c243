"""The send monitor: what it counts, how it guesses the end, who may stop what."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from marketing.models import Campaign, Send
from marketing.pages.send_monitor import monitor_page
from marketing.services.campaigns import campaigns
from marketing.services.campaigns.campaigns import CampaignError
from marketing.services.sending.sends import send_campaign
from tests.factories_access import make_staff
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def sending():
    """100 recipients; 40 left in the last four minutes, 10 were skipped, 6 wait for their morning."""
    people = make_reachable(100)
    campaign = approve(make_campaign())
    start = NOW - timedelta(minutes=4)
    Campaign.objects.filter(pk=campaign.pk).update(state="sending", started_at=start)

    def rows(some, state, **fields):
        Send.objects.bulk_create(
            Send(campaign=campaign, customer=one, state=state, **fields) for one in some
        )

    rows(people[:40], "sent", handed_over_at=NOW - timedelta(minutes=2), sent_at=NOW)
    rows(people[40:47], "skipped", reason="no_consent")
    rows(people[47:50], "skipped", reason="frequency_cap")
    rows(people[50:52], "failed", error="550")
    rows(people[52:53], "unknown", error="ZeroDivisionError: x")
    rows(people[53:59], "claimed", due_at=NOW + timedelta(hours=8))
    rows(people[59:63], "claimed")
    campaign.refresh_from_db()
    return campaign


def test_what_is_counted_and_when_it_ends(sending, django_assert_num_queries):
    with django_assert_num_queries(5):
        page = monitor_page(sending, NOW)
    assert {one["name"]: one["count"] for one in page["states"]} == {
        "claimed": 10 + 37, "sent": 40, "skipped": 10, "failed": 2, "unknown": 1,
    }  # fmt: skip
    assert (page["done"], page["total"], page["percent"]) == (53, 100, 53)
    assert [count for _label, count in page["reasons"]] == [7, 3]
    assert page["errors"] == [("550", 2), ("ZeroDivisionError: x", 1)]
    pace = page["pace"]
    assert (pace.per_minute, pace.left, pace.asleep) == (10, 41, 6)
    assert pace.ends_at == NOW + timedelta(hours=8)  # not before the last one wakes
    Send.objects.filter(due_at__gt=NOW).update(due_at=None)
    assert monitor_page(sending, NOW)["pace"].ends_at == NOW + timedelta(minutes=4.7)


def test_without_a_rate_no_end_is_claimed(sending):
    Send.objects.update(handed_over_at=NOW - timedelta(hours=1), due_at=None)
    assert monitor_page(sending, NOW)["pace"].ends_at is None
    Campaign.objects.filter(pk=sending.pk).update(per_minute=20)
    sending.refresh_from_db()
    pace = monitor_page(sending, NOW)["pace"]
    assert pace.ends_at == NOW + timedelta(minutes=47 / 20)


def test_the_page_and_the_part_that_keeps_itself_up_to_date(sending, client):
    client.force_login(make_staff("marketing.view_campaign"))
    url = reverse("admin:marketing_campaign_monitor", args=[sending.pk])
    page = client.get(url).content.decode()
    part = client.get(url + "?part=1").content.decode()
    for text in (page, part):
        assert "53 of 100 dealt with, 53 %" in text
        assert "No consent" in text
        assert 'value="pause"' not in text
    assert "<html" in page
    assert "<html" not in part
    client.force_login(make_staff("marketing.view_campaign", "marketing.change_campaign"))
    assert 'value="pause"' in client.get(url).content.decode()


def test_who_may_not_see_campaigns_sees_no_monitor(sending, client):
    client.force_login(make_staff("shop.view_order"))
    url = reverse("admin:marketing_campaign_monitor", args=[sending.pk])
    assert client.get(url).status_code == 403


def test_pause_resume_and_stop_come_back_to_the_monitor(client):
    make_reachable(3)
    campaign = approve(make_campaign())
    client.force_login(make_staff("marketing.view_campaign", "marketing.change_campaign"))
    url = reverse("admin:marketing_campaign_monitor", args=[campaign.pk])

    def press(verb):
        do = reverse("admin:marketing_campaign_do", args=[campaign.pk])
        answer = client.post(do, {"verb": verb, "back": "monitor"})
        campaign.refresh_from_db()
        return answer["Location"], campaign.state

    assert press("pause") == (url, "paused")
    assert press("resume") == (url, "approved")
    assert press("stop") == (url, "cancelled")
    send_campaign(Quiet(), campaign.pk)
    assert mail.outbox == []
    assert press("stop") == (url, "cancelled")  # twice changes nothing, and says so


def test_stopping_takes_back_what_waits_and_leaves_what_has_left(sending):
    campaigns.stop(sending)
    assert not sending.sends.filter(state="claimed").exists()
    assert sending.sends.filter(reason="taken_back").count() == 10
    assert sending.sends.filter(state="sent").count() == 40
    with pytest.raises(CampaignError):
        campaigns.stop(sending)


def test_before_it_began_there_is_nothing_to_divide_by():
    make_reachable(1)
    page = monitor_page(make_campaign(), timezone.now())
    assert (page["total"], page["percent"], page["pace"].left) == (0, 0, 0)
