"""Every simple method by name, each a mean per series and period ahead."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import baselines, pooled, smoothing, theta
from .metrics import LEVELS, Forecast
from .spread import usual_error

HIGHEST = 3.0  # times the largest value of the history: what runs away is cut there
LEVEL_METHODS = ("moving_average", "ses", "croston", "sba", "tsb", "adida", "imapa")


def _methods(frequency: str, season: int) -> dict[str, Callable[[np.ndarray, int], np.ndarray]]:
    window, forms = baselines.WINDOW[frequency], smoothing.FORMS[frequency]
    return {
        "seasonal_naive": lambda u, h: baselines.seasonal_naive(u, h, season),
        "moving_average": lambda u, h: baselines.moving_average(u, h, window),
        "ses": baselines.ses,
        "croston": baselines.croston,
        "sba": lambda u, h: baselines.croston(u, h, debias=True),
        "tsb": baselines.tsb,
        "adida": baselines.adida,
        "imapa": baselines.imapa,
        "auto_ets": lambda u, h: smoothing.auto_ets(u, h, season, forms),
        "theta": lambda u, h: theta.theta(u, h, season),
        "optimised_theta": lambda u, h: theta.optimised_theta(u, h, season),
        "complex_smoothing": lambda u, h: theta.complex_smoothing(u, h, season),
        "pooled_level": lambda u, h: pooled.pooled_level(u, h, season),
        "pooled_log": lambda u, h: pooled.pooled_log(u, h, season),
    }


def simple_means(
    units: np.ndarray, horizon: int, frequency: str, season: int, *, only: set[str] | None = None
) -> dict[str, np.ndarray]:
    """name → (n, H) units per period, NaN where a method has none. units (n, T), NaN = masked.

    only: the names to compute; a method that no series can use is left out.
    """
    top = HIGHEST * np.nan_to_num(_largest(units)).reshape(-1, 1)
    found = {}
    for name, method in _methods(frequency, season).items():
        if only is not None and name not in only:
            continue
        if name == "seasonal_naive" and units.shape[1] < season:
            continue
        means = np.clip(method(units, horizon), 0.0, top)
        if np.isfinite(means).any():
            found[name] = means
    return found


def error_quantiles(mean: np.ndarray, train: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """(9,) quantiles of a method's errors over the usual one of each series, on unseen periods."""
    z = (actual - mean) / usual_error(train)[:, None]
    known = z[np.isfinite(z)]
    return np.quantile(known, LEVELS) if len(known) else np.zeros(len(LEVELS))


def simple_forecast(name: str, mean: np.ndarray, units: np.ndarray, errors: np.ndarray) -> Forecast:
    """A level method with the SKU's own past values around it, the others with pooled errors."""
    if name in LEVEL_METHODS:
        return baselines.around_level(units, mean)
    size = usual_error(units)
    quantiles = np.maximum(mean[:, :, None] + size[:, None, None] * errors, 0.0)
    return Forecast(mean, quantiles)


def _largest(units: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(units), units, 0.0).max(axis=1, initial=0.0)
