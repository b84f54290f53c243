"""A request folds a person in from the very rows, in the very order, of a training."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache

from recommendations.frames import shop_interactions
from recommendations.ml.interactions import interactions
from recommendations.ml.one_person import gathered, oldest_first
from recommendations.services import ranking
from recommendations.services.asking import Ask
from recommendations.services.inputs import request_inputs
from recommendations.services.live_model import serving_model
from recommendations.services.placements import settings_at
from recommendations.services.reading import read_request
from shop.models import Consent, Event
from tests.factories import make_customer, make_order
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db
WEIGHTS = {"ease": 1.0, "item_knn": 0.5}


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


@pytest.fixture
def customer():
    """Baskets whose lines do not stand in the order of their products, one of them bought again, and
    a look at the very moment of an order."""
    variants = make_taste_shop()
    publish_model(weights=WEIGHTS, own_params={"ease": {"recency_rows": 2.0}})
    customer = make_customer("NEW")
    Consent.objects.create(
        customer=customer, purpose="personalisation", granted=True, source="t", recorded_at=START
    )
    at = LATER - timedelta(hours=1)
    make_order([(variants[n], 1) for n in (7, 2)], number="N-1", customer=customer, at=START)
    make_order([(variants[n], 1) for n in (9, 4, 7, 1)], number="N-2", customer=customer, at=at)
    for number, place in enumerate((12, 3, 9)):
        Event.objects.create(
            event_id=f"e{number}", kind="view", occurred_at=at, received_at=at,
            variant=variants[place], customer=customer, consent=True,
        )  # fmt: skip
    return customer


def as_requested(customer):
    """(model, her history) as a request at LATER folds her in."""
    ask, settings = Ask(customer=customer), settings_at("home", LATER)
    read, model = read_request(ask, settings, LATER), serving_model()
    return model, ranking.history_of(request_inputs(ask, settings, read, model, LATER, "s"), model)


def test_the_history_of_a_request_is_that_of_a_training(customer):
    model, asked = as_requested(customer)
    history = shop_interactions(LATER, {customer.pk})
    trained = interactions(history.rows).histories
    items = model.recommender.item_idx(history.product_ids)[trained.item_idx]
    assert asked.item_idx.tolist() == items.tolist()
    assert sorted(items.tolist()) != items.tolist()
    for name in ("weight", "baskets_ago", "bought", "at", "rows_ago"):
        assert getattr(asked, name).tolist() == pytest.approx(getattr(trained, name).tolist())


def test_a_source_that_asks_for_the_order_scores_as_in_the_night(customer):
    model, asked = as_requested(customer)
    reading = shop_interactions(LATER)
    every = interactions(reading.rows).histories
    user = int(np.flatnonzero(reading.customer_ids == customer.pk)[0])
    night = every.take(np.array([user]))
    blend = model.recommender.blend(WEIGHTS)
    assert blend.scores(asked) == pytest.approx(blend.scores(night), abs=1e-6)
    other = asked.take(np.array([0]))
    other.item_idx[-2:] = other.item_idx[-2:][::-1]  # the order does decide
    assert blend.scores(other) != pytest.approx(blend.scores(night), abs=1e-6)


def test_of_one_moment_purchases_come_first_and_the_later_line_counts():
    bought = [(5, 1.0, 9.0, True), (3, 1.0, 9.0, True), (5, 1.0, 9.0, True), (8, 1.0, 1.0, True)]
    noticed = [(3, 0.1, 9.0, False), (2, 0.1, 4.0, False)]
    rows = oldest_first(bought, noticed, lambda row: row[2])
    assert [row[0] for row in rows] == [8, 2, 5, 3, 5, 3]
    assert gathered(rows) == [
        [8, 1.0, 1.0, True],
        [2, 0.1, 4.0, False],
        [5, 2.0, 9.0, True],
        [3, 1.1, 9.0, True],
    ]
