"""Who of value is slipping away, what it rests on, and a list of exactly these."""

import csv
import io

import pytest
from django.urls import reverse

from decisions.models import Job
from decisions.services import jobs
from marketing.definitions.rule_text import parse
from marketing.definitions.rules import customers_of
from marketing.models import Audience, CustomerPrediction, CustomerProfile
from tests.factories import make_customer
from tests.factories_access import make_staff
from tests.factories_marketing import AS_OF

pytestmark = pytest.mark.django_db
PAGE = "admin:marketing_slipping"


def make_buyer(code, rise, score=5, now=0.8):
    customer = make_customer(code, name=f"={code}")
    CustomerProfile.objects.create(
        customer=customer, as_of=AS_OF, frequency=4, monetary_minor=90_000, monetary_score=score
    )
    CustomerPrediction.objects.create(
        customer=customer, as_of=AS_OF, order_days=4, silent_days=60, mean_gap_days=20.0,
        churn_90=now, churn_90_low=now - 0.05, churn_90_high=now + 0.05,
        churn_before=None if rise is None else now - rise,
        churn_before_low=None if rise is None else now - rise - 0.05,
        churn_before_high=None if rise is None else now - rise + 0.05,
        churn_rise_28=rise, spend_365_minor=12_300, spend_365_low_minor=0,
        spend_365_high_minor=40_000,
    )  # fmt: skip
    return customer


@pytest.fixture
def owner(client):
    client.force_login(make_staff(is_superuser=True))
    return client


def test_the_steepest_rise_comes_first_with_its_intervals_and_why(owner):
    make_buyer("SLOW", 0.1)
    make_buyer("FAST", 0.4)
    make_buyer("CALM", 0.01)
    make_buyer("POOR", 0.5, score=3)
    make_buyer("FRESH", None)
    page = owner.get(reverse(PAGE)).content.decode()
    assert page.index("=FAST") < page.index("=SLOW")
    assert [name for name in ("=CALM", "=POOR", "=FRESH") if name in page] == []
    assert "75–85 %" in page
    assert "4 order days, 20 days apart on average; 60 days of silence." in page
    assert page.count("intervals touch") == 1  # SLOW: 75 to 85 % now, 65 to 75 % then
    file = owner.get(reverse(PAGE), {"as": "csv"}).content.decode()
    rows = list(csv.DictReader(io.StringIO(file)))
    assert [row["code"] for row in rows] == ["FAST", "SLOW"]
    assert rows[0]["name"] == "'=FAST"
    assert float(rows[0]["rise"]) == 0.4


def test_a_campaign_for_these_is_a_list_of_exactly_these_and_two_clicks_are_one(owner):
    make_buyer("FAST", 0.4)
    make_buyer("SLOW", 0.12)
    key = "0b5ae6f0-6c1f-4bd1-8f0e-1d1c7e1f0a11"
    for _click in range(2):
        owner.post(reverse(PAGE), {"rise": "0.3", "key": key})
    audience = Audience.objects.get()
    jobs.run_job(Job.objects.get(kind="freeze_audience").pk)
    assert [one.customer.code for one in audience.members.all()] == ["FAST"]


def test_what_is_not_known_says_so(owner):
    assert "no value model is live" in owner.get(reverse(PAGE)).content.decode()
    make_buyer("A", 0.4, score=None)
    assert "too short for scores" in owner.get(reverse(PAGE)).content.decode()


def test_names_are_for_whoever_may_see_customers(client):
    from django.contrib.auth.models import Permission

    make_buyer("FAST", 0.4)
    reader = make_staff()
    assert client.get(reverse(PAGE)).status_code == 302
    client.force_login(reader)
    assert client.get(reverse(PAGE)).status_code == 403
    reader.user_permissions.add(Permission.objects.get(codename="view_customerprediction"))
    page = client.get(reverse(PAGE)).content.decode()
    assert "FAST" in page
    assert "=FAST" not in page
    assert client.post(reverse(PAGE), {"rise": "0.1", "key": "x"}).status_code == 403


def test_segments_ask_for_the_rise(owner):
    make_buyer("FAST", 0.4)
    make_buyer("SLOW", 0.12)
    found = customers_of(parse("churn_rise_28 >= 0.2"))
    assert [one.code for one in found] == ["FAST"]
