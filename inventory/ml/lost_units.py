"""How many units those who looked at a sold-out SKU would have bought, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEAST_LOOKS = 200  # of the whole shop, while things could be bought
LEAST_LINES = 30
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class LookRates:
    """What a look at an available SKU led to: order lines per look ~ Gamma(shape, rate) per SKU.

    shape, rate: float64 (n,) of the posterior; line_units, line_units_squared: float64 (n,) mean
    and mean square of the units of a line.
    """

    shape: np.ndarray
    rate: np.ndarray
    line_units: np.ndarray
    line_units_squared: np.ndarray

    @property
    def units_per_look(self) -> np.ndarray:
        return self.shape / self.rate * self.line_units


def look_rates(
    looks: np.ndarray, lines: np.ndarray, units: np.ndarray, units_squared: np.ndarray
) -> LookRates | None:
    """Each SKU's own rate, drawn to the shop's by as much as it has few looks.

    looks: float64 (n,) looks while available; lines, units, units_squared: float64 (n,) order
    lines of the same time, the sum of their units and of its squares.
    None where the whole shop has too few looks (LEAST_LOOKS) or lines (LEAST_LINES) to learn from.
    A SKU that sells without looks (other channels) has a rate above 1: that is what it sells.
    Source: Marshall, Applied Statistics 40 (1991), global empirical Bayes by moments.
    """
    if looks.sum() < LEAST_LOOKS or lines.sum() < LEAST_LINES:
        return None
    mean = lines.sum() / looks.sum()
    seen = looks > 0
    raw = lines[seen] / looks[seen]
    spread = (looks[seen] * (raw - mean) ** 2).sum() / looks.sum()
    between = spread - mean / looks[seen].mean()
    # Without any difference between SKUs beyond chance, the shop's rate is everybody's.
    prior_rate = mean / between if between > 0 else float(looks.sum())
    # The units of a line: the shop's mean counts as much as five lines of the SKU's own.
    per_line, per_line_squared = units.sum() / lines.sum(), units_squared.sum() / lines.sum()
    return LookRates(
        shape=mean * prior_rate + lines,
        rate=prior_rate + looks,
        line_units=(units + 5 * per_line) / (lines + 5),
        line_units_squared=(units_squared + 5 * per_line_squared) / (lines + 5),
    )


def lost_units(
    looks_out: np.ndarray, rates: LookRates
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean, low, high) units, float64 (n,): what `looks_out` looks would have led to.

    The number of lines is negative binomial (Poisson with an uncertain rate), each with its own
    units; the sum of both is matched by mean and variance with a negative binomial, whose 0.1 and
    0.9 quantiles are low and high. 0 looks: 0, 0, 0.
    """
    lines = looks_out * rates.shape / rates.rate
    lines_variance = lines * (1 + looks_out / rates.rate)
    mean = lines * rates.line_units
    within = lines * np.maximum(rates.line_units_squared - rates.line_units**2, 0)
    variance = np.maximum(within + lines_variance * rates.line_units**2, mean * (1 + 1e-6))
    some = mean > 0
    low, high = np.zeros(len(mean)), np.zeros(len(mean))
    size = mean[some] ** 2 / (variance[some] - mean[some])
    chance = mean[some] / variance[some]
    low[some] = stats.nbinom.ppf(LOW, size, chance)
    high[some] = stats.nbinom.ppf(HIGH, size, chance)
    return mean, low, high
