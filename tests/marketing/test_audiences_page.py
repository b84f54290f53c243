"""The audience explorer: exact sizes, money with its interval, overlap, members of an earlier day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from decisions.models import Job, Snapshot
from decisions.services import jobs
from marketing.definitions.rules import RuleError
from marketing.models import SegmentChange
from marketing.services.audiences import audience_figures as figures
from marketing.services.audiences import segment_comparisons
from marketing.services.audiences.memberships import refresh_membership
from marketing.services.customers import cohort_snapshots
from marketing.services.customers.customer_value import train_value
from tests.factories import make_customer, make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_behaviour import END, make_buyers
from tests.factories_marketing import AS_OF, Quiet, give_consent, make_segment

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _artefacts(tmp_path):
    with override_settings(ARTEFACT_DIR=tmp_path):
        yield


@pytest.fixture
def marketer(client):
    client.force_login(make_staff("marketing.view_segment"))
    return client


def of_country(name: str, code: str):
    return make_segment({"all": [{"field": "country", "op": "is", "value": name}]}, code=code)


def test_sizes_are_exact_and_money_is_a_mean_with_its_interval():
    tea = make_variant("TEA")
    people = [make_customer(f"C{n}", country="GB") for n in range(20)]
    give_consent(people[0])
    for number, one in enumerate(people[:15]):
        make_order([(tea, 1 + number % 2)], customer=one, at=AS_OF - 30 * DAY)
    make_order([(tea, 9)], customer=people[0], at=AS_OF - 400 * DAY)  # over a year ago
    segment = of_country("GB", "british")
    figures.refresh(figures.subject_of(segment), AS_OF)
    kept = Snapshot.objects.get(pk=figures.subject_of(segment)).payload
    assert (kept["size"], kept["reachable"], kept["sample"], kept["buyers"]) == (20, 1, 20, 15)
    assert kept["revenue"]["value"] == 22_000 / 20
    assert kept["revenue"]["low"] < 1100 < kept["revenue"]["high"]
    assert kept["margin"]["value"] == pytest.approx(0.6 * 1100)
    assert "No value model is live" in kept["forecast"]["refusal"]["msgid"]
    assert kept["changes"] is None  # not tracked


def test_what_is_foreseen_comes_from_the_live_model():
    make_buyers(900)
    train_value(END, seed=1)
    cohort_snapshots.refresh_cohorts(Quiet(), END)
    segment = make_segment()
    figures.refresh(figures.subject_of(segment), END)
    forecast = Snapshot.objects.get(pk=figures.subject_of(segment)).payload["forecast"]
    judged = Snapshot.objects.get(pk="cohort_backtest:month").payload["measures"]["retention"]
    assert ("silent" in forecast) == (judged["error"] < judged["baseline_error"])
    assert 0 < forecast["silent"]["low"] <= forecast["silent"]["value"]
    assert forecast["silent"]["value"] <= forecast["silent"]["high"] < 1


def test_entered_and_left_are_counted_by_local_day_and_by_week():
    segment, ann = make_segment(), make_customer("A")
    segment.is_tracked = True
    for days, entered in ((0, True), (1, False), (1, False), (20, True), (100, True)):
        SegmentChange.objects.create(
            segment=segment, customer=ann, entered=entered, at=AS_OF - days * DAY
        )
    found = figures.changes_of(segment, AS_OF + timedelta(hours=3))
    assert (len(found["days"]), len(found["weeks"])) == (28, 12)
    assert [one[1:] for one in found["days"][-2:]] == [[0, 2], [1, 0]]
    assert sum(one[1] for one in found["weeks"]) == 2  # one lies before the twelve weeks
    assert found["weeks"][-1][0] == "2026-03-02"  # a Monday


def test_overlap_counts_every_combination_once():
    make_customer("A", country="GB", language="en")
    make_customer("B", country="GB", language="zh")
    make_customer("C", country="FR", language="zh")
    make_customer("D", country="FR", language="en")
    british = of_country("GB", "british")
    chinese = make_segment({"all": [{"field": "language", "op": "is", "value": "zh"}]}, code="zh")
    cells = segment_comparisons.overlap_cells([british, chinese])
    assert cells == [[1, 1], [2, 1], [3, 1]]
    [pair] = segment_comparisons.pairs(cells, 2)
    assert (pair["both"], pair["either"], pair["jaccard"]) == (1, 3, 1 / 3)
    assert segment_comparisons.pairs([], 2)[0]["jaccard"] is None


def test_members_of_an_earlier_day_are_todays_taken_back():
    ann, ben, eve = (make_customer(code, country="GB") for code in "ABE")
    segment = of_country("GB", "british")
    with pytest.raises(RuleError, match="tracked"):
        segment_comparisons.members_at(segment, AS_OF)
    refresh_membership(segment, AS_OF)
    states = {}
    for day, gone, back in ((1, [ann], []), (2, [ben], [ann]), (3, [ann, eve], [ben])):
        for one, country in [(one, "FR") for one in gone] + [(one, "GB") for one in back]:
            one.country = country
            one.save()
        refresh_membership(segment, AS_OF + day * DAY)
        states[day] = set(segment.members.values_list("customer", flat=True))
    segment.refresh_from_db()
    for day, expected in states.items():
        found = segment_comparisons.members_at(segment, AS_OF + day * DAY + timedelta(hours=1))
        assert set(found.values_list("pk", flat=True)) == expected, day
    assert states[1] != states[2] != states[3]
    with pytest.raises(RuleError):
        segment_comparisons.members_at(segment, AS_OF - DAY)  # before it was tracked
    segment.rule = {"all": [{"field": "country", "op": "is", "value": "FR"}]}
    segment.save()
    refresh_membership(segment, AS_OF + 4 * DAY)
    with pytest.raises(RuleError):
        segment_comparisons.members_at(segment, AS_OF + 3 * DAY)  # another rule then
    segment.is_tracked = False
    with pytest.raises(RuleError):
        segment_comparisons.members_at(segment, AS_OF + 5 * DAY)


def test_who_was_tracked_before_that_was_kept_counts_from_the_last_look():
    segment = make_segment()
    refresh_membership(segment, AS_OF)
    segment.tracked_since = None
    refresh_membership(segment, AS_OF + DAY)
    assert segment.tracked_since == AS_OF
    refresh_membership(segment, AS_OF + 2 * DAY)
    assert segment.tracked_since == AS_OF


def test_a_curve_follows_the_members_of_then():
    """Two customers of 24 weeks ago order in the first and third period; a later one is no member."""
    now = timezone.now().replace(hour=12)
    tea, since = make_variant("TEA"), segment_comparisons.followed_since(24, now)
    old = [make_customer(f"O{n}", created_at=since - DAY) for n in range(4)]
    late = make_customer("LATE", created_at=since + DAY)
    for who, days in ((old[0], 1), (old[0], 2), (old[1], 60), (late, 3), (old[2], -5)):
        make_order([(tea, 1)], customer=who, at=since + days * DAY)
    make_order([(tea, 1)], customer=old[3], at=now - timedelta(hours=30))
    segment = make_segment()
    kept = segment_comparisons.curve_report(segment, 24, now).payload
    assert (kept["size"], kept["sample"]) == (4, 4)
    assert kept["active"] == [1, 0, 1, 0, 0, 1]


def test_pages_files_and_query_counts(marketer, django_assert_max_num_queries):
    make_buyers(80)
    first, second = make_segment(), of_country("GB", "british")
    refresh_membership(first, END)
    for one in (first, second):
        figures.refresh(figures.subject_of(one), END)
    address = reverse("admin:marketing_audiences")
    with django_assert_max_num_queries(14):
        page = marketer.get(address).content.decode()
    assert "Everybody" in page
    assert "not tracked" in page
    lines = marketer.get(address, {"as": "csv"}).content.decode().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("code,name")
    compare = reverse("admin:marketing_audience_compare")
    chosen = {"s": ["everybody", "british"], "weeks": 12}
    with django_assert_max_num_queries(28):
        page = marketer.get(compare, chosen).content.decode()
    assert "Whom they share" in page
    assert "known as it is today" in page
    assert "This segment is not tracked" in page
    lines = marketer.get(compare, chosen | {"as": "csv"}).content.decode().splitlines()
    assert lines[0].startswith("what,segments")
    assert any(line.startswith("jaccard,") for line in lines)
    assert marketer.get(compare, {"s": "everybody", "by": "day"}).status_code == 200
    for wrong in ({}, {"s": "none"}, {"s": [f"x{n}" for n in range(9)]}, {"s": "\x00"}):
        assert marketer.get(compare, wrong).status_code == 302


def test_more_than_six_are_refused(marketer):
    for number in range(7):
        make_segment(code=f"s{number}")
    found = marketer.get(
        reverse("admin:marketing_audience_compare"), {"s": [f"s{n}" for n in range(7)]}
    )
    assert found.status_code == 302


def test_jobs_count_what_was_asked_for_once(marketer, monkeypatch):
    monkeypatch.setattr(cohort_snapshots, "MOST_ORDERS", 0)
    make_buyers(80)
    make_segment()
    of_country("GB", "british")
    address = reverse("admin:marketing_audiences")
    assert "not counted yet" in marketer.get(address).content.decode()
    marketer.post(address)
    marketer.post(address)
    compare = f"{reverse('admin:marketing_audience_compare')}?s=everybody&s=british"
    assert "Count now" in marketer.get(compare).content.decode()
    marketer.post(compare)
    kinds = sorted(Job.objects.values_list("kind", flat=True))
    assert kinds == ["count_audience", "count_audience", "count_curve", "count_overlap"]
    for job in Job.objects.all():
        jobs.run_job(job.pk)
    assert "Count now" not in marketer.get(compare).content.decode()
    assert "not counted yet" not in marketer.get(address).content.decode()


def test_a_changed_rule_is_said(marketer):
    segment = make_segment()
    figures.refresh(figures.subject_of(segment), datetime.now(AS_OF.tzinfo))
    segment.rule = {"all": [{"field": "country", "op": "is", "value": "GB"}]}
    segment.save()
    page = marketer.get(reverse("admin:marketing_audiences")).content.decode()
    assert "the rule has changed since" in page


def test_the_empty_shop_and_those_who_may_not(marketer, client):
    page = marketer.get(reverse("admin:marketing_audiences")).content.decode()
    assert "There is no segment yet" in page
    client.force_login(make_staff("shop.view_order"))
    for name in ("marketing_audiences", "marketing_audience_compare"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403


def test_a_segment_that_is_gone_is_nothing_to_count():
    assert figures.refresh("audience:999") == {"counted": False}
    assert segment_comparisons.refresh_overlap([998, 999]) == {"counted": False}
    assert segment_comparisons.refresh_curve(999, 12) == {"counted": False}


def test_the_last_hour_before_the_clocks_have_changed_back_is_in_the_last_period():
    """From a midnight in summer to one in winter there are twelve weeks and an hour."""
    london = ZoneInfo("Europe/London")
    people = [make_customer(f"O{n}", created_at=datetime(2026, 7, 1, tzinfo=UTC)) for n in range(2)]
    tea = make_variant("TEA")
    make_order([(tea, 1)], customer=people[0], at=datetime(2026, 9, 6, 0, 30, tzinfo=london))
    make_order([(tea, 1)], customer=people[1], at=datetime(2026, 11, 28, 23, 59, tzinfo=london))
    segment = make_segment({}, code="everybody")
    at = datetime(2026, 11, 29, 12, tzinfo=UTC)
    shown = segment_comparisons.curve_report(segment, 12, at)
    assert shown is not None
    assert (shown.payload["active"][0], shown.payload["active"][-1]) == (1, 1)
