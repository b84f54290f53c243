"""Extra demand beside a forecast: added to it, measured against it, taken out of the history."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# 80 % interval of a normal distribution: ± this many standard deviations.
LEVEL_Z = 1.2815515655446004


def add_extra(
    forecast: tuple[np.ndarray, np.ndarray], extra: np.ndarray, levels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The forecast with extra demand that is independent of it.

    forecast: mean (H,) and quantiles (H, K) in units a day.
    extra:    (3, H) mean, low, high; low and high are its 0.1 and 0.9 quantiles.
    levels:   (K,) levels of the quantiles, 0-1.
    returns:  mean and quantiles of the sum; a day whose extra is 0, 0, 0 is returned bit by bit.
    Distances from the mean add up in squares, as standard deviations of independent parts do;
    above and below the mean apart, so that a skewed guess stays skewed.
    """
    from scipy.special import ndtri

    mean, quantiles = forecast
    more, low, high = extra
    z = ndtri(levels) / LEVEL_Z
    below, above = np.maximum(more - low, 0), np.maximum(high - more, 0)
    own = np.where(z < 0, z * below[:, None], z * above[:, None])
    distance = quantiles - mean[:, None]
    squares = distance * np.abs(distance) + own * np.abs(own)
    spread = np.sign(squares) * np.sqrt(np.abs(squares))
    total = (mean + more)[:, None] + spread
    touched = (extra != 0).any(axis=0)
    return (
        np.where(touched, mean + more, mean),
        np.where(touched[:, None], np.maximum(total, 0), quantiles),
    )


def together(parts: np.ndarray) -> np.ndarray:
    """(S, 3, …) mean, low, high of independent sources → (3, …) of their sum.

    Means add; distances to low and high add in squares.
    """
    mean = parts[:, 0].sum(axis=0)
    below = np.sqrt(((parts[:, 0] - parts[:, 1]) ** 2).sum(axis=0))
    above = np.sqrt(((parts[:, 2] - parts[:, 0]) ** 2).sum(axis=0))
    return np.stack([mean, np.maximum(mean - below, 0), mean + above])


@dataclass(frozen=True)
class Effect:
    """What a source brought, in units over all its comparable days; 80 % interval.

    by_day: (D,) what to take out of the history; never more than was sold that day.
    """

    units: float
    low: float
    high: float
    base_units: float
    known_days: int
    by_day: np.ndarray


def measure_effect(
    sold: np.ndarray,
    forecast: tuple[np.ndarray, np.ndarray],
    *,
    correlation: float,
    share: np.ndarray | None = None,
) -> Effect | None:
    """Sold less what was forecast without the source, over the days with stock.

    sold:        (D,) units a day, NaN where it was out of stock.
    forecast:    mean (D,) and quantiles (D, 9) at 0.1 … 0.9 made before the source began.
    correlation: of the forecast's errors between days, 0-1.
    share:       (D,) part of each day's difference that is this source's, where several overlap.
    The interval is that of the forecast's sum: Σσ² + ρ·Σσᵢσⱼ. None when no day can be compared.
    A negative effect is reported as it is; the history is cleaned of a positive one only, each day
    in proportion to what it sold.
    """
    mean, quantiles = forecast
    known = np.isfinite(sold)
    if not known.any():
        return None
    share = np.ones(len(sold)) if share is None else share
    sigma = (quantiles[:, -1] - quantiles[:, 0]) / (2 * LEVEL_Z) * share
    spread = sigma[known]
    variance = (1 - correlation) * (spread**2).sum() + correlation * spread.sum() ** 2
    difference = np.where(known, (np.nan_to_num(sold) - mean) * share, 0.0)
    units, half = float(difference.sum()), LEVEL_Z * math.sqrt(variance)
    own = np.where(known, mean * share + difference, 0.0)
    return Effect(
        units=units,
        low=units - half,
        high=units + half,
        base_units=float((mean * share)[known].sum()),
        known_days=int(known.sum()),
        by_day=spread_over(units, own),
    )


def spread_over(units: float, sold: np.ndarray) -> np.ndarray:
    """A total effect shared among days by what each sold; 0 for a negative one. (D,) → (D,)"""
    total = float(sold.sum())
    if total <= 0 or units <= 0:
        return np.zeros(len(sold))
    return sold * min(units / total, 1.0)


def total_demand(
    forecast: tuple[np.ndarray, np.ndarray], extra: np.ndarray | None, *, correlation: float
) -> tuple[float, float]:
    """Mean and 0.9 quantile of the demand of all days, with extra (3, D) mean, low, high or none.

    The forecast's days vary together by `correlation`; a guess of a sale is off on all its days
    alike, so its distances to the high case add up; the two are independent: squares add.
    """
    mean, quantiles = forecast
    sigma = (quantiles[:, -1] - quantiles[:, 0]) / (2 * LEVEL_Z)
    variance = (1 - correlation) * (sigma**2).sum() + correlation * sigma.sum() ** 2
    more = above = 0.0
    if extra is not None:
        more, above = float(extra[0].sum()), float((extra[2] - extra[0]).sum())
    total = float(mean.sum()) + more
    return total, total + math.hypot(LEVEL_Z * math.sqrt(variance), above)


def units_needed(demand: tuple[float, float], position: float) -> tuple[int, int]:
    """Units that are missing for a mean demand and for its high case. Each is 0 or more."""
    mean, high = demand
    return (
        max(math.ceil(mean - position - 1e-9), 0),
        max(math.ceil(high - position - 1e-9), 0),
    )
