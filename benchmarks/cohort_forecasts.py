"""What is foreseen of cohorts against what then came, in shops whose law of buying is known.

    python benchmarks/cohort_forecasts.py [--seeds 3] [--customers 1500] [--days 540]

Each shop wins customers evenly and is cut three times, as the night does it
(marketing/ml/cohort_backtest.py). Prints means over seeds: error, bias, coverage of the plain 80 %
interval, and of the one that is widened by what the other cuts missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from marketing.ml.cohort_backtest import judge
from tests.buying_worlds import made_shop

SEASONS = (0.0, 0.2, 0.5)
FIGURES = ("error", "baseline_error", "bias", "coverage", "widened_coverage", "shock")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("seeds", 3), ("customers", 1500), ("days", 540)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    print("| swing of the year | unit | figure |", " | ".join(FIGURES), "|")
    print("|---|---|---|" + "---|" * len(FIGURES))
    for season in SEASONS:
        shops = [
            made_shop(seed=seed, customers=options.customers, days=options.days, season=season)
            for seed in range(1, options.seeds + 1)
        ]
        for unit in ("month",):
            verdicts = [judge(days, end, unit, seed=1) for days, end in shops]
            for name in ("retention", "revenue"):
                rows = [[getattr(one.measures[name], f) for f in FIGURES] for one in verdicts]
                means = " | ".join(f"{value:.3f}" for value in np.mean(rows, axis=0))
                print(f"| {season:.0%} | {unit} | {name} | {means} |", flush=True)


if __name__ == "__main__":
    main()
