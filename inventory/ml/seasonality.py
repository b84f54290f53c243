"""Seasonal indices of all series at once, drawn to none where the season explains little."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

SMALLEST_INDEX = 0.05
LEAST_SOLD = 0.8  # share of periods with a sale; below, a season of its own is chance


@dataclass(frozen=True)
class Seasons:
    """factor: (n, m) by place in the season, mean 1; position t has place t % m. 1 = no season."""

    factor: np.ndarray

    def adjusted(self, units: np.ndarray) -> np.ndarray:
        return units / self.at(np.arange(units.shape[1]))

    def at(self, positions: np.ndarray) -> np.ndarray:
        """(n, len(positions)) factors."""
        return self.factor[:, positions % self.factor.shape[1]]


def no_seasons(count: int, season: int) -> Seasons:
    return Seasons(np.ones((count, season)))


def find_seasons(units: np.ndarray, season: int) -> Seasons:
    """Ratio-to-moving-average indices of series with two whole seasons; else none.

    Each index is drawn to 1 by the share of its variance that chance explains.
    units (n, T), NaN = masked.
    Source: Miller & Williams, Shrinkage estimators of time series seasonal factors, 2003.
    """
    count, length = units.shape
    if length < 2 * season:
        return no_seasons(count, season)
    trend = centred_mean(units, season)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(trend > 0, units / trend, np.nan)
    place = np.arange(length) % season
    factor, error = np.ones((count, season)), np.zeros((count, season))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a place without data stays 1
        for number in range(season):
            own = ratio[:, place == number]
            seen = np.isfinite(own).sum(axis=1)
            factor[:, number] = np.nanmean(own, axis=1)
            error[:, number] = np.nanvar(own, axis=1) / np.maximum(seen - 1, 1)
    known = np.isfinite(units).sum(axis=1)
    whole = np.isfinite(factor).all(axis=1) & (known >= 2 * season)
    whole &= (units > 0).sum(axis=1) >= LEAST_SOLD * known
    factor = np.where(whole[:, None], factor, 1.0)
    factor /= factor.mean(axis=1, keepdims=True)
    between = factor.var(axis=1)
    chance = np.where(whole, np.nan_to_num(error).mean(axis=1), 0.0)
    keep = np.clip(1 - chance / np.maximum(between, 1e-12), 0, 1)
    factor = np.maximum(1 + keep[:, None] * (factor - 1), SMALLEST_INDEX)
    return Seasons(factor / factor.mean(axis=1, keepdims=True))


def centred_mean(units: np.ndarray, season: int) -> np.ndarray:
    """(n, T) mean over one season around each period, half weights at the ends of an even season.

    NaN where less than three quarters of it are known.
    """
    half = season // 2
    weight = np.ones(2 * half + 1)
    if season % 2 == 0:
        weight[[0, -1]] = 0.5
    padded = np.pad(units, ((0, 0), (half, half)), constant_values=np.nan)
    known = np.isfinite(padded)
    values = np.where(known, padded, 0.0)
    length = units.shape[1]
    total = sum(w * values[:, k : k + length] for k, w in enumerate(weight))
    seen = sum(w * known[:, k : k + length] for k, w in enumerate(weight))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(seen >= 0.75 * season, total / seen, np.nan)
