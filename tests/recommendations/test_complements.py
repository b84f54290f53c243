"""What belongs together, told from what merely sells well; and what sells better than before."""

import numpy as np
import pytest

from recommendations.ml.complements import BASKET_ITEMS
from recommendations.ml.fits import fit
from recommendations.ml.interactions import Rows, interactions

DAY = 86_400.0
LIFT = {"lift": 1.0, "shrink": 5.0, "recency_baskets": None}


def make_part(baskets, n_items, bought=None):
    """One basket a user, all on day 0."""
    user = np.concatenate([np.full(len(basket), place) for place, basket in enumerate(baskets)])
    item = np.concatenate(baskets)
    ones = np.ones(len(user), np.float32)
    rows = Rows(user, item, ones, np.zeros(len(user)), len(baskets), n_items, bought)
    return interactions(rows)


def test_a_pair_by_hand():
    """40 baskets {0, 1}, 40 {0, 2, 3}: of 80 with 0, half hold 1, and 1 is in half of all."""
    part = make_part([[0, 1]] * 40 + [[0, 2, 3]] * 40, 4)
    weights = fit("complements", part, LIFT, 0).weights.toarray()
    seen = 40 / (40 + 5)
    assert weights[0, 1] == pytest.approx(40 / 80 * (80 / 40) * seen)
    assert weights[0, 2] == pytest.approx(40 / 2 / 80 * (80 / 40) * seen)  # a basket of 3 says half
    assert weights[1, 2] == 0


def test_lift_prefers_what_belongs_together_to_what_everybody_buys():
    """0 stands in every basket; 1 goes with 2."""
    part = make_part([[0, 1, 2]] * 20 + [[0, 3, 4]] * 80, 5)
    weights = fit("complements", part, LIFT, 0).weights.toarray()
    assert weights[1].argmax() == 2
    confidence = fit("complements", part, LIFT | {"lift": 0.0}, 0).weights.toarray()
    assert confidence[1, 0] == confidence[1, 2]


def test_views_and_giant_baskets_do_not_count():
    giant = list(range(BASKET_ITEMS + 1))
    part = make_part([giant] * 3, BASKET_ITEMS + 1)
    assert fit("complements", part, LIFT, 0).weights.nnz == 0
    seen = make_part([[0, 1]] * 3, 2, bought=np.tile([True, False], 3))
    assert fit("complements", seen, LIFT, 0).weights.nnz == 0


def make_sales(days_of_items):
    """One user per sale; days_of_items: for each item, the days on which it sold."""
    item = np.concatenate([np.full(len(days), place) for place, days in enumerate(days_of_items)])
    at = np.concatenate(days_of_items) * DAY
    ones = np.ones(len(item), np.float32)
    return interactions(Rows(np.arange(len(item)), item, ones, at, len(item), len(days_of_items)))


def test_what_grows_stands_above_what_always_sold_as_well():
    """Items 0 and 1 sold alike in the last week; 1 had sold as much all along."""
    lately = np.arange(94.0, 101.0)
    part = make_sales([lately, np.concatenate([lately, np.tile(np.arange(0.0, 94.0), 2)]), [100.0]])
    params = {"half_life_days": 7.0}
    grown = fit("trend", part, params | {"growth": 2.0}, 0).trend
    level = fit("trend", part, params | {"growth": 0.0}, 0).trend
    assert grown.argmax() == 0
    assert level.argmax() == 1


def test_without_times_a_trend_is_a_count():
    ones = np.ones(3, np.float32)
    part = interactions(Rows(np.arange(3), np.array([0, 1, 1]), ones, None, 3, 2))
    params = {"half_life_days": 7.0, "growth": 1.0}
    assert fit("trend", part, params, 0).trend.tolist() == [1, 2]
