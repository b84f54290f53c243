"""Would the forecast have been right? Fitted on what was known then, judged on what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .likelihood import NoFitError
from .order_days import OrderDays, histories
from .propensity import reliability
from .value_metrics import calibration, metrics_of
from .value_model import ValueModel, fit_value_model, orders_figure, spend_figure

WINDOWS = (90, 60, 30)
LEAST_CUSTOMERS, LEAST_REPEATS = 100, 50
TIMES = 3  # a history is at least so many times the window that it is judged on


@dataclass(frozen=True)
class Backtest:
    """metrics: per model; rmse of the shipped one and of the best baseline; the interval's share."""

    window_days: int
    metrics: dict
    value: float
    baseline: str
    baseline_value: float


class ShortError(ValueError):
    """missing: {"days": n} or {"customers": n} or {"repeats": n} that a fit still needs."""

    def __init__(self, missing: dict[str, int]):
        super().__init__(f"missing {missing}")
        self.missing = missing


def window_for(days: OrderDays, end_day: int) -> int:
    """The longest window that the history bears. Raises ShortError."""
    span = end_day - int(days.day.min()) + 1 if days.day.size else 0
    for window in WINDOWS:
        if span >= TIMES * window:
            return window
    raise ShortError({"days": TIMES * WINDOWS[-1] - span})


def backtest(days: OrderDays, end_day: int, *, seed: int) -> Backtest:
    """Raises ShortError where the history is too short or too thin."""
    window = window_for(days, end_day)
    cut = end_day - window
    early = days.until(cut)
    seen = histories(early, cut)
    if seen.size < LEAST_CUSTOMERS:
        raise ShortError({"customers": LEAST_CUSTOMERS - seen.size})
    repeats = int(seen.repeats.sum())
    if repeats < LEAST_REPEATS:
        raise ShortError({"repeats": LEAST_REPEATS - repeats})
    known = days.known_at(cut)
    actual = days.counts_between(cut, end_day)[known]
    try:
        model = fit_value_model(early, cut, seed=seed)
    except NoFitError as error:
        raise ShortError({"repeats": LEAST_REPEATS}) from error
    by_clock = model.seen(early)
    predicted = model.orders(by_clock, early, window)
    own = (seen.repeats + 1) / np.maximum(seen.age * seen.unit_days, 1) * window
    metrics: dict[str, Any] = {
        "shipped": metrics_of(predicted, actual),
        "mean_rate": metrics_of(own, actual),
        "naive_zero": metrics_of(np.zeros(seen.size), actual),
    }
    baseline = min(("mean_rate", "naive_zero"), key=lambda name: metrics[name]["rmse"])
    metrics["calibration"] = calibration(predicted, actual)
    chance = model.any_order(by_clock, early, window)
    metrics["any_order"] = reliability(chance, actual > 0)
    metrics["intervals"] = _held(model, by_clock, early, window, actual, _spent(days, cut, known))
    return Backtest(
        window, metrics, metrics["shipped"]["rmse"], baseline, metrics[baseline]["rmse"]
    )


def _spent(days: OrderDays, cut: int, known: np.ndarray) -> np.ndarray:
    late = days.day > cut
    sums = np.bincount(days.customer_idx[late], days.amount[late], days.customers)
    return sums[known]


def _held(
    model: ValueModel, seen, early: OrderDays, window: int, actual: np.ndarray, spent: np.ndarray
) -> dict[str, float | None]:
    """Share of customers whose orders and spend lay within their 80 % intervals."""
    orders = orders_figure(model, seen, early, window)
    found = {"orders": _share(orders.low, actual, orders.high), "spend": None}
    if (spend := spend_figure(model, seen, early, window)) is not None:
        found["spend"] = _share(spend.low, spent, spend.high)
        total = float(spent.sum())
        found["spend_total_error"] = float(spend.value.sum()) / total - 1 if total > 0 else None
    return found


def _share(low: np.ndarray, value: np.ndarray, high: np.ndarray) -> float:
    return float(((value >= low - 1e-9) & (value <= high + 1e-9)).mean())
