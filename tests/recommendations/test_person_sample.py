"""A report of more events than are read at once: a sample of people, each with all that is hers."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from recommendations import report_frames
from recommendations.person_sample import PersonSample
from recommendations.report_frames import People, sales_between, seen_between
from recommendations.services.reporting import Period, placement_reports
from shop.models import Customer, Event, EventKind
from shop.services.events.visitors import link_visitor
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_recommendations import begin_keys
from tests.factories_report import make_answer, make_busy_placement, make_seen

pytestmark = pytest.mark.django_db
PERIOD = Period(NOW.date() - timedelta(days=1), NOW.date() + timedelta(days=1))
LATER = NOW + timedelta(days=30)


@pytest.fixture(autouse=True)
def _the_same_people_are_drawn(db):
    """By their keys: one draw in so many lies outside a 95 % interval, and must."""
    begin_keys(Customer)


def read(people: People):
    found = seen_between(PERIOD.since, PERIOD.until, people)
    products = np.unique(found.touches.product)
    return found, sales_between(PERIOD.since, LATER, products, people, found.sample)


def make_mixed_shop():
    """Customers, guests whose browser is a customer's, guests who buy, and events without a name."""
    variants = [make_variant(f"T-{n}", brand="acme") for n in range(4)]
    make_busy_placement(variants, people=120)
    for number in range(60):
        who, answer = f"v-{number}", make_answer(variants[:2])
        for variant in variants[:2]:
            make_seen("impression", answer, variant.sku, visitor=who)
        if number % 3 == 0:
            link_visitor(who, make_customer(f"L-{number}"), at=NOW + timedelta(minutes=5))
        if number % 3 == 1:
            order = make_order([(variants[0], 1)], customer=None, at=NOW + timedelta(hours=1))
            Event.objects.create(
                event_id=f"bought-{number}", kind=EventKind.PURCHASE, order=order, visitor=who,
                occurred_at=NOW, received_at=NOW + timedelta(hours=1),
            )  # fmt: skip
    for _number in range(30):
        make_seen("impression", make_answer(variants[:1]), "T-0")
    return variants


def test_of_the_people_drawn_everything_is_there_and_of_the_others_nothing(monkeypatch):
    make_mixed_shop()
    whole, bought = read(People())
    assert whole.sample.is_all
    monkeypatch.setattr(report_frames, "MOST_EVENTS", 250)
    part, theirs = read(People())
    assert 0.2 < part.sample.rate < 0.6
    receipts = set(part.receipts)
    drawn = [row for row, receipt in enumerate(whole.receipts) if receipt in receipts]
    # Whole answers, thus whole people: hers are hers by receipt, whatever number a guest has.
    assert sorted(part.receipts) == sorted(whole.receipts[row] for row in drawn)
    assert len(np.unique(part.touches.person)) == len(np.unique(whole.touches.person[drawn]))
    assert 0.25 * 210 * part.sample.rate < len(np.unique(part.touches.person)) < 210
    for kind in (np.unique(whole.touches.person) > 0, np.unique(whole.touches.person) < 0):
        assert kind.any()
    customers = set(part.touches.person[part.touches.person > 0].tolist())
    hers = np.isin(bought.sales.person, list(customers))
    assert hers.sum() == (theirs.sales.person > 0).sum()
    guests = len(theirs.sales.person) - hers.sum()
    assert 0 < guests < 20
    assert len(theirs.sales.person) < len(bought.sales.person)


def test_its_figures_lie_around_those_of_everybody(monkeypatch):
    make_busy_placement([make_variant(f"T-{n}", brand="acme") for n in range(4)], people=300)
    [everybody] = placement_reports(PERIOD, now=LATER).placements
    monkeypatch.setattr(report_frames, "MOST_EVENTS", 450)
    found = placement_reports(PERIOD, now=LATER)
    [sample] = found.placements
    assert found.sample_rate == pytest.approx(450 / 1050)
    assert sample.now.counts["persons"] == pytest.approx(0.43 * 300, rel=0.25)
    for name, figure in everybody.now.figures.items():
        ours = sample.now.figures[name]
        if figure.low is not None:  # nobody entered what the goods cost
            assert ours.low <= figure.value <= ours.high, name


def test_a_share_of_people_is_drawn_by_who_they_are():
    assert PersonSample.for_rows(100, 500).is_all
    assert PersonSample.for_rows(50_000_000, 500_000).rate == 0.01
    make_busy_placement([make_variant("T-1")], people=200)
    events = Event.objects.filter(kind="impression")
    few, more = (
        set(
            PersonSample(rate).of_events(events, report_frames.RECEIPT).values_list("pk", flat=True)
        )
        for rate in (0.2, 0.5)
    )
    assert few < more  # who is in the smaller sample is in the larger one
    assert len(few) / 200 == pytest.approx(0.2, abs=0.09)


def test_the_page_says_of_whom_the_figures_are(client, monkeypatch):
    make_busy_placement([make_variant("T-1")], people=60, at=timezone.now() - timedelta(days=3))
    client.force_login(make_staff("recommendations.view_recommendation"))
    page = reverse("admin:recommendations_report")
    assert "of the people were counted" not in client.get(page).content.decode()
    monkeypatch.setattr(report_frames, "MOST_EVENTS", 50)
    assert "55.56 % of the people were counted" in client.get(page).content.decode()
    file = client.get(reverse("admin:recommendations_report_file")).content.decode()
    assert "sample_rate,0.5555" in file
    answer = client.get("/api/merchant/v1/recommendations/report/")
    assert answer.json()["sample_rate"] == pytest.approx(5 / 9)
