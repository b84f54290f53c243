"""Theta and complex smoothing on seasonally adjusted series, for all series at once."""

from __future__ import annotations

import numpy as np

from .seasonality import find_seasons

ALPHAS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98])
RUNAWAY = 100.0  # times the largest value: an unstable pair is cut there and loses
THETAS = (1.0, 1.5, 2.0, 3.0)
COMPLEX = np.array([(a, b) for a in np.linspace(0.8, 2.0, 9) for b in np.linspace(0.7, 1.2, 6)])


def theta(units: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """(n, H) half the slope of a line, added to simple smoothing of the adjusted series.

    units (n, T), NaN = masked. Never below 0.
    Source: Assimakopoulos & Nikolopoulos, The theta model, 2000; Hyndman & Billah, Unmasking the
    Theta method, 2003.
    """
    return _theta(units, horizon, season, (2.0,))


def optimised_theta(units: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """(n, H) the same with the theta whose one-step errors were smallest.

    Source: Fiorucci et al., Models for optimising the theta method, 2016.
    """
    return _theta(units, horizon, season, THETAS)


def complex_smoothing(units: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """(n, H) complex exponential smoothing of the adjusted series; its two parameters from a grid.

    Source: Svetunkov, Kourentzes & Ord, Complex exponential smoothing, 2022.
    """
    seasons = find_seasons(units, season)
    adjusted = seasons.adjusted(units)
    begin = _first_mean(adjusted, 6)
    level = np.repeat(begin[:, None], len(COMPLEX), axis=1)
    hidden = level / 1.1
    loss = np.zeros_like(level)
    most = RUNAWAY * np.where(np.isfinite(adjusted), np.abs(adjusted), 0).max(axis=1)[:, None]
    real, other = COMPLEX[:, 0], COMPLEX[:, 1]
    for t in range(units.shape[1]):
        error = adjusted[:, t, None] - level
        known = np.isfinite(error)
        error = np.where(known, error, 0.0)
        loss += error**2
        above = np.clip(level - (1 - other) * hidden + (real - other) * error, -most, most)
        below = np.clip(level + (1 - real) * hidden + (real + other) * error, -most, most)
        level, hidden = np.where(known, above, level), np.where(known, below, hidden)
    loss = np.where(np.isfinite(loss), loss, np.inf)
    place = (np.arange(len(units)), loss.argmin(axis=1))
    level, hidden = level[place], hidden[place]
    real, other = COMPLEX[place[1], 0], COMPLEX[place[1], 1]
    found = np.zeros((len(units), horizon))
    for step in range(horizon):
        found[:, step] = level
        level, hidden = level - (1 - other) * hidden, level + (1 - real) * hidden
    ahead = units.shape[1] + np.arange(horizon)
    return np.maximum(found, 0.0) * seasons.at(ahead)


def _theta(units: np.ndarray, horizon: int, season: int, thetas: tuple) -> np.ndarray:
    seasons = find_seasons(units, season)
    adjusted = seasons.adjusted(units)
    start, slope = _line(adjusted)
    line = start[:, None] + slope[:, None] * np.arange(units.shape[1] + horizon)
    best = np.full(len(units), np.inf)
    chosen = np.full((len(units), horizon), np.nan)
    past, ahead = line[:, : units.shape[1]], line[:, units.shape[1] :]
    for value in thetas:
        bent = value * adjusted + (1 - value) * past
        level, loss = _smoothed(bent, past, adjusted, value)
        found = (1 - 1 / value) * ahead + level[:, None] / value
        better = loss < best
        best = np.where(better, loss, best)
        chosen[better] = found[better]
    positions = units.shape[1] + np.arange(horizon)
    return np.maximum(chosen * seasons.at(positions), 0.0)


def _smoothed(bent: np.ndarray, past: np.ndarray, adjusted: np.ndarray, value: float) -> tuple:
    """(level, one-step squared error) of the best smoothing of a theta line."""
    level = np.repeat(_first_mean(bent, 4)[:, None], len(ALPHAS), axis=1)
    loss = np.zeros_like(level)
    for t in range(bent.shape[1]):
        known = np.isfinite(bent[:, t, None])
        expected = (1 - 1 / value) * past[:, t, None] + level / value
        loss += np.where(known, adjusted[:, t, None] - expected, 0.0) ** 2
        level = level + np.where(known, ALPHAS * (bent[:, t, None] - level), 0.0)
    place = (np.arange(len(bent)), loss.argmin(axis=1))
    return level[place], loss[place]


def _line(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(value at position 0, slope) of a least-squares line through the known periods."""
    known = np.isfinite(values)
    at = np.arange(values.shape[1], dtype=float)
    count = np.maximum(known.sum(axis=1), 1)
    mean_at = (known * at).sum(axis=1) / count
    mean = np.where(known, values, 0).sum(axis=1) / count
    away = np.where(known, at - mean_at[:, None], 0.0)
    spread = np.maximum((away**2).sum(axis=1), 1e-9)
    slope = (away * np.where(known, values, 0)).sum(axis=1) / spread
    return mean - slope * mean_at, slope


def _first_mean(values: np.ndarray, count: int) -> np.ndarray:
    order = np.cumsum(np.isfinite(values), axis=1)
    first = np.isfinite(values) & (order <= count)
    return np.where(first, values, 0).sum(axis=1) / np.maximum(first.sum(axis=1), 1)
