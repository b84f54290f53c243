"""On shops whose truth is known: taste, substitutes and complements are found, and money with them.

The tolerances are stated here; benchmarks/known_truth.py measures the same on larger shops with
the night's own search.
"""

import time

import numpy as np
import pytest

from recommendations.ml.harness import Plan
from shop.simulator import oracle
from tests import known_truth

FEW = ("popularity", "item_knn", "transitions", "ease", "blend")


@pytest.fixture(scope="module")
def world():
    return known_truth.make(3, products=120, customers=1500, days=365)


@pytest.fixture(scope="module")
def models(world):
    plan = Plan(FEW, seed=1, seconds=1e9)  # never cut by a clock: the same on any machine
    return known_truth.trained(world, plan, time.process_time)


def test_rank_correlation_by_hand():
    """Five ranks, d² = 4+1+1+4+0 → 1 − 6·10/(5·24) = 0.5; ties share their mean rank."""
    truth = np.array([[1.0, 2, 3, 4, 5], [1, 1, 2, 2, 3]])
    scores = np.array([[3.0, 1, 4, 2, 5], [5, 5, 7, 7, 9]])
    assert oracle.spearman_by_row(scores, truth) == pytest.approx([0.5, 1.0])
    assert np.isnan(oracle.spearman_by_row(np.ones((1, 5)), truth[:1])[0])


def test_precision_and_clicks_by_hand():
    assert oracle.precision_at(np.array([[4, 2], [1, -1]]), [{2, 9}, {1}]).tolist() == [0.5, 0.5]
    liking = np.log(np.array([[1.0, 0.5, 0.25]]))
    shown = oracle.clicked(np.array([[1, 0, -1]]), liking, np.array([10.0, 20.0, 40.0]))
    assert shown.clicks == pytest.approx(0.25 * (0.5 + 0.85))
    assert shown.margin == pytest.approx(0.25 * (0.5 * 20 + 0.85 * 10))


def test_the_chosen_models_scores_follow_the_true_taste(world, models):
    """Spearman per customer over all products: above 0.5 with the true liking and 0.5 with the
    personal part alone; popularity, which knows nobody, stays below 0.3."""
    chosen, by_name = models
    whole, personal = known_truth.taste_found(world, by_name[chosen])
    assert chosen != "popularity"
    assert whole > 0.5
    assert personal > 0.5
    assert known_truth.taste_found(world, by_name["popularity"])[0] < 0.3


def test_what_goes_together_is_found(world):
    """Of the first two products of other categories after each one: ten times chance."""
    found, chance = known_truth.complements_found(world, "transitions")
    assert found > 0.18
    assert found > 8 * chance


def test_what_is_taken_instead_is_found(world):
    """Precision at three among the products of the category, and how much moves in all."""
    found, chance, learned = known_truth.substitutes_found(world)
    assert found > 0.45
    assert found > 1.7 * chance
    assert learned.to_sibling_rate < 0.01, "nobody takes another size here"
    assert 0.2 < learned.to_similar_rate < 0.6


def test_margin_rises_at_equal_clicks(world, models):
    """The margin knob earns more for as many clicks, by true taste, as the model without it; and
    the model earns more than popularity with any knob."""
    _chosen, by_name = models
    rates = [0.0, 0.2, 0.3, 0.5]
    lists = known_truth.lists_under(world, by_name["blend"], rates)
    plain, *tilted = (known_truth.shown(world, part) for part in lists)
    equal = [one for one in tilted if one.clicks >= 0.99 * plain.clicks]
    assert equal
    assert max(one.margin for one in equal) > 1.05 * plain.margin
    popular = known_truth.lists_under(world, by_name["popularity"], rates)
    assert plain.margin > max(known_truth.shown(world, part).margin for part in popular)


def test_lost_units_are_what_was_wanted_on_days_without_stock(world):
    """Summed over SKUs within 20 % of the truth; at least 75 % of the 80 % intervals hold it."""
    found = known_truth.lost_units_found(world)
    assert len(found.wanted) > 30
    assert found.mean.sum() == pytest.approx(found.wanted.sum(), rel=0.2)
    assert found.held > 0.75
