"""Our experiment statistics beside GrowthBook's (`gbstats`, MIT) on the same random arms.

    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install gbstats==0.8.0
    /tmp/oracle/bin/python benchmarks/experiment_oracle.py

gbstats holds numpy below 2 and pandas below 2, so it lives in an environment of its own
(docs/decisions/0008-experiment-statistics.md). Prints the largest relative difference per figure.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from decisions.ml.bayes import belief
from decisions.ml.effects import adjusted_effect, mean_effect, ratio_effect
from decisions.ml.moments import Moments
from decisions.ml.sequential import always_valid
from decisions.ml.verdicts import student


def arms(generator: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    found = []
    for size in generator.integers(300, 4000, 2):
        before = generator.gamma(2.0, 10.0, size)
        found.append((0.5 * before + generator.normal(20, 8, size), before))
    return found


def differences(seed: int) -> dict[str, float]:
    from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
    from gbstats.frequentist.tests import (
        FrequentistConfig,
        SequentialConfig,
        SequentialTwoSidedTTest,
        TwoSidedTTest,
    )
    from gbstats.models.statistics import (
        RatioStatistic,
        RegressionAdjustedStatistic,
        SampleMeanStatistic,
        compute_theta,
    )

    control, treated = arms(np.random.default_rng(seed))
    mine = [Moments.of(y, x) for y, x in (treated, control)]

    def sums(values: np.ndarray) -> SampleMeanStatistic:
        return SampleMeanStatistic(len(values), float(values.sum()), float(values @ values))

    once = FrequentistConfig(difference_type="absolute")
    looks = SequentialConfig(difference_type="absolute")
    plain = [sums(y) for y, _x in (control, treated)]
    ratio = [RatioStatistic(len(y), sums(y), sums(x), float(x @ y)) for y, x in (control, treated)]
    adjusted = [
        RegressionAdjustedStatistic(len(y), sums(y), sums(x), float(x @ y), 0.0)
        for y, x in (control, treated)
    ]
    theta = compute_theta(*adjusted)
    for one in adjusted:
        one.theta = theta
    prior = GaussianPrior(0.0, (0.3 * mine[1].y) ** 2, True)
    bayes = EffectBayesianABTest(
        *plain,
        EffectBayesianConfig(difference_type="absolute", prior_type="absolute", prior_effect=prior),
    ).compute_result()
    effect, said = mean_effect(*mine), belief(mean_effect(*mine))
    pairs = {
        "welch": (student(effect, 0.95), TwoSidedTTest(*plain, once).confidence_interval),
        "always_valid": (
            always_valid(effect),
            SequentialTwoSidedTTest(*plain, looks).confidence_interval,
        ),
        "ratio": (
            student(ratio_effect(*mine), 0.95),
            TwoSidedTTest(*ratio, once).confidence_interval,
        ),
        "cuped": (
            student(adjusted_effect(*mine)[0], 0.95),
            TwoSidedTTest(*adjusted, once).confidence_interval,
        ),
        "bayes": (said, bayes.ci),
    }
    found = {
        name: max(abs(ours.low - theirs[0]), abs(ours.high - theirs[1])) / effect.error
        for name, (ours, theirs) in pairs.items()
    }
    return found | {"probability_better": abs(said.better - bayes.chance_to_win)}


def main() -> None:
    rows = [differences(seed) for seed in range(50)]
    worst = {name: max(row[name] for row in rows) for name in rows[0]}
    print(json.dumps({"worst difference, in standard errors": worst}, indent=2))


if __name__ == "__main__":
    main()
