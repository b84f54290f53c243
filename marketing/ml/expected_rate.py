"""What the next campaign may add to demand, from what measured ones added. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL_Z = 1.2815515655446004  # 80 % interval of a normal distribution
# Before anything was measured: no effect, give or take the whole of what sells anyway. A wide
# guess on purpose; it is said, and never planned with.
PRIOR_SD_RATE = 1.0


@dataclass(frozen=True)
class Measured:
    """One measured effect: extra units as a share of the forecast without it; error 1 sd."""

    rate: float
    error: float


@dataclass(frozen=True)
class Pooled:
    mean: float
    error: float
    between_sd: float


@dataclass(frozen=True)
class ExpectedRate:
    """Share of demand that a new campaign adds; 80 % interval. campaigns 0 = nothing measured."""

    mean: float
    low: float
    high: float
    similar: int
    campaigns: int


def pool(measured: Sequence[Measured]) -> Pooled:
    """Random-effects mean of measured effects; one alone says nothing of how much they differ.

    τ² = max(0, (Q − (k − 1)) / (Σw − Σw²/Σw)) with w = 1/error²; for k = 1 the prior's.
    Source: DerSimonian & Laird, Meta-analysis in clinical trials (1986).
    """
    weights = [1 / one.error**2 for one in measured]
    total = sum(weights)
    mean = sum(w * one.rate for w, one in zip(weights, measured, strict=True)) / total
    between = PRIOR_SD_RATE**2
    if len(measured) > 1:
        q = sum(w * (one.rate - mean) ** 2 for w, one in zip(weights, measured, strict=True))
        scale = total - sum(w * w for w in weights) / total
        between = max(0.0, (q - (len(measured) - 1)) / scale)
    random = [1 / (one.error**2 + between) for one in measured]
    mean = sum(w * one.rate for w, one in zip(random, measured, strict=True)) / sum(random)
    return Pooled(mean, math.sqrt(1 / sum(random)), math.sqrt(between))


def expected_rate(similar: Sequence[Measured], others: Sequence[Measured]) -> ExpectedRate:
    """The effect of a campaign yet to be run: similar ones, drawn to the others, those to the prior.

    Two normal steps: prior N(0, PRIOR_SD²) → all other campaigns → the similar ones. The interval
    is that of one new campaign: the error of the mean and how much campaigns differ. Low is at
    least 0: planning orders no less for a campaign.
    """
    mean, variance, between = 0.0, PRIOR_SD_RATE**2, PRIOR_SD_RATE
    for group in (others, similar):
        if group:
            pooled = pool(group)
            mean, variance = _update(mean, variance, pooled)
            between = pooled.between_sd
    half = LEVEL_Z * math.sqrt(variance + between**2)
    return ExpectedRate(
        mean=max(mean, 0.0),
        low=max(mean - half, 0.0),
        high=max(mean + half, 0.0),
        similar=len(similar),
        campaigns=len(similar) + len(others),
    )


def _update(mean: float, variance: float, pooled: Pooled) -> tuple[float, float]:
    """Normal prior times normal likelihood: mean and variance of the posterior."""
    error = pooled.error**2
    weight = variance / (variance + error)
    return mean + weight * (pooled.mean - mean), variance * error / (variance + error)
