"""Metrics against examples worked by hand and against a slow, independent recomputation."""

import math

import numpy as np
import pytest

from recommendations.ml.metrics import paired_difference, per_customer, scorecard
from recommendations.ml.splits import HeldOut


def make_held_out(wanted, unknown=()):
    """wanted: a set of item indices per customer; unknown: extra held-out items per customer."""
    counts = [len(items) for items in wanted]
    items = np.array([item for some in wanted for item in sorted(some)], dtype=np.int32)
    total = np.array(counts) + np.array(unknown or [0] * len(wanted))
    return HeldOut(np.arange(len(wanted)), np.concatenate([[0], np.cumsum(counts)]), items, total)


def test_hand_example():
    """Lists of 3; customer 0 has 2 hits of 4, customer 1 none, customer 2 no list at all."""
    lists = np.array([[7, 1, 4], [2, 3, 5], [-1, -1, -1]], dtype=np.int32)
    found = per_customer(lists, make_held_out([{7, 4, 8, 9}, {0}, {1}]), 10)
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)  # three places, four relevant items
    assert found["ndcg"] == pytest.approx([(1 + 0.5) / ideal, 0, 0])
    assert found["map"] == pytest.approx([(1 + 2 / 3) / 4, 0, 0])  # divided by 4, not by 3
    assert found["precision"] == pytest.approx([2 / 3, 0, 0])
    assert found["recall"] == pytest.approx([2 / 4, 0, 0])
    assert found["hit_rate"] == pytest.approx([1, 0, 0])


def test_an_item_unknown_to_training_counts_as_held_out():
    lists = np.array([[0, 1]], dtype=np.int32)
    found = per_customer(lists, make_held_out([{0}], unknown=[1]), 5)
    assert found["recall"] == pytest.approx([0.5])
    assert found["map"] == pytest.approx([0.5])


def test_coverage_and_novelty_by_hand():
    lists = np.array([[0, 1], [0, -1]], dtype=np.int32)
    card = scorecard(lists, make_held_out([{0}, {0}]), np.array([4, 2, 1, 1]), n_users=8)
    assert card["coverage"] == 0.5
    assert card["novelty"] == pytest.approx((1 + 2 + 1) / 3)


def slow_metrics(ranked, relevant, k):
    """The definitions, read out loud."""
    hits = [item in relevant for item in ranked[:k]]
    dcg = sum(1 / math.log2(place + 2) for place, hit in enumerate(hits) if hit)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(k, len(relevant))))
    precisions = [sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit]
    return dcg / ideal, sum(precisions) / len(relevant), sum(hits) / k, sum(hits) / len(relevant)


def test_random_lists_agree_with_the_slow_recomputation():
    rng = np.random.default_rng(5)
    n_items, k = 40, 10
    lists = np.array([rng.permutation(n_items)[:k] for _ in range(200)], dtype=np.int32)
    wanted = [set(rng.permutation(n_items)[: rng.integers(1, 25)].tolist()) for _ in range(200)]
    found = per_customer(lists, make_held_out(wanted), n_items)
    for row, relevant in enumerate(wanted):
        fast = [found[name][row] for name in ("ndcg", "map", "precision", "recall")]
        assert fast == pytest.approx(slow_metrics(lists[row].tolist(), relevant, k))


def test_ndcg_is_scikit_learn_s():
    """An implementation that is not ours, over full rankings; nobody has fewer items than k."""
    from sklearn.metrics import average_precision_score, ndcg_score

    rng = np.random.default_rng(8)
    n, n_items, k = 60, 50, 10
    scores = rng.random((n, n_items))
    relevant = rng.random((n, n_items)) < rng.uniform(0.05, 0.5, (n, 1))
    relevant[:, 0] = True
    order = np.argsort(-scores, axis=1).astype(np.int32)
    wanted = [set(np.flatnonzero(row).tolist()) for row in relevant]
    found = per_customer(order[:, :k], make_held_out(wanted), n_items)
    theirs = [ndcg_score(relevant[row : row + 1], scores[row : row + 1], k=k) for row in range(n)]
    assert found["ndcg"] == pytest.approx(theirs)
    whole = per_customer(order, make_held_out(wanted), n_items)
    theirs = [average_precision_score(relevant[row], scores[row]) for row in range(n)]
    assert whole["map"] == pytest.approx(theirs)


def test_a_customer_without_a_list_is_a_miss_in_every_mean():
    held_out = make_held_out([{0}, {1}])
    card = scorecard(np.array([[0], [-1]]), held_out, np.array([2, 2]), n_users=4)
    assert (card["ndcg"], card["hit_rate"], card["recall"], card["map"]) == (0.5, 0.5, 0.5, 0.5)


def test_the_interval_of_a_constant_difference_is_that_difference():
    ours = np.full(50, 0.3)
    assert paired_difference(ours, ours - 0.1, seed=1) == pytest.approx((0.1, 0.1, 0.1))
