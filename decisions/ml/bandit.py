"""Thompson sampling in batches: earn while learning, with every propensity known beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .moments import Moments

# No arm falls below this share: what is never shown can never be judged again.
LEAST_SHARE = 0.05
DRAWS = 20_000
# Until an arm has so many units its mean says nothing, and shares stay as they began.
LEAST_UNITS = 50


def thompson_shares(
    arms: Mapping[str, Moments | None], *, seed: int, least: float = LEAST_SHARE
) -> dict[str, float]:
    """Shares of the next batch: how often each arm's drawn mean is the best of all.

    arms: what each has brought so far, in a fixed order; None for one without units. The same
    arms and seed give the same shares on every machine. Means are drawn from the normal posterior
    under a flat prior (the central limit theorem); its error is never taken as zero.
    Raises ValueError where the least shares leave no choice.
    Source: Thompson, Biometrika 25 (1933); batches: Perchet, Rigollet, Chassang & Snowberg,
    Batched bandit problems, Annals of Statistics 44 (2016).
    """
    import numpy as np  # not at start-up: experiments are asked by every web worker

    names = list(arms)
    if least * len(names) >= 1:
        raise ValueError("the least shares leave nothing to choose")
    known = [arm for arm in arms.values() if arm is not None and arm.n >= LEAST_UNITS]
    if len(known) < len(names):
        return {name: 1 / len(names) for name in names}
    spread = sum(arm.y2 for arm in known) / max(1, sum(arm.n for arm in known) - len(known))
    errors = [math.sqrt(max(arm.variance, spread / 100, 1e-12) / arm.n) for arm in known]
    draws = np.random.default_rng(seed).normal(
        [arm.y for arm in known], errors, (DRAWS, len(names))
    )
    best = np.bincount(draws.argmax(axis=1), minlength=len(names)) / DRAWS
    free = 1 - least * len(names)
    return {name: round(least + free * float(p), 6) for name, p in zip(names, best, strict=True)}
