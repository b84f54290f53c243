"""The Bayesian view of an effect, with the prior said out loud."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from .effects import Effect

# Most changes to a shop move a figure by little: two of three by less than 30 % of the control's.
# GrowthBook's default proper prior, too.
PRIOR_RELATIVE = 0.3


@dataclass(frozen=True)
class Belief:
    """After the data. better: probability that the effect is above zero. loss: what choosing the
    treated arm loses on average where it is worse, in the metric's unit. prior: its standard
    deviation in that unit, around zero."""

    better: float
    mean: float
    low: float
    high: float
    loss: float
    prior: float
    level: float = 0.95


def belief(
    effect: Effect, *, prior_relative: float = PRIOR_RELATIVE, level: float = 0.95
) -> Belief | None:
    """Normal prior around no effect times the normal likelihood of the estimate.

    None without any spread, or where the control's figure is zero and a relative prior says
    nothing. Source: Gelman et al., Bayesian Data Analysis, 3rd ed., 2.5.
    """
    prior = prior_relative * abs(effect.control)
    if effect.error <= 0 or prior <= 0:
        return None
    weight = prior**2 / (prior**2 + effect.error**2)
    mean, spread = weight * effect.difference, math.sqrt(weight) * effect.error
    normal = NormalDist(mean, spread)
    below = normal.cdf(0.0)
    loss = spread**2 * normal.pdf(0.0) - mean * below
    half = (NormalDist().inv_cdf(0.5 + level / 2)) * spread
    return Belief(1 - below, mean, mean - half, mean + half, max(0.0, loss), prior, level)


def chance_above(found: Belief, edge: float) -> float:
    """Probability that the effect is above `edge`: what it costs to have it."""
    half = NormalDist().inv_cdf(0.5 + found.level / 2)
    return 1 - NormalDist(found.mean, (found.high - found.mean) / half).cdf(edge)
