"""Above and below a SKU: totals of categories and of the shop, shares of warehouses.

Means add up and need no reconciling. Quantiles do not add: a total's come from sampled SKUs whose
errors move together as they did in the backtest.
Source: Ben Taieb, Taylor & Hyndman, Hierarchical probabilistic forecasting, JASA 116 (2021), 3
(bottom-up by samples with an empirical dependence).
"""

from __future__ import annotations

import numpy as np

from .counts import plain_quantiles
from .metrics import LEVELS, Forecast

PRIOR_UNITS = 10.0  # a SKU must give as many before they count as much as everything else
DRAWS = 500
CALIBRATED = (0.4, 3.0)  # spread.STRETCHES: what calibration can have done to a width
REACH = 2.5631  # deviations of a normal between its 0.1 and 0.9 quantile


def smoothed_shares(units: dict[int, dict[int, int]]) -> dict[int, dict[int, float]]:
    """SKU → place → share of its demand, summing to 1. units: what each place gave of each SKU, 0 where
    it keeps it and gave none."""
    everything: dict[int, float] = {}
    for places in units.values():
        for place, count in places.items():
            everything[place] = everything.get(place, 0.0) + count
    found = {}
    for sku, places in units.items():
        all_of = sum(everything[place] for place in places)
        usual = {
            place: everything[place] / all_of if all_of else 1 / len(places) for place in places
        }
        total = sum(places.values())
        found[sku] = {
            place: (count + PRIOR_UNITS * usual[place]) / (total + PRIOR_UNITS)
            for place, count in places.items()
        }
    return found


def split(
    forecast: Forecast, shares: np.ndarray, dispersion: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """One SKU's forecast (1, H) at its places: means (w, H) that sum to it, quantiles (w, H, 9).

    shares (w,), summing to 1. dispersion: phi of Var = mean + phi · mean² of a day's count, None where
    demand is no count. Who buys where is chance: a part of a negative binomial is one of the same
    phi, so that a small part scatters more for its size than the whole; its quantiles are as much
    wider or narrower than that as the SKU's own were made by calibration. What is no count is
    large, and its parts scatter as the whole does. All of it is the forecast itself.
    """
    mean, quantiles = forecast.mean[0], forecast.quantiles[0]
    means = shares[:, None] * mean
    if dispersion is None:
        return means, shares[:, None, None] * quantiles
    phi = np.full(len(shares) + 1, dispersion)
    plain = plain_quantiles(np.vstack([mean, means]), phi)
    whole = plain[0]
    width = float((whole[:, -1] - whole[:, 0]).sum())
    ratio = float((quantiles[:, -1] - quantiles[:, 0]).sum()) / width if width > 0 else 1.0
    middle = plain[1:, :, 4:5]
    found = np.maximum(middle + np.clip(ratio, *CALIBRATED) * (plain[1:] - middle), 0.0)
    return means, np.where((shares == 1)[:, None, None], quantiles, found)


def sku_correlation(forecast: Forecast, actual: np.ndarray) -> float:
    """How much the errors of different SKUs move together on a day, 0 to 0.9, pooled over days.

    From Var(total) = Σ Var + ρ · Σ over pairs of the products of deviations, each SKU's error in units of
    its own deviation. actual (n, H), NaN = masked.
    """
    if not actual.size:
        return 0.0
    error = (actual - forecast.mean)[np.isfinite(actual).all(axis=1)]
    spread = np.sqrt((error**2).mean(axis=1))
    use = spread > 0
    if use.sum() < 2:
        return 0.0
    scaled = error[use] / spread[use, None]
    total, single = (scaled.sum(axis=0) ** 2).mean(), (scaled**2).sum(axis=0).mean()
    return float(np.clip((total - single) / (single * (use.sum() - 1)), 0.0, 0.9))


def totals(
    forecast: Forecast,
    groups: np.ndarray,
    *,
    day_correlation: float,
    sku_correlation: float,
    seed: int,
) -> dict[int, tuple[float, np.ndarray]]:
    """group → mean of all its SKUs over all days, and (9,) quantiles of that total at LEVELS.

    groups (n,) int. A SKU's total: a gamma with its forecast's mean and the variance of days that
    move together by `day_correlation`.
    """
    from scipy.special import gammaincinv, ndtr

    mean = np.maximum(forecast.mean.sum(axis=1), 1e-9)
    sigma = np.maximum((forecast.quantiles[:, :, -1] - forecast.quantiles[:, :, 0]) / REACH, 0)
    sigma = np.maximum(
        sigma, np.sqrt(np.maximum(forecast.mean, 0))
    )  # a slow mover's quantiles are 0
    variance = (1 - day_correlation) * (sigma**2).sum(axis=1)
    variance += day_correlation * sigma.sum(axis=1) ** 2
    shape = mean**2 / np.maximum(variance, 1e-9)
    random = np.random.default_rng(seed)
    common = random.standard_normal((DRAWS, 1))
    found = {}
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        own = random.standard_normal((DRAWS, len(rows)))
        together = np.sqrt(sku_correlation) * common + np.sqrt(1 - sku_correlation) * own
        drawn = gammaincinv(shape[rows], ndtr(together)) * (mean[rows] / shape[rows])
        total = float(forecast.mean[rows].sum())
        found[int(group)] = (total, np.quantile(drawn.sum(axis=1), LEVELS))
    return found
