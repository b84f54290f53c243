"""What the models find of a truth that is known: taste, complements, substitutes, lost units, money.

    python benchmarks/known_truth.py [--seeds 5] [--products 300] [--customers 4000] [--days 540]
        [--budget 90]

Simulates a teahouse per seed, trains as the night does (processor seconds: --budget), and prints
the mean over seeds with its 95 % interval. Says nothing about quality on real data.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

import numpy as np  # noqa: E402

from recommendations.ml.harness import USUAL, Plan  # noqa: E402
from shop.simulator import oracle  # noqa: E402
from tests import known_truth  # noqa: E402

RATES = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("seeds", 5), ("products", 300), ("customers", 4000), ("days", 540)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--budget", type=float, default=90.0)
    options = parser.parse_args()
    sizes = {name: getattr(options, name) for name in ("products", "customers", "days")}
    found: dict[str, list[float]] = {}
    for seed in range(1, options.seeds + 1):
        started = time.perf_counter()
        for name, value in figures_of(seed, sizes, options.budget).items():
            found.setdefault(name, []).append(value)
        print(f"seed {seed}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    show(found)


def figures_of(seed: int, sizes: dict[str, int], budget: float) -> dict[str, float]:
    world = known_truth.make(seed, **sizes)
    plan = Plan(USUAL, seed=seed, seconds=budget)
    chosen, models = known_truth.trained(world, plan, time.process_time)
    found: dict[str, float] = {}
    for name, source in [*sorted(models.items()), ("chosen", models[chosen])]:
        whole, personal = known_truth.taste_found(world, source)
        found[f"Spearman with true liking, {name}"] = whole
        found[f"Spearman, personal part, {name}"] = personal
    for name in ("complements", "transitions"):
        if name in known_truth.SPACES:  # a source that a shop may have left out
            found[f"complements, precision@2, {name}"], chance = known_truth.complements_found(
                world, name
            )
            found["complements, precision@2, chance"] = chance
    for least in (1, 50):
        precision, chance, learned = known_truth.substitutes_found(world, lost_visits=least)
        found[f"substitutes, precision@3, from {least} visits in vain"] = precision
        found[f"substitutes, precision@3, chance, from {least}"] = chance
    found["substitutes, share that moves, learned"] = learned.to_similar_rate
    lost = known_truth.lost_units_found(world)
    found["lost units, estimated over wanted"] = lost.mean.sum() / lost.wanted.sum()
    found["lost units, share of intervals that hold the truth"] = lost.held
    return found | money(world, models, chosen)


def money(world: known_truth.World, models: dict, chosen: str) -> dict[str, float]:
    """Clicks and margin by true taste, over those of the best single source without a knob."""
    singles = [name for name in models if name not in known_truth.MIXES]
    plain = {
        name: known_truth.shown(world, known_truth.lists_under(world, models[name], [0.0])[0])
        for name in singles
    }
    best = max(singles, key=lambda name: plain[name].clicks)
    found = {}
    curve = []
    for rate, lists in zip(
        RATES, known_truth.lists_under(world, models[chosen], RATES), strict=True
    ):
        one = known_truth.shown(world, lists)
        clicks, margin = one.clicks / plain[best].clicks, one.margin / plain[best].margin
        curve.append((clicks, margin))
        found[f"clicks over best single source, knob {rate}"] = clicks
        found[f"margin over best single source, knob {rate}"] = margin
    # The largest margin that costs no click against the best single source.
    found["margin at equal or more clicks"] = max(
        (margin for clicks, margin in curve if clicks >= 1.0), default=np.nan
    )
    return found


def show(found: dict[str, list[float]]) -> None:
    print("| figure | mean | 95 % interval | seeds |")
    print("|---|---|---|---|")
    for name, values in found.items():
        mean, low, high = oracle.interval(np.array(values))
        print(f"| {name} | {mean:.3f} | {low:.3f} to {high:.3f} | {len(values)} |")


if __name__ == "__main__":
    main()
