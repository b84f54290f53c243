"""Cohorts from the database to page, file and API: net money, filters, roles, refusals, age."""

import itertools
from datetime import datetime, timedelta

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from decisions.models import Job, Snapshot
from decisions.services import jobs, snapshots
from marketing.frames.cohorts import Who, chosen, cohort_orders
from marketing.pages import cohorts as shown
from marketing.services.customers import cohort_snapshots as cohorts
from marketing.services.customers.customer_value import train_value
from shop.models import Channel, Return
from tests.factories import make_customer, make_order, make_variant
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_behaviour import END, make_buyers
from tests.factories_marketing import Quiet, make_segment

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
API = "/api/merchant/v1/cohorts/"


@pytest.fixture(autouse=True)
def _artefacts(tmp_path):
    with override_settings(ARTEFACT_DIR=tmp_path):
        yield


@pytest.fixture
def marketer(client):
    user = make_staff("marketing.view_segment", "marketing.change_segment")
    client.force_login(user)
    return client


def at(day: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(day))


def test_money_is_net_of_what_was_given_up_and_came_back():
    """3 × 1000 of which one was cancelled, 500 of 3000 refunded: 1500 stays, less 2 × 400 of cost."""
    ann, tea = make_customer("A"), make_variant("TEA")
    order = make_order([(tea, 3)], customer=ann, at=at("2026-01-10"))
    order.lines.update(cancelled_units=1)
    Return.objects.create(
        number="R1", order=order, customer=ann, currency="GBP", refund_minor=500,
        returned_at=at("2026-01-20"),
    )  # fmt: skip
    make_order([(tea, 1)], customer=ann, at=at("2026-02-10"), state="cancelled")
    gone = make_order([(tea, 1)], customer=ann, at=at("2026-02-11"))
    gone.lines.update(cancelled_units=1)
    make_order([(make_variant("CUP", cost_minor=None), 1)], customer=ann, at=at("2026-02-12"))
    make_order([(tea, 1)], at=at("2026-02-13"))  # a guest's
    found = cohort_orders(at("2026-03-01"))
    assert found.revenue_minor.tolist() == [1500, 1000]
    assert found.margin_minor[0] == 700
    assert found.margin_minor[1] != found.margin_minor[1]  # no cost, no margin
    assert cohort_orders(at("2026-01-15")).revenue_minor.tolist() == [2000]  # not back by then


def test_filters_look_at_the_first_order_and_at_the_customer():
    web = Channel.objects.create(code="web", name="Web")
    tea, cup = make_variant("TEA", category="tea"), make_variant("CUP", category="cups")
    ann, ben = make_customer("A", country="GB"), make_customer("B", country="FR")
    make_order([(tea, 1)], customer=ann, at=at("2026-01-10"), channel=web)
    make_order([(cup, 1)], customer=ann, at=at("2026-02-10"))
    make_order([(cup, 1)], customer=ben, at=at("2026-01-10"))
    make_segment({"all": [{"field": "country", "op": "is", "value": "FR"}]}, code="french")
    orders = cohort_orders(at("2026-03-01"))

    def who(**filters) -> list[bool]:
        return chosen(orders, Who(**filters)).tolist()

    assert who() == [True, True]
    assert who(category="tea") == who(channel="web") == who(country="GB") == [True, False]
    assert who(category="cups") == who(segment="french") == [False, True]  # hers came second
    assert who(channel="fax") == who(segment="none") == who(category="?") == [False, False]


def test_a_large_shop_is_read_in_part(monkeypatch):
    monkeypatch.setattr("marketing.frames.cohorts.MOST_CUSTOMERS", 10)
    tea = make_variant("TEA")
    for number in range(25):
        make_order([(tea, 1)], customer=make_customer(f"C{number}"), at=at("2026-01-10"))
    found = cohort_orders(at("2026-03-01"))
    assert found.step == 3
    assert 8 <= found.customers.size <= 9
    assert set(found.customers % 3) == {0}


@pytest.fixture
def night():
    """900 customers, eleven months: the night has trained, judged and counted."""
    make_buyers(900)
    run = train_value(END, seed=1)
    assert run.state == "live"
    cohorts.refresh_cohorts(Quiet(), END)
    return run


def test_the_night_foresees_what_it_could_have_foreseen(night):
    kept = Snapshot.objects.get(pk="cohort_backtest:month").payload
    judged = kept["measures"]["retention"]
    assert judged["cells"] >= 9
    payload = Snapshot.objects.get(pk="cohorts:month:all").payload
    forecast = payload["forecast"]
    assert forecast["run"] == night.pk
    for name in ("retention", "revenue", "margin"):
        states = {cell["state"] for row in payload["rows"] for cell in row[name]}
        is_foreseen = kept["measures"]["retention" if name == "retention" else "revenue"]
        better = is_foreseen["error"] < is_foreseen["baseline_error"]
        assert ("foreseen" in states) == better == (name not in forecast["refusals"])
    assert "foreseen" in {c["state"] for row in payload["rows"] for c in row["retention"]}
    for row in payload["rows"]:
        for cell in row["retention"]:
            if cell["value"] is not None and cell["low"] is not None:
                assert 0 <= cell["low"] <= cell["value"] <= cell["high"] <= 1
        money = [c["value"] for c in row["revenue"] if c["state"] != "running" and c["value"]]
        assert money == sorted(money)  # cumulated, through to what is foreseen
    before = list(Snapshot.objects.order_by("pk").values_list("payload", flat=True))
    cohorts.refresh_cohorts(Quiet(), END)
    assert list(Snapshot.objects.order_by("pk").values_list("payload", flat=True)) == before


def test_without_a_model_nothing_is_foreseen():
    make_buyers(60)
    found = cohorts.cohort_report(cohorts.Ask(), END).payload
    assert found["rows"]
    assert {c["state"] for row in found["rows"] for c in row["retention"]} <= {"done", "running"}
    assert "No value model is live" in found["forecast"]["refusals"]["retention"]["msgid"]


def test_a_model_that_older_cohorts_beat_is_refused(night):
    row = Snapshot.objects.get(pk="cohort_backtest:month")
    row.payload["measures"]["retention"] |= {"error": 0.4, "baseline_error": 0.3}
    row.save()
    found = cohorts.cohort_report(cohorts.Ask(who=Who(category="tea")), END).payload
    assert "older cohorts" in found["forecast"]["refusals"]["retention"]["msgid"]
    assert "foreseen" not in {c["state"] for r in found["rows"] for c in r["retention"]}


def test_page_file_and_query_count(marketer, night, django_assert_max_num_queries):
    address = reverse("admin:marketing_cohorts")
    with django_assert_max_num_queries(32):
        page = marketer.get(address, {"unit": "month", "category": "tea"}).content.decode()
    assert "mk-heat" in page
    assert "≈" in page
    assert "Tried on the past" in page
    for measure in ("revenue", "margin"):
        assert marketer.get(address, {"measure": measure}).status_code == 200
    lines = marketer.get(address, {"as": "csv"}).content.decode().splitlines()
    assert lines[0].split(",")[:3] == ["cohort", "customers", "measure"]
    assert any(",foreseen," in line for line in lines)


def test_the_page_of_an_empty_shop_and_of_a_wrong_address(marketer):
    address = reverse("admin:marketing_cohorts")
    assert "There is no cohort before the first order" in marketer.get(address).content.decode()
    wrong = marketer.get(address, {"unit": "year"})
    assert wrong.status_code == 200
    assert "mk-wrong" in wrong.content.decode()


def test_a_large_shop_is_counted_by_a_job(marketer, monkeypatch):
    monkeypatch.setattr(cohorts, "MOST_ORDERS", 1)
    make_buyers(60)
    address = reverse("admin:marketing_cohorts")
    assert "Count now" in marketer.get(address).content.decode()
    assert marketer.get(API).json()["type"].endswith("not-counted")
    marketer.post(address)
    marketer.post(address)  # twice is once
    job = Job.objects.get(kind=cohorts.KIND)
    jobs.run_job(job.pk)
    page = marketer.get(address).content.decode()
    assert "mk-heat" in page
    assert "Count anew" in page
    assert marketer.get(API).json()["one_customer_in"] == 1


def test_where_the_night_took_long_nobody_waits(marketer, monkeypatch):
    """The table of everybody is the night's; a part of them is counted by a job."""
    make_buyers(60)
    cohorts.refresh_cohorts(Quiet(), END)
    count, counted = cohorts.cohort_orders, []
    monkeypatch.setattr(
        cohorts, "cohort_orders", lambda *args: counted.append(args) or count(*args)
    )
    address = reverse("admin:marketing_cohorts")
    Snapshot.objects.update(seconds=0.5)  # the control: quick, so for each reader anew
    assert "Counted on" not in marketer.get(address).content.decode()
    assert len(counted) == 1
    Snapshot.objects.filter(pk="cohorts:month:all").update(seconds=1.2)
    assert "Counted on" in marketer.get(address).content.decode()
    assert "Count now" in marketer.get(address, {"category": "tea"}).content.decode()
    assert len(counted) == 1
    marketer.post(address + "?category=tea")
    jobs.run_job(Job.objects.get(kind=cohorts.KIND).pk)
    assert "Counted on" in marketer.get(address, {"category": "tea"}).content.decode()


def test_the_night_counts_the_reading_as_time_to_wait(monkeypatch):
    make_buyers(60)
    clock = itertools.count(0, 10)  # each look at it is ten seconds later
    monkeypatch.setattr(snapshots.time, "perf_counter", lambda: next(clock))
    cohorts.refresh_cohorts(Quiet(), END)
    assert Snapshot.objects.get(pk="cohorts:month:all").seconds == 20


def test_the_api_gives_the_same_and_is_for_those_who_may(client, night):
    assert client.get(API).status_code == 401
    client.force_login(make_staff("shop.view_order"))
    assert client.get(API).status_code == 403
    assert client.get(reverse("admin:marketing_cohorts")).status_code == 403
    key = bearer(make_key(user=make_staff("marketing.view_segment")).secret)
    client.logout()
    found = client.get(API, {"unit": "week"}, **key).json()
    assert len(found["cohorts"]) <= 24
    assert {len(row["retention"]) for row in found["cohorts"]} <= set(range(0, 20))
    assert client.get(API, {"unit": "year"}, **key).status_code == 400
    assert client.post(API, {}, **key).status_code in (400, 403)


@pytest.mark.parametrize(("value", "text"), [(0.656, "66 %"), (0.0, "0 %"), (None, "–")])
def test_shares_are_rounded_and_not_cut_off(value, text):
    assert shown.percent(value) == text
    assert shown.written(0.36469, "retention") == "36.5 %"
