"""One regression for all series: what short series cannot tell alone, they tell together.

Each series is divided by its own level at the origin; one set of weights per step ahead maps its
last values to that step. Straight lines over many series beat curves fitted to each.
Source: Montero-Manso & Hyndman, Principles and algorithms for forecasting groups of time series:
locality and globality, 2021.
"""

from __future__ import annotations

import numpy as np

from .seasonality import find_seasons

RIDGE = 3.0
MOST_ROWS = 150_000
FADE = 0.985  # weight of an origin one period older


def pooled_level(units: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """(n, H) means for series with zeros: linear in the level's own units."""
    return _pooled(units, horizon, season, logs=False)


def pooled_log(units: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """(n, H) for series without zeros, NaN for others: in logs, so that growth is a sum."""
    positive = ~(units <= 0).any(axis=1) & np.isfinite(units).any(axis=1)
    found = np.full((len(units), horizon), np.nan)
    if positive.sum() >= 20:
        found[positive] = _pooled(units[positive], horizon, season, logs=True)
    return found


def _pooled(units: np.ndarray, horizon: int, season: int, *, logs: bool) -> np.ndarray:
    count, length = units.shape
    seasons = find_seasons(units, season)
    values = seasons.adjusted(units)
    if logs:
        values = np.log(values)
    lags = _lags(length, horizon, season)
    origins = np.arange(lags - 1, length - horizon)
    if len(origins) * count > MOST_ROWS:
        origins = origins[-max(MOST_ROWS // count, 1) :]
    found = np.full((count, horizon), np.nan)
    if lags < 3 or not len(origins):
        return found
    designs = [_design(values, origin, lags, season, logs) for origin in origins]
    now, level, size = _design(values, length - 1, lags, season, logs)
    rows = np.concatenate([part[0] for part in designs])
    weights = FADE ** np.repeat(length - 1 - origins, count)
    if not logs:
        sizes = np.concatenate([part[2] for part in designs])
        weights = weights * sizes**2 / np.tile(_noise(values), len(origins))
    solver = _Ridge(rows, weights)
    for step in range(1, horizon + 1):
        target = np.concatenate(
            [
                (values[:, o + step] - part[1]) / part[2]
                for o, part in zip(origins, designs, strict=True)
            ]
        )
        beta = solver.solve(target)
        found[:, step - 1] = level + size * (now @ beta) if beta is not None else np.nan
    found = np.exp(found) if logs else np.maximum(found, 0.0)
    return found * seasons.at(length + np.arange(horizon))


def _noise(values: np.ndarray) -> np.ndarray:
    """(n,) mean squared one-step change: an error counts by what is usual for its series."""
    change = np.diff(values, axis=1) ** 2
    known = np.isfinite(change)
    own = np.where(known, change, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    usual = own.sum() / max(count.sum(), 1)
    return np.maximum((own + 2 * usual) / (count + 2), 1e-9)


def _lags(length: int, horizon: int, season: int) -> int:
    """A season and one period (four weeks of days) where enough origins remain, else half the history."""
    wanted = season + 1 if season >= 12 else 4 * season
    return min(wanted, max((length - horizon) // 2, 0), 60)


def _design(
    values: np.ndarray, origin: int, lags: int, season: int, logs: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(features (n, f), level (n,), size (n,)) of what is known at an origin.

    Masked and missing lags count as the level. Targets and lags are (value − level) / size.
    """
    window = values[:, origin - lags + 1 : origin + 1]
    known = np.isfinite(window)
    total = np.where(known, window, 0.0)
    enough = known.sum(axis=1) >= max(3, lags // 2)
    mean = total.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    older = values[:, : origin + 1]
    long_known = np.isfinite(older)
    long_mean = np.where(long_known, older, 0).sum(axis=1) / np.maximum(long_known.sum(axis=1), 1)
    if logs:
        level = np.where(known[:, -1], window[:, -1], mean)
        size = np.ones(len(values))
        lagged = np.where(known, window - level[:, None], (mean - level)[:, None])[:, ::-1]
        columns = [lagged[:, 1:], (long_mean - level)[:, None]]
    else:
        size = np.maximum(0.5 * mean + 0.5 * long_mean, 0.02)
        level = np.zeros(len(values))
        filled = np.where(known, window, mean[:, None])[:, ::-1] / size[:, None]
        sold = (np.where(known, window, 0) > 0).mean(axis=1)
        short = filled[:, : min(3, lags)].mean(axis=1)
        columns = [filled, (long_mean / size)[:, None], sold[:, None], short[:, None]]
    ones = np.ones((len(values), 1))
    found = np.hstack([*columns, ones])
    return np.where(enough[:, None], found, np.nan), level, size


class _Ridge:
    """One weighted ridge regression after the other on the same rows: what depends only on which of them
    are usable is worked out once."""

    def __init__(self, rows: np.ndarray, weights: np.ndarray):
        self.rows, self.weights = rows, weights
        self.known = np.isfinite(rows).all(axis=1)
        self._use(self.known)

    def _use(self, use: np.ndarray) -> None:
        self.use, self.kept, self.weight = use, self.rows[use], self.weights[use]
        self.square = (self.kept * self.weight[:, None]).T @ self.kept
        ridge = RIDGE * np.append(np.ones(len(self.square) - 1), 1e-9)
        self.square[np.diag_indices(len(self.square))] += ridge

    def solve(self, target: np.ndarray) -> np.ndarray | None:
        """(f,) coefficients; None where too few rows are known. target (r,), NaN = unknown."""
        use = np.isfinite(target) & self.known
        if use.sum() < 5 * self.rows.shape[1]:
            return None
        if not np.array_equal(use, self.use):
            self._use(use)
        wanted = target[use]
        limit = np.quantile(np.abs(wanted), 0.995)  # one bulk order must not bend everybody's line
        wanted = np.clip(wanted, -limit, limit)
        return np.linalg.solve(self.square, self.kept.T @ (self.weight * wanted))
