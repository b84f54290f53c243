"""The search of parameters: lists, then ever smaller steps; a large EASE on its best sellers first."""

import numpy as np
import pytest

from recommendations.ml import harness, search
from recommendations.ml.interactions import Histories, Rows, interactions
from recommendations.ml.search import Fitter, Found, coordinate_search
from recommendations.ml.sources import HistoryRule


def made(n_users=40, n_items=30, seed=0):
    rng = np.random.default_rng(seed)
    user, item = np.nonzero(rng.random((n_users, n_items)) < 0.3)
    at = np.arange(len(user), dtype=np.float64)
    return interactions(Rows(user, item, np.ones(len(user), np.float32), at, n_users, n_items))


def test_a_row_counts_by_its_place_from_the_end():
    empty = np.zeros(3, dtype=np.int32)
    ones, bought = np.ones(3, np.float32), np.ones(3, dtype=bool)
    histories = Histories(np.array([0, 1, 3]), np.array([0, 1, 2]), ones, empty, bought)
    assert histories.rows_ago.tolist() == [0, 1, 0]
    values = HistoryRule.of({"recency_rows": 2.0}).values(histories)
    assert values == pytest.approx([1, np.exp(-0.5), 1])


def test_the_steps_find_a_size_between_those_of_the_list():
    class Pretender(Fitter):
        def __call__(self, params):
            return params

    def value(params):
        return -abs(np.log(params["penalty"] / 190)) - abs(params["dropout"] - 0.22)

    space = {"penalty": [300.0, 100.0, 30.0], "dropout": [0.0, 0.3]}
    found = coordinate_search(Pretender("ease", made(), 0), space, value, lambda: True)
    assert found.params["penalty"] == pytest.approx(190, rel=0.16)
    assert found.params["dropout"] == pytest.approx(0.22, abs=0.04)


def test_an_ease_of_many_items_is_searched_on_its_best_sellers(monkeypatch):
    monkeypatch.setattr(search, "SEARCHED_ITEMS", 10)
    asked = []

    class Noting(Fitter):
        def __call__(self, params):
            if not self.has(params):
                asked.append(params["most_items"])
            return super().__call__(params)

    space = {**search.RECENCY, **search.SPACES["ease"], "penalty": [300.0, 30.0]}
    found = search.search(Noting("ease", made(), 0), space, lambda source: 1.0, lambda: True)
    assert found.params["most_items"] is None
    assert set(asked[:-1]) == {10}
    assert len(asked) > 3
    assert asked[-1] is None  # all items once, and once only
    assert found.source.weights.shape == (30, 30)


def test_what_is_trained_by_epochs_and_far_behind_is_left_out():
    found = {name: Found({}, value, None) for name, value in (("ease", 0.2), ("sasrec", 0.1))}
    assert set(harness._far_behind(found)) == {"sasrec"}
    assert set(found) == {"ease"}
