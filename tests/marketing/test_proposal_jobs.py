"""A large list is written by a job, a small one at once; the page follows either."""

import pytest
from django.urls import reverse

from decisions.models import Job
from decisions.services import jobs
from marketing.models import Audience
from marketing.services.campaigns import proposal_jobs
from tests.factories_access import make_staff
from tests.factories_marketing import make_campaign, make_reachable

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client):
    client.force_login(make_staff(is_superuser=True))
    return client


def ask(client, campaign):
    address = reverse("admin:marketing_campaign_do", args=[campaign.pk])
    return client.post(address, {"verb": "propose"}, follow=True).content.decode()


def test_a_large_list_is_written_by_one_job_and_then_waits_for_approval(owner, monkeypatch):
    monkeypatch.setattr(proposal_jobs, "AT_ONCE", 2)
    make_reachable(3)
    campaign = make_campaign()
    assert "being written" in ask(owner, campaign)
    page = ask(owner, campaign)  # a second click
    assert Audience.objects.count() == 0
    assert Job.objects.filter(kind=proposal_jobs.KIND).count() == 1
    assert "disabled" in page
    jobs.run_job(Job.objects.get(kind=proposal_jobs.KIND).pk)
    campaign.refresh_from_db()
    assert campaign.state == "proposed"
    assert campaign.audience.customer_count == 3


def test_a_small_list_is_written_at_once(owner):
    make_reachable(3)
    campaign = make_campaign()
    ask(owner, campaign)
    campaign.refresh_from_db()
    assert campaign.state == "proposed"
    assert not Job.objects.filter(kind=proposal_jobs.KIND).exists()


def test_what_is_missing_stands_on_the_page_and_the_next_click_asks_again(owner, monkeypatch):
    monkeypatch.setattr(proposal_jobs, "AT_ONCE", 0)
    campaign = make_campaign()
    people = make_reachable(1)
    people[0].consents.all().delete()
    ask(owner, campaign)
    job = jobs.run_job(Job.objects.get(kind=proposal_jobs.KIND).pk)
    assert job.state == "failed"
    page = owner.get(reverse("admin:marketing_campaign_path", args=[campaign.pk])).content.decode()
    assert "Nobody in this segment has an address" in page
    ask(owner, campaign)
    assert Job.objects.filter(kind=proposal_jobs.KIND).count() == 2
