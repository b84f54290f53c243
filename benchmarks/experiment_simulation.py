"""What looking every day costs: false positives, power and coverage of the experiments' statistics.

    .venv/bin/python benchmarks/experiment_simulation.py [--runs 2000]

Every run is one experiment of 28 days, 200 customers a day and arm: 5 % buy, for log-normal
amounts that hang together with what the customer spent before. Judged each evening by
`decisions/ml` as the product does, beside a t-test that stops at the first p < 0.05. One process,
a fixed seed; prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from decisions.ml.comparison import compare_proportions
from decisions.ml.effects import adjusted_effect, mean_effect
from decisions.ml.moments import Moments
from decisions.ml.sequential import Interval, always_valid, ratio_p_always_valid
from decisions.ml.verdicts import student, verdict_of

DAYS, PER_DAY, BASE = 28, 200, 0.05


@dataclass(frozen=True)
class Arms:
    """buys: of 0 and 1; spent: money; before: money. Each (days × per day)."""

    buys: np.ndarray
    spent: np.ndarray
    before: np.ndarray


def draw(generator: np.random.Generator, rate: float) -> Arms:
    """One arm; a customer's taste for spending is in what she spent before, whether and how much."""
    shape = (DAYS, PER_DAY)
    taste = generator.normal(size=shape)
    buys = generator.random(shape) < rate * np.exp(0.6 * taste - 0.18)  # rate on average
    spent = np.where(buys, np.exp(3 + 0.6 * taste + 0.6 * generator.normal(size=shape)), 0.0)
    before = np.exp(3 + 0.6 * taste + 0.3 * generator.normal(size=shape))
    return Arms(buys.astype(float), spent, before)


def looks(arm: Arms, metric: str) -> list[Moments]:
    """The arm as it stands each evening."""
    values = arm.buys if metric == "conversion" else arm.spent
    days = [Moments.of(values[day], arm.before[day]) for day in range(DAYS)]
    found = [days[0]]
    for day in days[1:]:
        found.append(found[-1] + day)
    return found


def one_run(seed: int, lift: float) -> dict[str, dict[str, bool]]:
    """Per metric: did peeking find something, naively and always-valid; do the intervals hold."""
    generator = np.random.default_rng(seed)
    treated, control = draw(generator, BASE + lift), draw(generator, BASE)
    money = float(np.exp(3 + 0.72)) * lift  # mean of taste × log-normal amount, times the lift
    said = {}
    for metric, truth in (("conversion", lift), ("revenue", money), ("adjusted", money)):
        evenings = zip(looks(treated, metric), looks(control, metric), strict=True)
        effects = [
            adjusted_effect(a, b)[0] if metric == "adjusted" else mean_effect(a, b)
            for a, b in evenings
        ]
        once = [student(effect, 0.95) for effect in effects]
        if metric == "conversion":
            hits, n = [int(a.buys.sum()) for a in (treated, control)], DAYS * PER_DAY
            end = compare_proportions((hits[0], n), (hits[1], n))
            once[-1] = Interval(end.low, end.high)
        always = [always_valid(effect) for effect in effects]
        known = [one for one in always if one is not None]
        said[metric] = {
            "naive": any(verdict_of(one) != "cannot tell" for one in once),
            "at_end": verdict_of(once[-1]) != "cannot tell",
            "always": any(verdict_of(one) != "cannot tell" for one in known),
            "once_holds": bool(once[-1] and once[-1].low <= truth <= once[-1].high),
            "always_holds": all(one.low <= truth <= one.high for one in known),
            "found": effects[-1].difference - truth,
        }
    return said


def simulate(runs: int, lift: float, *, seed: int = 0) -> dict[str, dict[str, float]]:
    """Shares over all runs; `bias` in standard errors of its own mean."""
    all_runs = [one_run(seed + number, lift) for number in range(runs)]
    table = {}
    for metric in ("conversion", "revenue", "adjusted"):
        rows = [run[metric] for run in all_runs]
        off = np.array([row["found"] for row in rows])
        table[metric] = {
            key: round(float(np.mean([row[key] for row in rows])), 4)
            for key in ("naive", "at_end", "always", "once_holds", "always_holds")
        }
        table[metric]["bias"] = round(float(off.mean() / (off.std(ddof=1) / np.sqrt(runs))), 2)
    return table


def ratio_test(runs: int, share: float, *, seed: int = 0) -> float:
    """How often the test of the arms' sizes cries p < 0.01 on any of 28 evenings."""
    generator = np.random.default_rng(seed)
    grown = generator.binomial(2 * PER_DAY * 20, share, (runs, DAYS)).cumsum(axis=1)
    total = 2 * PER_DAY * 20 * np.arange(1, DAYS + 1)
    cried = [
        any(
            ratio_p_always_valid([int(a), int(n - a)], [0.5, 0.5]) < 0.01
            for a, n in zip(row, total, strict=True)
        )
        for row in grown
    ]
    return round(float(np.mean(cried)), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    started = time.perf_counter()
    found = {
        "runs": runs,
        "no_effect": simulate(runs, 0.0),
        "lift_of_1_point": simulate(runs // 2, 0.01, seed=1_000_000),
        "lift_of_2_points": simulate(runs // 2, 0.02, seed=2_000_000),
        "ratio_alarm_at_50_50": ratio_test(runs // 4, 0.5),
        "ratio_alarm_at_51_49": ratio_test(runs // 4, 0.51),
        "seconds": 0.0,
    }
    found["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
