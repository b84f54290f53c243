"""The effect of an arm against the control, with its standard error: plain, adjusted, of a ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .moments import Moments

if TYPE_CHECKING:
    import numpy as np

# Of the customers who spent anything at all: zeros would pull the limit down to nothing.
WINSOR_QUANTILE = 0.99


@dataclass(frozen=True)
class Effect:
    """Treated less control, per unit, in the metric's own unit.

    error: standard error of `difference`. units: in both arms. freedom: degrees of freedom of the
    error (Welch-Satterthwaite).
    """

    treated: float
    control: float
    difference: float
    error: float
    units: int
    freedom: float


def mean_effect(treated: Moments, control: Moments) -> Effect:
    """Difference of two means whose variances may differ.

    Source: Welch, The generalization of Student's problem, Biometrika 34 (1947).
    """
    return _effect(treated.y, control.y, treated, control, treated.variance, control.variance)


def adjusted_effect(treated: Moments, control: Moments) -> tuple[Effect, float]:
    """The same with what was measured before the start (x) taken out, and the share of variance
    that this saved (0 to 1).

    One slope for both arms, from the covariances within them; x was fixed before anybody was
    assigned, so the effect stays what it was and only its error shrinks.
    Source: Deng, Xu, Kohavi & Walker, Improving the Sensitivity of Online Controlled Experiments
    by Utilizing Pre-Experiment Data, WSDM 2013 (CUPED).
    """
    spread = treated.x2 + control.x2
    slope = (treated.xy + control.xy) / spread if spread > 0 else 0.0
    shift = slope * (treated.x - control.x)
    plain = mean_effect(treated, control)
    variances = [
        arm.variance - 2 * slope * arm.covariance + slope * slope * arm.variance_x
        for arm in (treated, control)
    ]
    found = _effect(treated.y - shift, control.y, treated, control, *variances)
    saved = 1 - (found.error / plain.error) ** 2 if plain.error > 0 else 0.0
    return found, max(0.0, saved)


def ratio_effect(treated: Moments, control: Moments) -> Effect:
    """Difference of two ratios Σy / Σx whose units are people: revenue per order, clicks per view.

    Raises ValueError where an arm's denominators add up to nothing.
    Source: Deng, Knoblich & Lu, Applying the Delta Method in Metric Analytics, KDD 2018.
    """
    (ratio1, variance1), (ratio2, variance2) = (_ratio(arm) for arm in (treated, control))
    return _effect(ratio1, ratio2, treated, control, variance1, variance2)


def units_behind(share: Moments) -> float:
    """So many independent messages would tell a share of messages Σy / Σx as well as these people do.

    One person's messages are alike, so they are fewer than the messages; never fewer than what one
    message a person would be where nobody did it, or everybody. Raises ValueError without messages.
    Source: the delta method above; Korn & Graubard, Survey Methodology 24 (1998).
    """
    ratio, variance = _ratio(share)
    if share.n < 2 or not 0 < ratio < 1 or variance <= 0:
        return float(share.n)
    return min(share.n * share.x, ratio * (1 - ratio) / (variance / share.n))


def _ratio(arm: Moments) -> tuple[float, float]:
    """Σy / Σx, and the variance of one unit's part in it."""
    if arm.x <= 0:
        raise ValueError("a ratio needs a denominator above zero in both arms")
    ratio = arm.y / arm.x
    spread = arm.variance - 2 * ratio * arm.covariance + ratio * ratio * arm.variance_x
    return ratio, spread / arm.x**2


def pooled_effect(strata: list[Effect], sizes: Sequence[float] | None = None) -> Effect:
    """One effect out of several independent ones, each weighted by its units, or by `sizes`.

    sizes: of what each stands for, where that is more than the two arms it compares. The whole
    batch's size is what weighting each person by one over her propensity comes to (Hájek).

    For shares that changed on the way (Thompson sampling): within a batch the draw was random with
    known shares, so each batch's difference is unbiased, and so is their mean by size.
    """
    units = sum(one.units for one in strata)
    counts = [float(one.units) for one in strata] if sizes is None else list(sizes)
    weights = [one / math.fsum(counts) for one in counts]

    def mean(values: list[float]) -> float:
        return math.fsum(w * v for w, v in zip(weights, values, strict=True))

    squares = [(w * one.error) ** 2 for w, one in zip(weights, strata, strict=True)]
    error = math.sqrt(math.fsum(squares))
    each = [s * s / one.freedom for s, one in zip(squares, strata, strict=True) if s]
    return Effect(
        mean([one.treated for one in strata]),
        mean([one.control for one in strata]),
        mean([one.difference for one in strata]),
        error,
        units,
        error**4 / math.fsum(each) if each else math.inf,
    )


def winsor_limit(values: np.ndarray, quantile: float = WINSOR_QUANTILE) -> float | None:
    """The most that one customer may count for: a quantile of all spenders of all arms together.

    values: one per customer of every arm, so that the limit knows no arm. None without a spender.
    It is a value that somebody spent: between the last two of fewer than a hundred spenders the
    largest would set its own limit.
    Source: Wilcox, Introduction to Robust Estimation, 2.2 (Winsorised mean).
    """
    import numpy as np  # not at start-up: experiments are asked by every web worker

    spent = values[values > 0]
    return float(np.quantile(spent, quantile, method="lower")) if len(spent) else None


def winsorised(
    arms: Mapping[str, Sequence[float]],
) -> tuple[dict[str, np.ndarray], float | None, int]:
    """Each arm's values held to the limit of all, the limit, and how many lay beyond it."""
    import numpy as np

    values = {name: np.asarray(found, dtype=float) for name, found in arms.items()}
    limit = winsor_limit(np.concatenate(list(values.values()))) if values else None
    if limit is None:
        return values, None, 0
    over = sum(int((np.abs(one) > limit).sum()) for one in values.values())
    return {name: np.clip(one, -limit, limit) for name, one in values.items()}, limit, over


def _effect(
    mean1: float, mean2: float, arm1: Moments, arm2: Moments, variance1: float, variance2: float
) -> Effect:
    part1, part2 = max(0.0, variance1) / arm1.n, max(0.0, variance2) / arm2.n
    squared = part1 + part2
    below = part1**2 / max(1, arm1.n - 1) + part2**2 / max(1, arm2.n - 1)
    freedom = squared**2 / below if below > 0 else math.inf
    return Effect(mean1, mean2, mean1 - mean2, math.sqrt(squared), arm1.n + arm2.n, freedom)
