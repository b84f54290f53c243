"""How good a forecast was. Undefined stays undefined (NaN) and is counted, never 0."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

LEVELS = np.round(np.arange(0.1, 0.91, 0.1), 1)
METRICS = ("rmsse", "mase", "wape", "bias", "pinball", "coverage80", "scaled_pinball")


@dataclass(frozen=True)
class Forecast:
    """mean: (n, H) units per period. quantiles: (n, H, 9) at LEVELS, non-decreasing."""

    mean: np.ndarray
    quantiles: np.ndarray

    def rows(self, keep: np.ndarray) -> Forecast:
        return Forecast(self.mean[keep], self.quantiles[keep])


def naive_squared_scale(train: np.ndarray) -> np.ndarray:
    """(n,) mean squared one-step change over neighbouring known periods; NaN when 0 or unknown.

    train: (n, T) units, NaN = masked.
    Source: Makridakis et al., The M5 accuracy competition, eq. 1 (RMSSE).
    """
    return _positive(_mean(np.diff(train, axis=1) ** 2))


def seasonal_scale(train: np.ndarray, season: int) -> np.ndarray:
    """(n,) mean absolute change over one season in the training part; NaN when 0 or too short.

    Source: Hyndman & Koehler, Another look at measures of forecast accuracy, 2006 (MASE).
    """
    if train.shape[1] <= season:
        return np.full(len(train), np.nan)
    return _positive(_mean(np.abs(train[:, season:] - train[:, :-season])))


def pinball_loss(actual: np.ndarray, quantiles: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """(n, H) mean over levels of max(q·(y−f), (q−1)·(y−f)). actual (n, H), quantiles (n, H, q).

    Source: Koenker & Bassett, Regression Quantiles, 1978.
    """
    error = actual[:, :, None] - quantiles
    return np.maximum(levels * error, (levels - 1) * error).mean(axis=2)


def score_series(
    train: np.ndarray, actual: np.ndarray, forecast: Forecast, *, season: int
) -> dict[str, np.ndarray]:
    """Every metric per series; NaN where it is undefined.

    train: (n, T), actual: (n, H); NaN = masked, neither scored nor part of a scale.
    wape and bias are relative to the units of the scored part: undefined without a sale.
    """
    error = forecast.mean - actual
    error = np.where(np.isfinite(actual), error, np.nan)
    sold = _positive(np.nansum(np.abs(actual), axis=1))
    pinball = _mean(pinball_loss(actual, forecast.quantiles, LEVELS))
    low, high = forecast.quantiles[:, :, 0], forecast.quantiles[:, :, -1]
    inside = np.where(np.isfinite(actual), (actual >= low) & (actual <= high), np.nan)
    return {
        "rmsse": np.sqrt(_mean(error**2) / naive_squared_scale(train)),
        "mase": _mean(np.abs(error)) / seasonal_scale(train, season),
        "wape": np.nansum(np.abs(error), axis=1) / sold,
        "bias": np.nansum(error, axis=1) / sold,
        "pinball": pinball,
        "coverage80": _mean(inside),
        "scaled_pinball": pinball / _positive(_mean(np.abs(np.diff(train, axis=1)))),
    }


def fill_rate(actual: np.ndarray, quantiles: np.ndarray, stock_units: float) -> float | None:
    """Share of the units served from the shelf, had every SKU and period been stocked to the same
    quantile of its forecast, all of them together with `stock_units`. None without demand.

    Between and beyond the nine levels a quantile is a straight line.
    """
    known = np.isfinite(actual)
    wanted, found = actual[known], quantiles[known]
    if wanted.sum() <= 0 or not np.isfinite(found).all():
        return None
    low, high = 0.0, 5.0
    for _halving in range(40):
        level = (low + high) / 2
        low, high = (level, high) if _at_level(found, level).sum() < stock_units else (low, level)
    stock = _at_level(found, low)
    stock *= min(stock_units / max(stock.sum(), 1e-9), 1.0)
    return float(np.minimum(wanted, stock).sum() / wanted.sum())


def _at_level(quantiles: np.ndarray, level: float) -> np.ndarray:
    place = np.clip(level * 10 - 1, -1, None)
    if place < 0:
        return quantiles[:, 0] * (place + 1)
    below = min(int(place), quantiles.shape[1] - 2)
    first, second = quantiles[:, below], quantiles[:, below + 1]
    return first + (place - below) * (second - first)


def summarise(per_series: dict[str, np.ndarray]) -> dict[str, float | None]:
    """Mean over the series for which a metric is defined; None when there is none."""
    return {
        name: float(np.nanmean(values)) if np.isfinite(values).any() else None
        for name, values in per_series.items()
    }


def count_undefined(per_series: dict[str, np.ndarray]) -> dict[str, int]:
    return {name: int((~np.isfinite(values)).sum()) for name, values in per_series.items()}


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the known periods of each row; NaN for a row without any."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an all-NaN row is meant to be NaN
        return np.nanmean(values, axis=1)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)
