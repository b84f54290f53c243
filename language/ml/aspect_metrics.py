"""How well aspects and their polarity are found, with intervals over messages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .aspects import ASPECTS, NEGATIVE, NEUTRAL, POSITIVE

Pairs = set[tuple[str, int]]  # what one message speaks of
POLARITIES = (NEGATIVE, POSITIVE, NEUTRAL)
RESAMPLES = 1000


def aspect_metrics(truth: Sequence[Pairs], found: Sequence[Pairs], *, seed: int) -> dict:
    """Per aspect the mean of F1 over praise and blame; over all aspects their mean.

    A pair is right when aspect and polarity are. Intervals: percentiles of 1,000 bootstrap samples
    of messages. F1 is None without a true and without a found pair. `neutral_f1`, `mention_f1`
    (polarity set aside), `precision` and `recall` are over all aspects together.
    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    real, told = _table(truth), _table(found)
    weights = _samples(len(truth), seed)
    f1 = _f1(real, told, np.ones((1, len(truth))))[0]
    drawn = _f1(real, told, weights)
    per_aspect = {}
    for place, aspect in enumerate(ASPECTS):
        low, high = _interval(_mean(drawn[:, place, :2]))
        per_aspect[aspect] = {
            "macro_f1": _number(_mean(f1[None, place, :2])[0]),
            "low": low,
            "high": high,
            "f1_negative": _number(f1[place, 0]),
            "f1_positive": _number(f1[place, 1]),
            "n_negative": int(real[:, place, 0].sum()),
            "n_positive": int(real[:, place, 1].sum()),
        }
    low, high = _interval(_mean(drawn[:, :, :2].reshape(len(drawn), -1)))
    spoken, named = (np.asarray(one.any(axis=2, keepdims=True)) for one in (real, told))
    mention = _f1(spoken, named, np.ones((1, len(truth))))
    hits, said, true = (real & told).sum(), told.sum(), real.sum()
    return {
        "macro_f1": _number(_mean(f1[:, :2].reshape(1, -1))[0]),
        "macro_f1_low": low,
        "macro_f1_high": high,
        "neutral_f1": _number(_mean(f1[None, :, 2])[0]),
        "mention_f1": _number(_mean(mention[0].T)[0]),
        "precision": float(hits / said) if said else None,
        "recall": float(hits / true) if true else None,
        "aspects": per_aspect,
    }


def _table(rows: Sequence[Pairs]) -> np.ndarray:
    """(n, aspects, 3), bool; negative, positive, neutral."""
    table = np.zeros((len(rows), len(ASPECTS), 3), dtype=bool)
    for place, pairs in enumerate(rows):
        for aspect, polarity in pairs:
            table[place, ASPECTS.index(aspect), POLARITIES.index(polarity)] = True
    return table


def _samples(rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.multinomial(rows, np.full(rows, 1 / rows), size=RESAMPLES).astype(float)


def _f1(real: np.ndarray, told: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(samples, aspects, …): 2·hits over true and found; NaN where both are none."""
    hits = np.tensordot(weights, (real & told).astype(float), axes=1)
    both = np.tensordot(weights, real.astype(float) + told, axes=1)
    return np.divide(2 * hits, both, out=np.full_like(hits, np.nan), where=both > 0)


def _mean(values: np.ndarray) -> np.ndarray:
    """Over the last axis, what is undefined left out; NaN where nothing is defined."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _interval(values: np.ndarray) -> tuple[float | None, float | None]:
    known = values[~np.isnan(values)]
    if not len(known):
        return None, None
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
