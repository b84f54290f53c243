"""How good are forecasts of made series of three kinds, beside every baseline?

    python benchmarks/made_demand.py parts | binomial | singles | smooth | grocery [--seed N] [--series N]

parts     2,674 spare parts by the month, 51 months, most of them without a sale; horizon 12
binomial  as many, negative binomials around drifting means
singles   as many, sales of mostly one unit
smooth    767 monthly series with seasons and drifting levels, 84 months; horizon 12
grocery   823 daily series with a weekly profile, seasons and drifting levels, 3 years; horizon 28

Levels drift and counts are more scattered than Poisson's, so that no method knows the process. Says that
the model holds up where its field is strong, and how its intervals cover; nothing about quality on
real data.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
FIRST_DAY = date(2021, 1, 1)
SHOWN = ("rmsse", "mase", "pinball", "scaled_pinball", "coverage80", "fill_rate")


class Kind(NamedTuple):
    """make: (dice, series, periods) → units (series, periods)."""

    make: Callable[[np.random.Generator, int, int], np.ndarray]
    series: int
    periods: int
    frequency: str
    horizon: int


def parts(dice: np.random.Generator, series: int, periods: int) -> np.ndarray:
    """Orders now and then, of a few units each; one in four runs out for good or comes up."""
    often = dice.beta(1.2, 4.0, (series, 1)) * np.exp(_drift(dice, series, periods, 0.08))
    trend = dice.choice([-1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], (series, 1))
    often = often * np.exp(trend * np.linspace(-0.5, 0.5, periods))
    size = 1 + dice.poisson(dice.gamma(1.0, 1.2, (series, 1)) * np.ones((1, periods)))
    return size * (dice.random((series, periods)) < np.clip(often, 0, 0.95))


def binomial(dice: np.random.Generator, series: int, periods: int) -> np.ndarray:
    mean = dice.gamma(0.7, 0.8, (series, 1)) * np.exp(_drift(dice, series, periods, 0.07))
    return _counts(dice, mean, 0.8)


def singles(dice: np.random.Generator, series: int, periods: int) -> np.ndarray:
    often = dice.beta(1.0, 5.0, (series, 1)) * np.exp(_drift(dice, series, periods, 0.05))
    more = (dice.random((series, periods)) < 0.35) * dice.geometric(0.5, (series, periods))
    return (1 + more) * (dice.random((series, periods)) < np.clip(often, 0, 0.9))


def smooth(dice: np.random.Generator, series: int, periods: int) -> np.ndarray:
    level = np.exp(dice.normal(4.0, 1.3, (series, 1)) + _drift(dice, series, periods, 0.03))
    growth = dice.normal(0.0, 0.15, (series, 1)) * np.linspace(0, periods / 12, periods) / 3
    year = _profile(dice, series, 12, dice.gamma(2.0, 0.05, (series, 1)))
    return _counts(dice, level * np.exp(growth + year[:, np.arange(periods) % 12]), 0.01)


def grocery(dice: np.random.Generator, series: int, periods: int) -> np.ndarray:
    level = np.exp(dice.normal(1.2, 1.1, (series, 1)) + _drift(dice, series, periods, 0.02))
    week = _profile(dice, series, 7, np.full((series, 1), 0.25))
    common = _profile(dice, 1, 7, np.full((1, 1), 0.25))
    year = dice.normal(0.0, 0.2, (series, 1)) * np.sin(
        2 * np.pi * np.arange(periods) / 365.25 + dice.uniform(0, 6.28, (series, 1))
    )
    logs = year + (week + common)[:, np.arange(periods) % 7]
    return _counts(dice, level * np.exp(logs), 0.15)


KINDS = {
    "parts": Kind(parts, 2_674, 51, "M", 12),
    "binomial": Kind(binomial, 2_674, 51, "M", 12),
    "singles": Kind(singles, 2_674, 51, "M", 12),
    "smooth": Kind(smooth, 767, 84, "M", 12),
    "grocery": Kind(grocery, 823, 3 * 365, "D", 28),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--series", type=int, default=0, help="fewer, for a try")
    options = parser.parse_args()
    kind = KINDS[options.kind]
    dice = np.random.default_rng(options.seed)
    units = kind.make(dice, options.series or kind.series, kind.periods)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        _table(units, kind.frequency).write_csv(path)
        show(evaluate(path, kind))


def evaluate(path: Path, kind: Kind) -> dict:
    command = ["manage.py", "evaluate_forecast", "--sales", str(path)]
    command += ["--horizon", str(kind.horizon), "--frequency", kind.frequency]
    found = subprocess.run(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(found.stdout)


def show(found: dict) -> None:
    print(f"chosen: {found['chosen']}, {found['peak_memory_mb']} MB")
    print("| model |", " | ".join(SHOWN), "|")
    for name, scores in found["models"].items():
        print("|", name, "|", " | ".join(_figure(scores[key]) for key in SHOWN), "|")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _drift(dice: np.random.Generator, series: int, periods: int, step: float) -> np.ndarray:
    """Random walks that begin at nought."""
    return np.cumsum(dice.normal(0, step, (series, periods)), axis=1)


def _profile(dice: np.random.Generator, series: int, season: int, spread: np.ndarray) -> np.ndarray:
    drawn = dice.normal(0, 1, (series, season)) * spread
    return drawn - drawn.mean(axis=1, keepdims=True)


def _counts(dice: np.random.Generator, mean: np.ndarray, scatter: float) -> np.ndarray:
    """Negative binomial: variance = mean + scatter × mean²."""
    return dice.poisson(mean * dice.gamma(1 / scatter, scatter, mean.shape))


def _table(units: np.ndarray, frequency: str) -> pl.DataFrame:
    """One row per series and period, noughts too."""
    series, periods = units.shape
    if frequency == "M":
        days = [date(2015 + month // 12, month % 12 + 1, 1) for month in range(periods)]
    else:
        days = [FIRST_DAY + timedelta(days=day) for day in range(periods)]
    return pl.DataFrame(
        {
            "sku": np.repeat([f"S{n:05d}" for n in range(series)], periods),
            "date": pl.Series(days * series),
            "units": units.reshape(-1),
        }
    )


if __name__ == "__main__":
    main()
