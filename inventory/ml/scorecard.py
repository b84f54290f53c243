"""A supplier in numbers, each with how many deliveries it rests on. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_DELIVERIES = 5  # fewer say nothing of a supplier
LEVEL_Z = 1.2815515655446004  # 80 % interval


@dataclass(frozen=True)
class Interval:
    """A figure with its 80 % interval and the number of observations behind it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Scores:
    """None where there are fewer than LEAST_DELIVERIES."""

    delay_days: Interval | None
    on_time_rate: Interval | None
    fill_rate: Interval | None


def score(
    lead_days: Sequence[float], promised_days: Sequence[float], fill: Sequence[float]
) -> Scores:
    """lead_days, promised_days: one per delivery. fill: received over ordered, per closed order."""
    delays = np.array(lead_days, dtype=float) - np.array(promised_days, dtype=float)
    enough = len(delays) >= LEAST_DELIVERIES
    return Scores(
        delay_days=mean_interval(delays) if enough else None,
        on_time_rate=share_interval(int((delays <= 0).sum()), len(delays)) if enough else None,
        fill_rate=_capped(mean_interval(np.array(fill, dtype=float)))
        if len(fill) >= LEAST_DELIVERIES
        else None,
    )


def mean_interval(values: np.ndarray) -> Interval:
    """Mean ± t · s / √n, 80 %. Source: any textbook; Student (1908)."""
    from scipy.special import stdtrit

    n = len(values)
    mean = float(values.mean())
    half = float(stdtrit(n - 1, 0.9)) * float(values.std(ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def share_interval(hits: int, n: int) -> Interval:
    """A share with Wilson's interval, 80 %. Source: Wilson, JASA 22 (1927)."""
    z2 = LEVEL_Z**2
    middle = (hits + z2 / 2) / (n + z2)
    half = LEVEL_Z / (n + z2) * math.sqrt(hits * (n - hits) / n + z2 / 4)
    return Interval(hits / n, max(middle - half, 0.0), min(middle + half, 1.0), n)


def price_trend(first: Sequence[float], last: Sequence[float], weights: Sequence[float]) -> float:
    """How much dearer a basket became: Σ w·last / Σ w·first − 1; weights are units bought.

    Source: Laspeyres' index with the period's units as its basket.
    """
    units = np.array(weights, dtype=float)
    return float((units * np.array(last)).sum() / (units * np.array(first)).sum() - 1)


def _capped(found: Interval) -> Interval:
    return Interval(found.value, max(found.low, 0.0), min(found.high, 1.0), found.n)
