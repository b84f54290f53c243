"""The simple methods every demand model must beat, for all series at once.

Every method takes units (n, T), NaN = masked, and returns (n, H) units per period.
A series without any known period gives NaN: no history, no forecast.
"""

from __future__ import annotations

import warnings

import numpy as np

from .metrics import LEVELS, Forecast

ALPHAS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9])
WINDOW = {"D": 28, "W": 13, "M": 12}


def seasonal_naive(units: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Repeat the last season. A masked period is taken from the season before, up to the oldest.

    Raises ValueError if there is no whole season.
    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2.
    """
    if units.shape[1] < season:
        raise ValueError(f"need at least {season} periods of history, got {units.shape[1]}")
    last = _last_known_season(units, season)
    repeats = -(-horizon // season)  # ceiling division
    return np.tile(last, repeats)[:, :horizon]


def moving_average(units: np.ndarray, horizon: int, window: int) -> np.ndarray:
    """The mean of the known periods among the last `window`; of the whole history if none is."""
    recent = _mean(units[:, -window:])
    level = np.where(np.isfinite(recent), recent, _mean(units))
    return np.repeat(level[:, None], horizon, axis=1)


def ses(units: np.ndarray, horizon: int) -> np.ndarray:
    """Simple exponential smoothing, alpha per series by one-step squared error on a grid.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 8.1.
    """
    level = _smooth(units, ALPHAS)
    return np.repeat(level[:, None], horizon, axis=1)


def croston(
    units: np.ndarray, horizon: int, *, alpha: float = 0.1, debias: bool = False
) -> np.ndarray:
    """Smoothed size over smoothed interval; `debias` is the Syntetos–Boylan approximation.

    Source: Croston, Forecasting and stock control for intermittent demands, 1972;
            Syntetos & Boylan, The accuracy of intermittent demand estimates, 2005.
    """
    n, length = units.shape
    size, interval = np.full(n, np.nan), np.full(n, np.nan)
    since = np.zeros(n)
    for t in range(length):
        value = units[:, t]
        since += np.isfinite(value)
        sold = value > 0
        size = np.where(sold, _step(size, value, alpha), size)
        interval = np.where(sold, _step(interval, since, alpha), interval)
        since[sold] = 0
    rate = size / interval * (1 - alpha / 2 if debias else 1)
    rate = np.where(np.isfinite(rate), rate, np.where(np.isfinite(units).any(axis=1), 0.0, np.nan))
    return np.repeat(rate[:, None], horizon, axis=1)


def tsb(units: np.ndarray, horizon: int, *, alpha: float = 0.1, beta: float = 0.05) -> np.ndarray:
    """Smoothed size times smoothed chance of a sale: fades out for a dying SKU.

    Source: Teunter, Syntetos & Babai, Intermittent demand: linking forecasting to inventory
            obsolescence, 2011.
    """
    n, length = units.shape
    size, chance = np.full(n, np.nan), np.full(n, np.nan)
    for t in range(length):
        value = units[:, t]
        known, sold = np.isfinite(value), value > 0
        size = np.where(sold, _step(size, value, alpha), size)
        chance = np.where(known, _step(chance, sold.astype(float), beta), chance)
    rate = np.where(chance == 0, 0.0, size * chance)
    return np.repeat(rate[:, None], horizon, axis=1)


def adida(units: np.ndarray, horizon: int) -> np.ndarray:
    """Smoothed in blocks as long as the mean gap between sales, then spread evenly again.

    Source: Nikolopoulos et al., An aggregate–disaggregate intermittent demand approach, 2011.
    """
    return np.repeat(_block_rate(units, _mean_gap(units))[:, None], horizon, axis=1)


def imapa(units: np.ndarray, horizon: int) -> np.ndarray:
    """The mean of what blocks of every length up to the mean gap say.

    Source: Petropoulos & Kourentzes, Forecast combinations for intermittent demand, 2015.
    """
    gap = _mean_gap(units)
    total, count = np.zeros(len(units)), np.zeros(len(units))
    for block in range(1, int(gap.max(initial=1)) + 1):
        use = gap >= block
        rate = _block_rate(units[use], np.full(int(use.sum()), block))
        total[use] += rate
        count[use] += 1
    rate = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return np.repeat(rate[:, None], horizon, axis=1)


def _mean_gap(units: np.ndarray) -> np.ndarray:
    """(n,) known periods per sale, rounded, 1 to half the history."""
    sold = np.maximum((units > 0).sum(axis=1), 1)
    gap = np.round(np.isfinite(units).sum(axis=1) / sold).astype(int)
    return np.clip(gap, 1, max(units.shape[1] // 2, 1))


def _block_rate(units: np.ndarray, block: np.ndarray) -> np.ndarray:
    """(n,) units per period by simple smoothing of means over blocks that end with the last period."""
    found = np.full(len(units), np.nan)
    for length in np.unique(block):
        rows = np.flatnonzero(block == length)
        whole = units.shape[1] // length
        cut = units[rows, units.shape[1] - whole * length :].reshape(len(rows), whole, length)
        known = np.isfinite(cut).sum(axis=2)
        sums = np.where(np.isfinite(cut), cut, 0.0).sum(axis=2)
        means = np.where(known > 0, sums / np.maximum(known, 1), np.nan)
        found[rows] = _smooth(means, ALPHAS)
    return found


def seasonal_naive_forecast(units: np.ndarray, mean: np.ndarray, season: int) -> Forecast:
    """Its quantiles: changes over a season in the history, wider with every season ahead."""
    horizon = mean.shape[1]
    spread = np.zeros((len(units), len(LEVELS)))
    if units.shape[1] > season:
        spread = np.nan_to_num(_quantiles(units[:, season:] - units[:, :-season]))
    # The variance grows with every season ahead that is repeated (same source, 5.5).
    seasons_ahead = np.sqrt(1 + np.arange(horizon) // season)
    quantiles = mean[:, :, None] + seasons_ahead[None, :, None] * spread[:, None, :]
    return Forecast(mean, np.maximum(quantiles, 0.0))


def around_level(units: np.ndarray, mean: np.ndarray) -> Forecast:
    """A flat forecast: quantiles of the SKU's last 200 known values, moved to the new level."""
    recent = units[:, -200:]
    shift = mean[:, 0] - _mean(recent)
    quantiles = np.maximum(_quantiles(recent) + shift[:, None], 0.0)
    return Forecast(mean, np.repeat(quantiles[:, None, :], mean.shape[1], axis=1))


def _smooth(units: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    n, length = units.shape
    level = np.repeat(_first_levels(units)[:, None], len(alphas), axis=1)
    loss = np.zeros((n, len(alphas)))
    for t in range(length):
        error = units[:, t, None] - level
        error = np.where(np.isfinite(error), error, 0.0)
        loss += error**2
        level = level + alphas * error
    return level[np.arange(n), loss.argmin(axis=1)]


def _first_levels(units: np.ndarray) -> np.ndarray:
    """Mean of the first ten known values of each series."""
    order = np.cumsum(np.isfinite(units), axis=1)
    return _mean(np.where(order <= 10, units, np.nan))


def _last_known_season(units: np.ndarray, season: int) -> np.ndarray:
    last = units[:, -season:].copy()
    for back in range(2, units.shape[1] // season + 1):
        if np.isfinite(last).all():
            break
        end = units.shape[1] - season * (back - 1)
        last = np.where(np.isfinite(last), last, units[:, end - season : end])
    return np.where(np.isfinite(last), last, _mean(units)[:, None])


def _step(state: np.ndarray, value: np.ndarray, rate: float) -> np.ndarray:
    return np.where(np.isfinite(state), state + rate * (value - state), value)


def _mean(values: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a series without history is NaN
        return np.nanmean(values, axis=1)


def _quantiles(values: np.ndarray) -> np.ndarray:
    """(n, 9) empirical quantiles of the known values of each row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanquantile(values, LEVELS, axis=1).T
