"""What the speed benchmarks compare is equal: otherwise their seconds would compare nothing."""

import numpy as np
import pytest
from scipy import sparse

from benchmarks import refresh
from benchmarks.als_speed import CLOSE_ENOUGH, compare
from benchmarks.made_interactions import make_counts
from benchmarks.refresh import make_days
from recommendations.ml.als import AlsParams


def test_the_made_crowd_has_the_size_and_shape_asked_for():
    counts = make_counts(500, 300, 8_000, clusters=5, seed=3)
    assert counts.nnz >= 0.995 * 8_000
    assert (counts.data >= 1).all()
    assert (counts != make_counts(500, 300, 8_000, clusters=5, seed=3)).nnz == 0
    cluster = np.arange(300) % 5
    homes = counts @ np.eye(5, dtype=np.float32)[cluster]
    homes = homes[homes.sum(axis=1) > 0]
    assert np.median(homes.max(axis=1) / homes.sum(axis=1)) > 0.6


def test_both_solvers_reach_one_objective_and_both_list_the_same_items():
    confidence = make_counts(600, 300, 9_000, clusters=5)
    confidence.data = 1 + 10 * np.log2(1 + confidence.data)
    found = compare(confidence, AlsParams(factors=16, seed=1), k=10, rounds=1)
    theirs, ours = found["objective"]
    assert abs(ours / theirs - 1) < CLOSE_ENOUGH
    assert found["lists_that_differ"] == 0
    assert all(len(taken) == 1 for taken in found["seconds"].values())


def test_a_refresh_is_as_good_as_a_refit_and_near_the_exact_solution():
    days = make_days(make_counts(1_500, 300, 60_000, clusters=5), share=0.2)
    params = AlsParams(factors=16, seed=1)
    found = refresh.compare(days, params, rounds=1)
    assert found["off"] < 1e-4
    assert found["ndcg"]["refresh"] > 0.99 * found["ndcg"]["refit"]
    assert found["ndcg"]["refit"] > 0.05
    assert (days.today != days.yesterday).nnz > 0
    assert days.tomorrow.multiply(days.today[days.changed]).nnz == 0


def test_ndcg_by_hand():
    wanted = sparse.csr_matrix(np.array([[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]))
    lists = np.full((3, refresh.K), -1)
    lists[0, :3] = [0, 1, 2]
    lists[1, :2] = [3, 2]
    first = (1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3))
    assert refresh.ndcg(lists, wanted) == pytest.approx(first / 2)
