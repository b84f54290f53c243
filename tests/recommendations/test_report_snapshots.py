"""A report that takes long is counted by a job, at night or when asked, and read with its age."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.models import Job, JobState, Snapshot
from decisions.services import jobs
from recommendations import report_frames
from recommendations.services import report_snapshots as kept
from recommendations.services.reporting import Period, placement_reports, usual_period
from tests.factories import make_variant
from tests.factories_access import make_staff
from tests.factories_marketing import Quiet
from tests.factories_report import make_busy_placement

pytestmark = pytest.mark.django_db
PAGE, FILE = "admin:recommendations_report", "admin:recommendations_report_file"
API = "/api/merchant/v1/recommendations/report/"


@pytest.fixture
def large(monkeypatch):
    """A shop with more in these days than is counted while somebody waits."""
    monkeypatch.setattr(kept, "MOST_AT_ONCE", 10)
    variants = [make_variant(f"T-{n}", brand="acme" if n else "") for n in range(4)]
    make_busy_placement(variants, at=timezone.now() - timedelta(days=3))


@pytest.fixture
def viewer(client):
    client.force_login(make_staff("recommendations.view_recommendation"))
    return client


def body(viewer, **asked):
    return viewer.get(reverse(PAGE), asked).content.decode()


@pytest.mark.usefixtures("large")
def test_what_comes_back_from_the_snapshot_is_what_was_counted():
    period, at = usual_period(), timezone.now()
    counted = placement_reports(period, now=at)
    assert kept.counted_reports(period, at).reports is None
    kept.refresh(period, Quiet(), at)
    found = kept.counted_reports(period, at)
    assert found.reports == counted
    assert (found.as_of, found.is_stored) == (at, True)
    assert found.reports.placements[0].now.counts["shown"] == 120


@pytest.mark.usefixtures("large")
def test_the_page_says_that_nobody_counted_asks_once_and_shows_what_the_job_found(viewer):
    page = body(viewer)
    assert "These days have not been counted yet." in page
    assert "Count now" in page
    assert "Nothing was seen" not in page
    assert viewer.get(reverse(FILE)).status_code == 400
    for _twice in range(2):
        assert viewer.post(reverse(PAGE)).status_code == 302
    job = Job.objects.get(kind=kept.KIND)
    page = body(viewer)
    assert "data-running" in page
    assert "Waiting for a worker." in page
    assert "Count now" not in page
    assert jobs.run_job(job.pk).state == JobState.SUCCEEDED
    part = body(viewer, part="1")
    assert "<html" not in part
    for page in (part, body(viewer)):
        assert "120 seen by 40 people" in page
        assert "Counted on" in page
        assert "Count anew" in page
        assert "data-running" not in page
    assert viewer.get(reverse(FILE)).status_code == 200


@pytest.mark.usefixtures("large")
def test_a_count_that_failed_is_said(viewer):
    viewer.post(reverse(PAGE))
    Job.objects.update(state=JobState.FAILED, finished_at=timezone.now())
    page = body(viewer)
    assert "Counting failed." in page
    assert "Count now" in page


@pytest.mark.usefixtures("large")
def test_the_night_counts_what_the_page_offers_and_lets_go_what_nobody_asks_for(viewer):
    now = timezone.now()
    Snapshot.objects.create(
        subject="placements:2026-01-01:2026-01-28", payload={}, as_of=now - 2 * kept.KEPT, seconds=9
    )
    Snapshot.objects.create(
        subject="campaign:1", payload={}, as_of=now - 2 * kept.KEPT, seconds=9
    )  # another's
    assert kept.refresh_usual(Quiet(), now) == {"counted": 3, "forgotten": 1}
    assert Snapshot.objects.count() == 4
    for days in kept.PRESETS:
        period = usual_period(days=days)
        page = body(viewer, first=period.first, last=period.last)
        assert "120 seen by 40 people" in page


@pytest.mark.usefixtures("large")
def test_while_yesterday_is_not_counted_the_last_nights_figures_stand_and_say_so(viewer):
    yesterday = timezone.now() - timedelta(days=1)
    kept.refresh_usual(Quiet(), yesterday)
    page = body(viewer)
    assert "120 seen by 40 people" in page
    assert "These are the figures of" in page
    assert viewer.get(API).json()["last"] == str(usual_period().last - timedelta(days=1))
    chosen = usual_period(days=5)  # days that a person chose are those days and no others
    page = body(viewer, first=chosen.first, last=chosen.last)
    assert "These days have not been counted yet." in page
    # Too old to pass for the last days.
    Snapshot.objects.all().delete()
    kept.refresh_usual(Quiet(), timezone.now() - timedelta(days=kept.NIGHTS_BACK + 1))
    assert "These days have not been counted yet." in body(viewer)


@pytest.mark.usefixtures("large")
def test_the_api_says_that_it_is_to_be_counted(viewer):
    answer = viewer.get(API)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/report-not-counted")
    headers = {"Idempotency-Key": "one"}
    asked = viewer.post(API, {}, content_type="application/json", headers=headers)
    assert (asked.status_code, asked.json()) == (202, {"is_asked": True})
    headers = {"Idempotency-Key": "two"}
    again = viewer.post(API, {}, content_type="application/json", headers=headers)
    assert again.json() == {"is_asked": False}
    jobs.run_job(Job.objects.get(kind=kept.KIND).pk)
    found = viewer.get(API).json()
    assert found["placements"][0]["counts"]["shown"] == 120
    assert found["is_refreshing"] is False


@pytest.mark.usefixtures("large")
def test_the_page_asks_as_little_whatever_was_seen(viewer, django_assert_num_queries):
    kept.refresh_usual(Quiet(), timezone.now())
    body(viewer)  # the session and permissions are warm
    period = usual_period()
    with django_assert_num_queries(3):  # is it large, the snapshot, is somebody counting
        kept.counted_reports(period)
    make_busy_placement([make_variant("MORE-1")], at=timezone.now() - timedelta(days=2), people=90)
    with django_assert_num_queries(3):
        kept.counted_reports(period)


@pytest.mark.usefixtures("large")
def test_days_that_hold_much_are_counted_by_a_sample(viewer, monkeypatch):
    monkeypatch.setattr(report_frames, "MOST_EVENTS", 90)
    period = usual_period()
    # As a version before this one left them there.
    Snapshot.objects.create(
        subject=kept.subject_of(period), payload={"too_many": 5}, as_of=timezone.now(), seconds=1
    )
    assert "These days have not been counted yet." in body(viewer)
    assert kept.refresh(period, Quiet())["counted"] is True
    assert "of the people were counted" in body(viewer)
    assert viewer.get(API).json()["sample_rate"] < 1


def test_a_small_shop_is_counted_for_each_reader(viewer):
    make_busy_placement([make_variant("T-1")], at=timezone.now() - timedelta(days=3), people=30)
    assert "30 seen by 30 people" in body(viewer)
    make_busy_placement([make_variant("T-2")], at=timezone.now() - timedelta(days=3), people=30)
    page = body(viewer)
    assert "60 seen by 60 people" in page
    assert "Count anew" not in page
    assert Snapshot.objects.count() == 0


def test_days_of_the_same_length_lie_where_they_should():
    period = usual_period(days=7)
    assert period.before() == period.earlier(7)
    assert period.earlier(1).days == 7
    assert period.earlier(1) == Period(
        period.first - timedelta(days=1), period.last - timedelta(days=1)
    )
