"""How many people an experiment needs, and what so many people can show."""

from __future__ import annotations

import math
from statistics import NormalDist

from .sequential import PLANNED_UNITS, widening

POWER = 0.8


def smallest_detectable(
    error: float, *, level: float = 0.95, power: float = POWER, looks: tuple[int, int] | None = None
) -> float:
    """The effect that an experiment with this standard error shows with probability `power`.

    looks: (units, planned units) where people look all the time and the interval is always valid;
    None for one look at the end.
    """
    normal = NormalDist()
    if looks is None:
        edge = normal.inv_cdf(0.5 + level / 2)
    else:
        edge = widening(looks[0], level=level, planned=looks[1])
    return (edge + normal.inv_cdf(power)) * error


def units_needed(
    variance: float, effect: float, *, share: float = 0.5, level: float = 0.95, power: float = POWER
) -> int:
    """Units in both arms together for one look at the end.

    variance: of one unit's metric (p(1 − p) of a share). share: of the treated arm, in (0, 1).
    Raises ValueError for an effect of zero. Source: Kohavi, Tang & Xu, Trustworthy Online
    Controlled Experiments, 2020, 17.
    """
    if not effect or not 0 < share < 1:
        raise ValueError("needs an effect and a share between 0 and 1")
    normal = NormalDist()
    edge = normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)
    return math.ceil(edge**2 * variance / (effect**2 * share * (1 - share)))


def units_needed_always_valid(
    variance: float, effect: float, *, share: float = 0.5, level: float = 0.95, power: float = POWER
) -> int:
    """The same where people look every day and the sequence is planned for that very size."""
    low, high = units_needed(variance, effect, share=share, level=level, power=power), 2
    while not _shows(high, variance, effect, share=share, level=level, power=power):
        high *= 2
    while low < high:
        middle = (low + high) // 2
        if _shows(middle, variance, effect, share=share, level=level, power=power):
            high = middle
        else:
            low = middle + 1
    return low


def detectable_with(
    units: int,
    variance: float,
    *,
    share: float = 0.5,
    level: float = 0.95,
    power: float = POWER,
    always_valid: bool = False,
) -> float:
    """The effect that so many units in both arms show at one look at the end.

    always_valid: to somebody who looks all the time, with a sequence planned for that size.
    """
    error = math.sqrt(variance / (units * share * (1 - share)))
    looks = (units, units) if always_valid else None
    return smallest_detectable(error, level=level, power=power, looks=looks)


def holdout_rate_for(customers: int, variance: float, effect: float) -> float | None:
    """The smallest holdout (0 to 0.5) that still shows this effect; None when even half does not."""
    if units_needed(variance, effect, share=0.5) > customers:
        return None
    edge = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(POWER)
    product = edge**2 * variance / (effect**2 * customers)  # share × (1 − share)
    return (1 - math.sqrt(max(0.0, 1 - 4 * product))) / 2


def _shows(
    units: int, variance: float, effect: float, *, share: float, level: float, power: float
) -> bool:
    error = math.sqrt(variance / (units * share * (1 - share)))
    looks = (units, max(units, 2))
    return smallest_detectable(error, level=level, power=power, looks=looks) <= abs(effect)


__all__ = [
    "PLANNED_UNITS",
    "POWER",
    "detectable_with",
    "holdout_rate_for",
    "smallest_detectable",
    "units_needed",
    "units_needed_always_valid",
]
