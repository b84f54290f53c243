"""How good ranked lists are, as defined in docs/recommendations.md."""

from __future__ import annotations

import numpy as np

from .splits import HeldOut


def hit_matrix(lists: np.ndarray, held_out: HeldOut, n_items: int) -> np.ndarray:
    """bool (n, k): whether each listed item was held out for that customer.

    lists: int (n, k), item indices best first, −1 where the list has ended.
    """
    row = np.repeat(np.arange(len(held_out)), np.diff(held_out.indptr))
    wanted = row * np.int64(n_items) + held_out.item_idx
    offered = np.arange(len(lists))[:, None] * np.int64(n_items) + lists
    return np.isin(offered, wanted) & (lists >= 0)


def per_customer(lists: np.ndarray, held_out: HeldOut, n_items: int) -> dict[str, np.ndarray]:
    """float64 (n,) per metric, for every held-out customer; an empty list scores 0.

    nDCG: binary gains, ideal over min(k, held-out items). MAP: the sum of the precision at each
    hit, divided by the customer's number of held-out items. Items that the training part does
    not know count as held out and cannot be hit.
    Source: Järvelin & Kekäläinen, ACM TOIS 20(4), 2002 (nDCG).
    """
    hits = hit_matrix(lists, held_out, n_items).astype(np.float64)
    k = lists.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(held_out.counts, k)]
    precision_at = np.cumsum(hits, axis=1) / np.arange(1, k + 1)
    return {
        "ndcg": (hits @ discount) / ideal,
        "map": (hits * precision_at).sum(axis=1) / held_out.counts,
        "precision": hits.sum(axis=1) / k,
        "recall": hits.sum(axis=1) / held_out.counts,
        "hit_rate": (hits.sum(axis=1) > 0).astype(np.float64),
    }


def scorecard(
    lists: np.ndarray, held_out: HeldOut, item_users: np.ndarray, n_users: int
) -> dict[str, float]:
    """Means over customers, and what the lists cover.

    item_users: (n_items,), how many training customers touched each item.
    coverage: share of the training part's items that stand in at least one list.
    novelty:  mean over listed items of −log2(share of training customers who touched the item,
              of at least one);
              absent when no list holds an item.
    """
    means = {
        name: float(values.mean())
        for name, values in per_customer(lists, held_out, len(item_users)).items()
    }
    listed = lists[lists >= 0]
    means["coverage"] = len(np.unique(listed)) / len(item_users)
    if len(listed):
        means["novelty"] = float(-np.log2(np.maximum(item_users[listed], 1) / n_users).mean())
    return means


def paired_difference(
    ours: np.ndarray, theirs: np.ndarray, *, seed: int, rounds: int = 1000
) -> tuple[float, float, float]:
    """Mean difference per customer and its 95 % bootstrap interval: (mean, low, high)."""
    difference = ours - theirs
    [(low, high)] = intervals(difference[None, :], seed=seed, rounds=rounds)
    return float(difference.mean()), low, high


def intervals(values: np.ndarray, *, seed: int, rounds: int = 1000) -> list[tuple[float, float]]:
    """(low, high) of the mean of each row of values (m, n customers), 95 %, one draw for all.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap, chapter 13 (percentile).
    """
    rng = np.random.default_rng(seed)
    n = values.shape[1]
    means = np.empty((rounds, len(values)))
    for number in range(rounds):
        drawn = np.bincount(rng.integers(0, n, n), minlength=n)
        means[number] = values @ drawn / n
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))
