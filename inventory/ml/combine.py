"""A weighted mean of many simple forecasts and the trees, per demand class.

Weights are found on periods that no member has seen, and drawn to equal weights of the members
that did about as well as the best: the mean of good methods is hard to beat, a lucky one is not.
Source: Bates & Granger, The combination of forecasts, 1969; Claeskens et al., The forecast
combination puzzle, 2016.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import nnls

from .classes import NAMES

PRIOR_SERIES = 100  # as many series must speak before they count as much as equal weights
NEAR_BEST = 1.04  # what the equal weights are made of: up to so much of the best loss
LEAST_SERIES = 60  # a smaller class takes the weights of all series
LEAST_WEIGHT = 0.01  # below, a member is not worth computing
FLOOR = 1e-9
FAMILY = {
    **dict.fromkeys(("moving_average", "ses", "croston", "sba", "tsb", "adida", "imapa"), "level"),
    "theta": "theta",
    "optimised_theta": "theta",
    "pooled_level": "pooled",
    "pooled_log": "pooled",
}


@dataclass
class Weights:
    """by_class: class name → member → weight, summing to 1 in each class."""

    by_class: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def members(self) -> set[str]:
        return {name for weights in self.by_class.values() for name in weights}

    def combined(self, members: dict[str, np.ndarray], classes: np.ndarray) -> np.ndarray:
        """(n, H) weighted means; a member without a number for a series leaves its weight to others."""
        first = next(iter(members.values()))
        total, weight = np.zeros(first.shape), np.zeros(first.shape)
        for name, values in members.items():
            own = np.array([self.by_class[one].get(name, 0.0) for one in NAMES])[classes]
            known = np.isfinite(values)
            total += np.where(known, values, 0.0) * own[:, None]
            weight += known * own[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(weight > 0, total / weight, _mean_of(members))


def find_weights(
    members: dict[str, np.ndarray], actual: np.ndarray, scale: np.ndarray, classes: np.ndarray
) -> Weights:
    """members: name → (n, H); actual (n, H), NaN = masked; scale (n,): what an error is divided by,
    NaN = the series does not count; classes (n,) places in classes.NAMES."""
    everybody = _class_weights(members, actual, scale)
    found = {}
    for number, name in enumerate(NAMES):
        own = classes == number
        enough = (own & np.isfinite(scale)).sum() >= LEAST_SERIES
        found[name] = (
            _class_weights(
                {k: v[own] for k, v in members.items()}, actual[own], scale[own], shop=everybody
            )
            if enough
            else everybody
        )
    return Weights(found)


def _class_weights(
    members: dict[str, np.ndarray],
    actual: np.ndarray,
    scale: np.ndarray,
    *,
    shop: dict[str, float] | None = None,
) -> dict[str, float]:
    """shop: the weights of all series, which a class is drawn to; None = equal ones of the good."""
    names = list(members)
    with np.errstate(invalid="ignore"):
        errors = np.stack([(members[name] - actual) / scale[:, None] for name in names])
    known = np.isfinite(actual) & np.isfinite(scale)[:, None]
    usable = [
        bool(np.isfinite(one[known]).mean() > 0.5) if known.any() else False for one in errors
    ]
    names = [name for name, use in zip(names, usable, strict=True) if use]
    errors = errors[usable]
    if not len(names):
        return {"moving_average": 1.0}
    common = known & np.isfinite(errors).all(axis=0)
    if common.sum() < 10 * len(names):
        common = known
        errors = np.where(np.isfinite(errors), errors, np.nanmean(errors, axis=0))
    loss = np.array([_mean_root(one, common) for one in errors])
    good = loss <= NEAR_BEST * loss.min()
    prior = _equal_by_family(names, good)
    if shop is not None and any(name in shop for name in names):
        prior = np.array([shop.get(name, 0.0) for name in names])
        prior /= prior.sum()
    best = _solve(errors, common, prior)
    series = float(common.any(axis=1).sum())
    weights = (series * best + PRIOR_SERIES * prior) / (series + PRIOR_SERIES)
    weights = np.where(weights < LEAST_WEIGHT, 0.0, weights)
    weights /= weights.sum()
    return {name: float(w) for name, w in zip(names, weights, strict=True) if w > 0}


def _equal_by_family(names: list[str], good: np.ndarray) -> np.ndarray:
    """Equal weights of families, and of the good members within: seven kinds of level are one voice."""
    family = np.array([FAMILY.get(name, name) for name in names])
    weights = np.zeros(len(names))
    for one in np.unique(family[good]):
        own = good & (family == one)
        weights[own] = 1 / own.sum()
    return weights / weights.sum()


def _solve(errors: np.ndarray, known: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Non-negative weights with sum 1 for the lowest mean root squared error over series.

    A few weighted least squares: a series counts by one over its own root error so far.
    """
    weights = start
    for _round in range(4):
        mixed = np.tensordot(weights, errors, axes=1)
        root = _roots(mixed, known)
        by = 1 / np.sqrt(np.maximum(root, np.quantile(root, 0.05) + FLOOR))
        rows = np.stack([(one * by[:, None])[known] for one in errors], axis=1)
        square = rows.T @ rows / len(rows)
        square += 1e-6 * np.trace(square) / len(square) * np.eye(len(square))
        upper = np.linalg.cholesky(square).T
        heavy = 1e3 * np.sqrt(np.trace(square))
        found, _rest = nnls(
            np.vstack([upper, heavy * np.ones(len(weights))]),
            np.append(np.zeros(len(weights)), heavy),
        )
        weights = found / max(found.sum(), FLOOR)
    return weights


def _roots(error: np.ndarray, known: np.ndarray) -> np.ndarray:
    count = known.sum(axis=1)
    return np.sqrt((np.where(known, error, 0.0) ** 2).sum(axis=1) / np.maximum(count, 1))


def _mean_root(error: np.ndarray, known: np.ndarray) -> float:
    return float(_roots(error, known)[known.any(axis=1)].mean())


def _mean_of(members: dict[str, np.ndarray]) -> np.ndarray:
    stacked = np.stack(list(members.values()))
    count = np.isfinite(stacked).sum(axis=0)
    return np.where(count > 0, np.nansum(stacked, axis=0), np.nan) / np.maximum(count, 1)
