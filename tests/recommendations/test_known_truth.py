"""On shops whose truth is known: taste, substitutes and complements are found, and money with them.

The tolerances are stated here; benchmarks/known_truth.py measures the same on larger shops with
the night's own search.
"""

import time

import numpy as np
import pytest

from recommendations.ml.harness import Plan
from recommendations.ml.mixing import MIXES
from shop.simulator import oracle
from tests import known_truth

FEW = ("popularity", "item_knn", "complements", "transitions", "ease", "blend", "ranker")


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


def test_the_scores_follow_the_true_taste(world, models):
    """Spearman per customer over all products: the blend's above 0.5 with the true liking and 0.5 with
    the personal part alone; popularity, which knows nobody, stays below 0.3. The ranker has scores of
    its pool alone and orders nothing below it: above 0.35."""
    chosen, by_name = models
    assert chosen in MIXES
    whole, personal = known_truth.taste_found(world, by_name["blend"])
    assert whole > 0.5
    assert personal > 0.5
    assert known_truth.taste_found(world, by_name["ranker"])[0] > 0.35
    assert known_truth.taste_found(world, by_name["popularity"])[0] < 0.3


def test_what_goes_together_is_found(world):
    """Of the first two products of other categories beside each one, by the source that the pages
    ask: many times chance. What follows in time, which stands in for it, finds them too."""
    found, chance = known_truth.complements_found(world, "complements")
    assert found > 0.18
    assert found > 8 * chance
    followed, _chance = known_truth.complements_found(world, "transitions")
    assert followed > 8 * chance


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


def test_margin_at_equal_clicks_rises_with_the_ranker(world, models):
    """At no fewer clicks, by true taste, than the best single source has, the ranker's lists earn more:
    what it finds better can be given up for margin."""
    _chosen, by_name = models
    rates = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5]
    singles = [name for name in by_name if name not in MIXES]
    plain = {
        name: known_truth.shown(world, known_truth.lists_under(world, by_name[name], [0.0])[0])
        for name in singles
    }
    best = max(plain.values(), key=lambda one: one.clicks)
    tilted = known_truth.lists_under(world, by_name["ranker"], rates)
    ranked = [known_truth.shown(world, part) for part in tilted]
    equal = [one for one in ranked if one.clicks >= best.clicks]
    assert equal
    assert max(one.margin for one in equal) > 1.02 * best.margin


def test_what_there_is_too_much_of_is_clicked_more_and_what_runs_out_less(world, models):
    """The stock knob at a third moves clicks, by true taste, to overstock and away from what will be
    gone in a week, for at most one click in twenty."""
    _chosen, by_name = models
    lists = known_truth.lists_under(world, by_name["blend"], [0.0, 0.33], knob="stock_rate")
    plain, moved = (known_truth.shown(world, part) for part in lists)
    assert moved.clicks > 0.95 * plain.clicks
    pull = known_truth.pulls_of(world)
    for wanted, way in ((pull > 0.3, 1), (pull < -0.3, -1)):
        assert wanted.sum() >= 5
        before, after = (clicks_on(world, part, wanted) for part in lists)
        assert way * (after / before - 1) > 0.1


def clicks_on(world, lists, wanted):
    """Clicks of lists that go to the products wanted, by the true liking."""
    liking = oracle.true_liking(world.shop.truth)[world.judged]
    return oracle.clicked(lists, liking, wanted.astype(float)).margin


def test_lost_units_are_what_was_wanted_on_days_without_stock(world):
    """Summed over SKUs within 20 % of the truth; at least 75 % of the 80 % intervals hold it."""
    found = known_truth.lost_units_found(world)
    assert len(found.wanted) > 30
    assert found.mean.sum() == pytest.approx(found.wanted.sum(), rel=0.2)
    assert found.held > 0.75
