"""What the speed benchmarks compare is equal: otherwise their seconds would compare nothing."""

import numpy as np

from benchmarks.als_speed import CLOSE_ENOUGH, compare
from benchmarks.made_interactions import make_counts
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
