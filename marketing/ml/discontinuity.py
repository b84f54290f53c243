"""What passing a threshold changes: those just above beside those just below it.

Local regression with a triangular kernel, a curve per side. The straight lines' bandwidth is the
rule of Imbens & Kalyanaraman in its plain form; the estimate itself is quadratic at that bandwidth,
which is the bias-corrected estimate of Calonico, Cattaneo & Titiunik with both bandwidths alike, so
that its interval covers what it says. Errors are heteroskedasticity-robust (HC3).

Source: Imbens & Kalyanaraman, Optimal Bandwidth Choice for the Regression Discontinuity Estimator,
2012; Calonico, Cattaneo & Titiunik, Robust Nonparametric Confidence Intervals, 2014, remark 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEAST_PER_SIDE = 100  # customers within the bandwidth
LEAST_VALUES = 8  # different figures per side: four coefficients are no curve through three counts
LEVEL = 0.95


@dataclass(frozen=True)
class Jump:
    """value, low, high: in the outcome's unit. below, above: customers within the bandwidth.
    mean_below, mean_above: where the two curves meet the threshold."""

    value: float
    low: float
    high: float
    below: int
    above: int
    bandwidth: float
    mean_below: float
    mean_above: float


@dataclass(frozen=True)
class Refused:
    """reason: few_customers or few_values; below, above: how many there were."""

    reason: str
    below: int
    above: int


def jump_at(
    figure: np.ndarray, outcome: np.ndarray, threshold: float, *, bandwidth: float | None = None
) -> Jump | Refused:
    """figure, outcome: shape (n,), no NaN. The jump of the outcome where the figure passes the
    threshold; a figure at the threshold is above. bandwidth: in the figure's unit; None: chosen."""
    distance = figure - threshold
    is_above = distance >= 0
    if refused := _refusal(distance, is_above):
        return refused
    width = bandwidth or bandwidth_of(distance, outcome)
    width = _wide_enough(distance, width)
    near = np.abs(distance) < width
    if refused := _refusal(distance[near], is_above[near]):
        return refused
    x, y, above = distance[near] / width, outcome[near], is_above[near]
    left, left_var = _at_zero(x[~above], y[~above])
    right, right_var = _at_zero(x[above], y[above])
    half = float(stats.t.ppf((1 + LEVEL) / 2, near.sum() - 6)) * float(
        np.sqrt(left_var + right_var)
    )
    value = right - left
    return Jump(
        value, value - half, value + half, int((~above).sum()), int(above.sum()), width, left, right
    )


def bandwidth_of(distance: np.ndarray, outcome: np.ndarray) -> float:
    """C × (variance / (density × curvature²))^(1/5) × n^(−1/5): C is 3.4375 of a triangular kernel."""
    n, spread = len(distance), float(np.std(distance)) or 1.0
    pilot = 1.84 * spread * n ** (-1 / 5)
    near = np.abs(distance) < pilot
    density = max(near.mean() / (2 * pilot), 1e-12)
    sides = [distance < 0, distance >= 0]
    variance = float(
        np.mean([np.var(outcome[near & side]) if (near & side).any() else 0.0 for side in sides])
    )
    curves = [_curvature(distance[side], outcome[side]) for side in sides]
    regular = sum(2160 * variance / max(side.sum(), 1) / max(pilot, 1e-12) ** 4 for side in sides)
    bend = (curves[1] - curves[0]) ** 2 + regular
    if variance <= 0 or bend <= 0:
        return pilot
    return float(3.4375 * (2 * variance / (density * bend)) ** (1 / 5) * n ** (-1 / 5))


def bunching(figure: np.ndarray, threshold: float, width: float) -> tuple[int, int, float]:
    """(below, above, p): whether more lie on one side within a narrow strip than chance puts there;
    who can choose the side makes the comparison worthless."""
    strip = np.abs(figure - threshold) < width / 5
    above = int((figure[strip] >= threshold).sum())
    below = int(strip.sum()) - above
    if not strip.sum():
        return 0, 0, 1.0
    return below, above, float(stats.binomtest(above, above + below).pvalue)


def _refusal(distance: np.ndarray, is_above: np.ndarray) -> Refused | None:
    below, above = int((~is_above).sum()), int(is_above.sum())
    if min(below, above) < LEAST_PER_SIDE:
        return Refused("few_customers", below, above)
    values = min(len(np.unique(distance[is_above])), len(np.unique(distance[~is_above])))
    return Refused("few_values", below, above) if values < LEAST_VALUES else None


def _wide_enough(distance: np.ndarray, width: float) -> float:
    """Never so narrow that a side has too few, never wider than the figures reach."""
    needed = [
        np.sort(np.abs(distance[side]))[LEAST_PER_SIDE - 1]
        for side in (distance < 0, distance >= 0)
    ]
    return float(max(width, max(needed) * 1.000001))


def _curvature(x: np.ndarray, y: np.ndarray) -> float:
    scale = float(np.std(x)) or 1.0
    found = np.polynomial.polynomial.polyfit(x / scale, y, 2)
    return float(2 * found[2] / scale**2)


def _at_zero(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Height of a weighted quadratic at 0, and its variance (HC3)."""
    design = np.stack([np.ones_like(x), x, x * x], axis=1)
    weights = 1 - np.abs(x)
    bread = np.linalg.pinv(design.T @ (design * weights[:, None]))
    coefficients = bread @ (design.T @ (weights * y))
    leverage = np.einsum("ij,jk,ik->i", design, bread, design) * weights
    residual = (y - design @ coefficients) / np.clip(1 - leverage, 0.05, None)
    meat = (design * (weights * residual)[:, None]).T @ (design * (weights * residual)[:, None])
    return float(coefficients[0]), float((bread @ meat @ bread)[0, 0])
