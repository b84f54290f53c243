"""The shipped forecast of orders against BG/NBD on cohorts whose law of buying is known.

    python benchmarks/customer_value_worlds.py [--seeds 5] [--customers 2357]

39 weeks to learn from, 39 to be judged on, five kinds of worlds (tests/buying_worlds.py). Prints
the mean over seeds per world and model, and in how many of the seeds the shipped one was better.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from marketing.ml.value_metrics import scorecard
from tests.buying_worlds import END_DAY, HOLDOUT_DAYS, WORLDS, cohort

SHOWN = ("bg_nbd", "pareto_nbd", "mbg_cnbd_k", "blend", "chosen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--customers", type=int, default=2357)
    options = parser.parse_args()
    print("| world | model | RMSE | correlation | total error | better RMSE · corr. · total |")
    print("|---|---|---|---|---|---|")
    for world in WORLDS:
        cards = []
        for seed in range(1, options.seeds + 1):
            made = cohort(world, seed=seed, customers=options.customers)
            card = scorecard(made.days, END_DAY, HOLDOUT_DAYS, unit_days=7.0, seed=seed)
            cards.append({**card.models, "chosen": card.models[card.chosen]})
            print(f"{world} {seed}: {card.chosen}; {card.choice}", file=sys.stderr)
        for model in SHOWN:
            print(row(world, model, cards))


def row(world: str, model: str, cards: list[dict]) -> str:
    def each(key: str, name: str) -> np.ndarray:
        return np.array([card[name][key] for card in cards])

    wins = [
        (each("rmse", model) < each("rmse", "bg_nbd")).sum(),
        (each("correlation", model) > each("correlation", "bg_nbd")).sum(),
        (abs(each("total_error", model)) < abs(each("total_error", "bg_nbd"))).sum(),
    ]
    return (
        f"| {world} | {model} | {each('rmse', model).mean():.3f} "
        f"| {each('correlation', model).mean():.3f} "
        f"| {100 * abs(each('total_error', model)).mean():.1f} % "
        f"| {' · '.join(f'{won}/{len(cards)}' for won in wins)} |"
    )


if __name__ == "__main__":
    main()
