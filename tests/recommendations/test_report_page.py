"""The report as a page, as a file and as an API."""

import csv
import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_variant
from tests.factories_access import make_staff
from tests.factories_report import make_answer, make_busy_placement, make_seen

pytestmark = pytest.mark.django_db
PAGE, FILE = "admin:recommendations_report", "admin:recommendations_report_file"
API = "/api/merchant/v1/recommendations/report/"


@pytest.fixture
def viewer(client):
    client.force_login(make_staff("recommendations.view_recommendation"))
    return client


@pytest.fixture
def _busy():
    variants = [make_variant(f"T-{n}", brand="=cmd" if n else "") for n in range(4)]
    make_busy_placement(variants, at=timezone.now() - timedelta(days=3))


def test_nothing_seen_says_what_to_send(viewer):
    page = viewer.get(reverse(PAGE)).content.decode()
    assert "Nothing was seen in these days." in page
    assert "Send an impression for each product" in page


@pytest.mark.usefixtures("_busy")
def test_figures_stand_with_interval_and_definition(viewer):
    page = viewer.get(reverse(PAGE)).content.decode()
    assert "Home page" in page
    assert "120 seen by 40 people · 20 clicked · 10 bought" in page
    assert "16.7 %" in page
    assert "95 %: " in page
    assert "£1,666.67" in page
    assert "Still open: sales until" in page


def test_too_little_says_how_much_is_missing_and_what_is_wrong(viewer):
    tea = make_variant("TEA-1")
    at = timezone.now() - timedelta(days=2)
    answer = make_answer([tea], at=at)
    make_seen("impression", answer, "TEA-1", visitor="v", at=at)
    make_seen("impression", answer, "TEA-1", visitor="v", at=at, properties={})
    page = viewer.get(reverse(PAGE)).content.decode()
    assert "1 of at least 30 people who saw something" in page
    assert "1 event counts nowhere" in page


def test_a_period_that_cannot_be_is_said(viewer):
    page = viewer.get(reverse(PAGE), {"first": "2026-03-02", "last": "2026-03-01"})
    assert "The first day comes after the last one." in page.content.decode()
    assert viewer.get(reverse(PAGE), {"first": "soon"}).status_code == 200
    assert viewer.get(reverse(FILE), {"first": "soon"}).status_code == 400
    answer = viewer.get(API, {"first": "2026-03-02", "last": "2026-03-01"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "first")


@pytest.mark.usefixtures("_busy")
def test_the_events_behind_the_figures_are_one_click_away(client):
    client.force_login(make_staff("recommendations.view_recommendation", "shop.view_event"))
    page = client.get(reverse(PAGE)).content.decode()
    (address,) = re.findall(r'href="([^"]*kind=click[^"]*)"', page)
    listed = client.get(html.unescape(address)).content.decode()
    assert "20 events" in listed or "20 results" in listed


@pytest.mark.usefixtures("_busy")
def test_the_file_says_the_same_and_runs_nothing(viewer):
    answer = viewer.get(reverse(FILE))
    assert answer["Content-Disposition"].startswith('attachment; filename="placements_')
    rows = list(csv.DictReader(answer.content.decode().splitlines()))
    by_name = {row["figure"]: row for row in rows}
    assert by_name["shown"]["value"] == "120"
    assert float(by_name["click_rate"]["value"]) == pytest.approx(20 / 120)
    assert by_name["click_rate"]["before"] == ""
    assert by_name["brand_share_rate:'=cmd"]["placement"] == "home"


@pytest.mark.usefixtures("_busy")
def test_the_api_says_the_same(viewer):
    (found,) = viewer.get(API).json()["placements"]
    figures = {one["figure"]: one for one in found["figures"]}
    assert found["counts"]["purchases"] == 10
    assert figures["conversion_rate"]["value"] == pytest.approx(10 / 120)
    assert figures["coverage_rate"]["low"] is not None
    assert viewer.get(API, {"placement": "cart"}).json()["placements"] == []


def test_only_who_may_see_it(client):
    client.force_login(make_staff("shop.view_product"))
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.get(reverse(FILE)).status_code == 403
    assert client.get(API).status_code == 403
