"""Two groups compared once, with an interval and an honest verdict.

For one look at the end of a fixed window. Looking every day needs always-valid intervals instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from .moments import Moments

WIN, LOSE, CANNOT_TELL = "win", "lose", "cannot tell"
# Below this many units in a group the normal approximations mean nothing.
MIN_UNITS = 10


@dataclass(frozen=True)
class Comparison:
    """Treated less held out, per unit.

    low, high: the interval of `difference`; smallest_detectable: the difference that this many
    units would have shown in 4 of 5 such campaigns.
    """

    treated: float
    control: float
    difference: float
    low: float
    high: float
    smallest_detectable: float
    verdict: str


class TooFewUnitsError(ValueError):
    """One of the groups is too small for any interval."""


def compare_proportions(
    treated: tuple[int, int], control: tuple[int, int], *, level: float = 0.95
) -> Comparison:
    """Difference of two shares by Newcombe's hybrid score interval.

    treated, control: (successes, units).
    Raises TooFewUnitsError under MIN_UNITS units in a group, ValueError for impossible counts.
    Source: Newcombe, Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17 (1998), method 10.
    """
    for successes, units in (treated, control):
        if not 0 <= successes <= units:
            raise ValueError(f"{successes} of {units} is no share")
    _need(treated[1], control[1])
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p1, p2 = treated[0] / treated[1], control[0] / control[1]
    low1, high1 = wilson(*treated, z=z)
    low2, high2 = wilson(*control, z=z)
    difference = p1 - p2
    low = difference - math.hypot(p1 - low1, high2 - p2)
    high = difference + math.hypot(high1 - p1, p2 - low2)
    pooled = (treated[0] + control[0] + 1) / (treated[1] + control[1] + 2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / treated[1] + 1 / control[1]))
    return Comparison(p1, p2, difference, low, high, _detectable(error, level), _verdict(low, high))


def compare_means(
    treated: Sequence[float], control: Sequence[float], *, level: float = 0.95
) -> Comparison:
    """Difference of two means by Welch's interval: variances may differ.

    treated, control: one value per unit, zeros included, no NaN.
    Raises TooFewUnitsError under MIN_UNITS units in a group.
    Source: Welch, The generalization of Student's problem, Biometrika 34 (1947).
    """
    from scipy.special import stdtrit  # scipy.stats would cost seconds of import

    _need(len(treated), len(control))
    mean1, error1 = _mean_and_squared_error(treated)
    mean2, error2 = _mean_and_squared_error(control)
    squared = error1 + error2
    difference = mean1 - mean2
    if squared == 0:  # all values equal within each group: nothing to estimate an error from
        return Comparison(mean1, mean2, difference, difference, difference, 0.0, CANNOT_TELL)
    freedom = squared**2 / (error1**2 / (len(treated) - 1) + error2**2 / (len(control) - 1))
    half = float(stdtrit(freedom, 0.5 + level / 2)) * math.sqrt(squared)
    low, high = difference - half, difference + half
    detectable = _detectable(math.sqrt(squared), level)
    return Comparison(mean1, mean2, difference, low, high, detectable, _verdict(low, high))


def compare_moments(treated: Moments, control: Moments, *, level: float = 0.95) -> Comparison:
    """`compare_means` of arms that were added up elsewhere."""
    from scipy.special import stdtrit

    _need(treated.n, control.n)
    squared = treated.variance / treated.n + control.variance / control.n
    difference = treated.y - control.y
    if squared == 0:
        return Comparison(
            treated.y, control.y, difference, difference, difference, 0.0, CANNOT_TELL
        )
    parts = ((arm.variance / arm.n) ** 2 / (arm.n - 1) for arm in (treated, control))
    half = float(stdtrit(squared**2 / math.fsum(parts), 0.5 + level / 2)) * math.sqrt(squared)
    low, high = difference - half, difference + half
    detectable = _detectable(math.sqrt(squared), level)
    return Comparison(treated.y, control.y, difference, low, high, detectable, _verdict(low, high))


def wilson(successes: float, units: float, *, z: float) -> tuple[float, float]:
    """Wilson's score interval of one share; of shares that hang together, in units that do not. Source: Wilson, JASA 22 (1927)."""
    share = successes / units
    centre = share + z * z / (2 * units)
    half = z * math.sqrt(share * (1 - share) / units + z * z / (4 * units * units))
    scale = 1 + z * z / units
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def sample_ratio_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How likely counts this far from their shares are by chance: Pearson's chi-square test.

    counts: units per arm; shares: positive, summing to 1, one per arm.
    Raises ValueError without units. Source: Pearson, Phil. Magazine 50 (1900).
    """
    from scipy.special import chdtrc

    units = sum(counts)
    if not units or len(counts) != len(shares):
        raise ValueError("needs units in arms that have shares")
    squares = (
        (count - units * share) ** 2 / (units * share)
        for count, share in zip(counts, shares, strict=True)
    )
    return float(chdtrc(len(counts) - 1, math.fsum(squares)))


def _need(*units: int) -> None:
    if min(units) < MIN_UNITS:
        raise TooFewUnitsError(
            f"need at least {MIN_UNITS} customers in each group, got {min(units)}"
        )


def _mean_and_squared_error(values: Sequence[float]) -> tuple[float, float]:
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, variance / len(values)


def _detectable(error: float, level: float, power: float = 0.8) -> float:
    normal = NormalDist()
    return (normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)) * error


def _verdict(low: float, high: float) -> str:
    return WIN if low > 0 else LOSE if high < 0 else CANNOT_TELL
