"""What a SKU would have sold on a day: its level then, the day, its reductions."""

from __future__ import annotations

import numpy as np

HALF_WINDOW = 56  # days before and after that tell the level
PRIOR_DAYS = 7.0  # of the whole history's mean, where few days around are known
PRIOR_UNITS = 20.0  # a group's day must sell as much to count as much as the shop's


def expected_units(units: np.ndarray, effect: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(n, T) expected units, also of masked days; 0 before a SKU is known.

    units:  (n, T), NaN = masked: of those days nothing is read.
    effect: (n, T) log effect of price and promotion on the day, 0 = none.
    groups: (n,) int, SKUs whose days go up and down together (a category).
    Level × day × effect; the level is the mean around the day of what is free of the others.
    """
    level, day = levels_and_days(units, effect, groups)
    return level * day * np.exp(effect)


def levels_and_days(
    units: np.ndarray,
    effect: np.ndarray,
    groups: np.ndarray,
    *,
    tells: np.ndarray | None = None,
    half: int = HALF_WINDOW,
) -> tuple[np.ndarray, np.ndarray]:
    """(n, T) each: a SKU's level around the day, and how its group sells that day against it.

    tells: (n, T) bool, what the group's day is read from; None = all that is known.
    half:  periods before and after that tell the level.
    """
    known = np.isfinite(units)
    says = known if tells is None else known & tells
    lift = np.exp(effect)
    day = np.ones((len(units), units.shape[1]))
    level = np.zeros_like(day)
    for _round in range(2):  # the day is measured against the level and the level without the day
        level = _level(np.where(known, units, 0.0), np.where(known, day * lift, 0.0), half)
        day = _day_index(np.where(says, units, 0.0), np.where(says, level * lift, 0.0), groups)
    return level, day


def _level(units: np.ndarray, weight: np.ndarray, half: int) -> np.ndarray:
    total, exposure = _around(units, half), _around(weight, half)
    whole = units.sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    return (total + PRIOR_DAYS * whole[:, None]) / (exposure + PRIOR_DAYS)


def _around(values: np.ndarray, half: int) -> np.ndarray:
    """(n, T) sums over the window around each day."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    at = np.arange(values.shape[1])
    end = np.minimum(at + half + 1, values.shape[1])
    return sums[:, end] - sums[:, np.maximum(at - half, 0)]


def _day_index(units: np.ndarray, base: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(n, T) how the SKU's group sold on each day against its level, drawn to the whole shop."""
    shop = (units.sum(axis=0) + 1.0) / (base.sum(axis=0) + 1.0)
    found = np.empty_like(units)
    for group in np.unique(groups):
        rows = groups == group
        sold, usual = units[rows].sum(axis=0), base[rows].sum(axis=0)
        found[rows] = (sold + PRIOR_UNITS * shop) / (usual + PRIOR_UNITS)
    return found


def corrected(
    units: np.ndarray, expected: np.ndarray, out: np.ndarray, evidence: np.ndarray
) -> np.ndarray:
    """(n, T) demand: what sold, and on days without stock what would have.

    out:      (n, T) bool, days on which nothing could be sold.
    evidence: (n, T) units that looks at the empty shelf would have bought, NaN = not counted. Two
              estimates that know nothing of each other: where both are there, their mean counts.
    """
    both = np.where(np.isfinite(evidence), (expected + np.nan_to_num(evidence)) / 2, expected)
    return np.where(out, both, units)
