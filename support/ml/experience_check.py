"""How far a score orders conversations as their customers did, and what low ones have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

RESAMPLES = 500


@dataclass(frozen=True)
class Figure:
    """value with its 95 % interval; all None where it is not defined. n: conversations."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def auc(truth: np.ndarray, score: np.ndarray) -> float | None:
    """Chance that a true row scores above a false one, ties half. None with one kind only.

    Source: Hanley & McNeil, Radiology 143 (1982).
    """
    good = int(truth.sum())
    if not 0 < good < len(truth):
        return None
    ranks = rankdata(score)
    return float((ranks[truth].sum() - good * (good + 1) / 2) / (good * (len(truth) - good)))


def rank_correlation(truth: np.ndarray, score: np.ndarray) -> float | None:
    """Spearman's; None where one side does not vary."""
    if len(truth) < 3 or np.ptp(truth) == 0 or np.ptp(score) == 0:
        return None
    return float(np.corrcoef(rankdata(truth), rankdata(score))[0, 1])


def with_interval(measure, truth: np.ndarray, score: np.ndarray, who: np.ndarray, *, seed: int):
    """measure: `auc` or `rank_correlation`. who: (n,), the customer of each row.

    Bootstrap over customers, because one customer's conversations hang together.
    """
    people, of = np.unique(who, return_inverse=True)
    rows = [np.flatnonzero(of == place) for place in range(len(people))]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES if len(people) > 1 else 0):
        chosen = np.concatenate([rows[place] for place in rng.integers(0, len(rows), len(rows))])
        value = measure(truth[chosen], score[chosen])
        if value is not None:
            drawn.append(value)
    value = measure(truth, score)
    if value is None or len(drawn) < RESAMPLES // 2:
        return Figure(value, None, None, len(truth))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(value, float(low), float(high), len(truth))
