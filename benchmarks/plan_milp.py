"""The purchase plan: never worse than the simple rule, how near the best, how long at full size.

    python benchmarks/plan_milp.py [--shops 60] [--skus 5000] [--suppliers 30] [--weeks 12]

First small random shops with every kind of limit, against the simple rule and the proved bound;
then one of full size, twice: the two plans must be equal. Pinned tests solve the smallest to the
proven optimum by brute force (tests/inventory/test_plan_milp.py).
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from inventory.ml.plan.solve import Plan, solve
from tests.inventory.test_plan_milp import shop

LIMITS = [{}, {"budget": 15_000.0}, {"litres": 40.0}, {"space": 90.0}, {"minimum": 9_000.0}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("shops", 60), ("skus", 5_000), ("suppliers", 30), ("weeks", 12)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    worse, gaps, saved = 0, [], []
    for seed in range(options.shops):
        limits = LIMITS[seed % len(LIMITS)]
        found = solve(shop(seed, skus=20, suppliers=3, weeks=6, **limits))
        if found.broken:
            continue
        worse += found.cost > found.greedy_cost + 1e-6
        gaps.append(gap(found))
        saved.append(1 - found.cost / found.greedy_cost)
    print(f"small shops within their limits: {len(gaps)}; worse than the simple rule: {worse}")
    print(f"gap: median {np.median(gaps):.2%}, mean {np.mean(gaps):.2%}, most {max(gaps):.1%}")
    print(f"cost below the simple rule: median {np.median(saved):.0%}")
    size = {"skus": options.skus, "suppliers": options.suppliers, "weeks": options.weeks}
    big = shop(1, **size, budget=300.0 * 12 * options.skus, litres=40.0 * options.skus / 30)
    began = time.perf_counter()
    first = solve(big)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{size}: {seconds:.0f} s, {memory:.0f} MB, gap {gap(first):.2%}, {first.method}")
    print(f"cost below the simple rule: {1 - first.cost / first.greedy_cost:.1%}")
    print(f"the same plan again: {bool((solve(big).units == first.units).all())}")


def gap(found: Plan) -> float:
    return (found.cost - found.bound) / max(found.cost, 1.0)


if __name__ == "__main__":
    main()
