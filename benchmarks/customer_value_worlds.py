"""The shipped forecast of orders beside BG/NBD and Pareto/NBD where the law of buying is known.

    python benchmarks/customer_value_worlds.py [--seeds 4] [--customers 2357] [--first-seed 1] [--only TEXT]

Cohorts of 39 weeks to learn from and 39 to be judged on, and shops with a season of 60 and of 117
weeks, judged on half a year (tests/buying_worlds.py). Prints per world and model the mean over
seeds with its 95 % interval (Student's t), and in how many seeds `chosen` was nearer than BG/NBD.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from marketing.ml.order_days import OrderDays
from marketing.ml.value_metrics import scorecard
from shop.simulator.oracle import interval
from tests.buying_worlds import (
    END_DAY,
    HOLDOUT_DAYS,
    SHOP_HOLDOUT_DAYS,
    WORLDS,
    cohort,
    growing_shop,
)

SHOWN = ("bg_nbd", "pareto_nbd", "blend", "chosen")
SHOPS = [(weeks, phase) for weeks in (60, 117) for phase in (0, 13, 26, 39)]
FIGURES = (("rmse", 1, 3), ("correlation", 1, 3), ("total_error", 100, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=2357)
    parser.add_argument("--only", default="", help="worlds whose name has this in it")
    options = parser.parse_args()
    print("| world | model | RMSE | correlation | total error | nearer: RMSE · corr. · total |")
    print("|---|---|---|---|---|---|")
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for world, make in worlds(options.customers):
        if options.only not in world:
            continue
        cards = []
        for seed in seeds:
            days, end, ahead = make(seed=seed)
            card = scorecard(days, end, ahead, unit_days=7.0, seed=seed)
            cards.append({**card.models, "chosen": card.models[card.chosen]})
            print(f"{world} {seed}: {card.chosen}; {card.choice}", file=sys.stderr)
        for model in SHOWN:
            print(row(world, model, cards), flush=True)


def worlds(customers: int) -> Iterator[tuple[str, partial]]:
    for world in WORLDS:
        yield world, partial(of_cohort, world, customers)
    for weeks, phase in SHOPS:
        yield f"shop of {weeks} weeks, season ahead by {phase}", partial(of_shop, weeks, phase)


def of_cohort(world: str, customers: int, *, seed: int) -> tuple[OrderDays, int, int]:
    return cohort(world, seed=seed, customers=customers).days, END_DAY, HOLDOUT_DAYS


def of_shop(weeks: int, phase: int, *, seed: int) -> tuple[OrderDays, int, int]:
    return *growing_shop(weeks=weeks, phase=phase, seed=seed), SHOP_HOLDOUT_DAYS


def row(world: str, model: str, cards: list[dict]) -> str:
    def each(key: str, name: str) -> np.ndarray:
        return np.array([card[name][key] for card in cards])

    wins = [
        (each("rmse", model) < each("rmse", "bg_nbd")).sum(),
        (each("correlation", model) > each("correlation", "bg_nbd")).sum(),
        (abs(each("total_error", model)) < abs(each("total_error", "bg_nbd"))).sum(),
    ]
    cells = [said(each(key, model) * scale, digits) for key, scale, digits in FIGURES]
    return (
        f"| {world} | {model} | {' | '.join(cells)} % "
        f"| {' · '.join(f'{won}/{len(cards)}' for won in wins)} |"
    )


def said(values: np.ndarray, digits: int) -> str:
    mean, low, high = interval(values)
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    main()
