"""Many daily series: features, training and quantile forecasts, against statsforecast's AutoETS.

    python benchmarks/forecast_speed.py [--series 30000] [--days 730] [--ets-series 150] [--horizon 28]

Made series (weekday, level, season, negative binomial). Ours: weights and calibration on a window
before the last one, then trees, members and quantiles for the last `horizon` days. AutoETS runs on
--ets-series of the same series, one process, and its time is extrapolated. RMSSE of both on those.
Exit status 2 where statsforecast is not installed (pip install -r requirements-benchmark.txt).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import numpy as np

from decisions.memory import peak_memory_mb
from inventory.ml.backtest import forecast_ahead
from inventory.ml.gbm import DemandParams
from inventory.ml.metrics import naive_squared_scale
from inventory.ml.panel import Panel, all_periods

SEASON = 7


def main() -> int:
    parser = argparse.ArgumentParser()
    for name, default in (("series", 30_000), ("days", 730), ("ets-series", 150), ("horizon", 28)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    if importlib.util.find_spec("statsforecast") is None:
        print("not measured here: statsforecast is not installed")
        return 2
    units = made(asked.series, asked.days + asked.horizon)
    train, actual = units[:, : asked.days], units[:, asked.days :]
    first = np.datetime64("2024-01-01")
    panel = Panel(
        [f"S{n}" for n in range(asked.series)],
        all_periods(first, first + asked.days - 1, "D"),
        train,
    )
    started = time.perf_counter()
    forecast = forecast_ahead(panel, asked.horizon, DemandParams(), seed=1)
    ours = time.perf_counter() - started
    print(f"ours: {asked.series} series in {ours:.1f} s, peak {peak_memory_mb():.0f} MB")
    sample = np.random.default_rng(0).choice(asked.series, asked.ets_series, replace=False)
    found, seconds = auto_ets(train[sample], asked.horizon)
    whole = seconds / asked.ets_series * asked.series
    print(f"AutoETS: {asked.ets_series} series in {seconds:.1f} s, extrapolated {whole:.0f} s")
    print(f"ratio: 1/{whole / ours:.1f}")
    for name, mean in (("ours", forecast.mean[sample]), ("AutoETS", found)):
        print(f"RMSSE of {name}: {rmsse(train[sample], actual[sample], mean):.4f}")
    low, high = forecast.quantiles[:, :, 0], forecast.quantiles[:, :, -1]
    print(f"80 % intervals hold {((actual >= low) & (actual <= high)).mean():.3f}")
    return 0


def made(count: int, days: int) -> np.ndarray:
    random = np.random.default_rng(7)
    day = np.arange(days)
    level = np.exp(random.normal(0.5, 1.1, (count, 1)))
    week = np.exp(random.normal(0, 0.2, (count, SEASON)))[:, day % SEASON]
    phase = random.uniform(0, 365, (count, 1))
    year = np.exp(0.25 * np.cos(2 * np.pi * (day - phase) / 365))
    rate = level * week * year
    return random.poisson(random.gamma(2.0, rate / 2.0)).astype(float)


def auto_ets(units: np.ndarray, horizon: int) -> tuple[np.ndarray, float]:
    from statsforecast.models import AutoETS

    AutoETS(season_length=SEASON).forecast(y=units[0], h=horizon)  # compiled before the clock
    started = time.perf_counter()
    found = np.array(
        [AutoETS(season_length=SEASON).forecast(y=row, h=horizon)["mean"] for row in units]
    )
    return np.maximum(found, 0), time.perf_counter() - started


def rmsse(train: np.ndarray, actual: np.ndarray, mean: np.ndarray) -> float:
    error = np.mean((mean - actual) ** 2, axis=1)
    return float(np.nanmean(np.sqrt(error / naive_squared_scale(train))))


if __name__ == "__main__":
    sys.exit(main())
