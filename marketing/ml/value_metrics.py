"""The scorecard of evaluate_customer_value: every model on the same customers and days."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .dropout_models import fit_dropout, fit_regular
from .likelihood import Fitted, NoFitError
from .order_days import Histories, OrderDays, histories
from .order_forecast import fit_forecast, nearly_best
from .pareto_nbd import fit_pareto
from .rate_clock import RateClock
from .spend import fit_spend

DEFAULT, BY_CLOCK, PLAIN = "blend_corrected", "blend_clock", "blend"
MIN_CUSTOMERS = 25
BANDS = 10


class TooFewCustomersError(ValueError):
    """No scorecard; the message says what is missing."""


@dataclass
class Card:
    chosen: str = ""
    choice: str = ""
    customers: int = 0
    models: dict[str, dict] = field(default_factory=dict)
    calibration: list[dict] = field(default_factory=list)
    spend: dict = field(default_factory=dict)
    clock: dict | None = None
    seconds: dict[str, float] = field(default_factory=dict)


FITS: dict[str, Callable[[Histories], Fitted]] = {
    "bg_nbd": fit_dropout,
    "mbg_nbd": lambda seen: fit_dropout(seen, leaves_at_once=True),
    "mbg_cnbd_k": fit_regular,
    "pareto_nbd": fit_pareto,
}
BLENDED = ("pareto_nbd", "mbg_cnbd_k")


def scorecard(
    days: OrderDays, end_day: int, holdout_days: int, *, unit_days: float, seed: int
) -> Card:
    """Fit until `end_day`, judge (end_day, end_day + holdout_days]. Raises TooFewCustomersError."""
    seen_days = days.until(end_day)
    if seen_days.customers < MIN_CUSTOMERS:
        raise TooFewCustomersError(
            f"{MIN_CUSTOMERS - seen_days.customers} more customers with an order in the"
            " calibration period needed."
        )
    seen = histories(seen_days, end_day, unit_days)
    actual = days.counts_between(end_day, end_day + holdout_days)[days.known_at(end_day)]
    card = Card(customers=seen.size)
    card.models["naive_zero"] = metrics_of(np.zeros(seen.size), actual)
    own_rate = (seen.repeats + 1) / np.maximum(seen.age * unit_days, 1) * holdout_days
    card.models["mean_rate"] = metrics_of(own_rate, actual)
    try:
        _judge_fits(card, seen, actual, holdout_days / unit_days)
        predicted = _judge_default(
            card, seen_days, actual, (end_day, holdout_days, seed), unit_days
        )
    except NoFitError as error:
        card.chosen, card.choice, predicted = "mean_rate", str(error), own_rate
    card.calibration = calibration(predicted, actual)
    card.spend = _spend(seen)
    return card


def metrics_of(predicted: np.ndarray, actual: np.ndarray) -> dict[str, float | None]:
    """predicted, actual: order days per customer, shape (n,). `wape`: sum |error| / sum actual."""
    errors = np.abs(predicted - actual)
    varies = predicted.std() > 0 and actual.std() > 0
    orders = float(actual.sum())
    return {
        "actual_orders": int(orders),
        "predicted_orders": round(float(predicted.sum()), 1),
        "total_error": round(float(predicted.sum()) / orders - 1, 4) if orders else None,
        "mae": round(float(errors.mean()), 4),
        "wape": round(float(errors.sum()) / orders, 4) if orders else None,
        "rmse": round(float(np.sqrt(np.mean(errors**2))), 4),
        "correlation": round(float(np.corrcoef(predicted, actual)[0, 1]), 4) if varies else None,
    }


def calibration(predicted: np.ndarray, actual: np.ndarray) -> list[dict]:
    """Tenths of the customers by prediction: mean predicted and actual, 95 % interval of the latter."""
    points = []
    for band in np.array_split(np.argsort(predicted, kind="stable"), BANDS):
        if band.size < 2:
            continue
        mean, error = actual[band].mean(), actual[band].std(ddof=1) / np.sqrt(band.size)
        points.append(
            {
                "customers": int(band.size),
                "predicted": round(float(predicted[band].mean()), 4),
                "actual": round(float(mean), 4),
                "low": round(float(max(mean - 1.96 * error, 0)), 4),
                "high": round(float(mean + 1.96 * error), 4),
            }
        )
    return points


def _judge_fits(card: Card, seen: Histories, actual: np.ndarray, horizon: float) -> None:
    """Each model alone, and the mean of those that the data cannot tell apart."""
    fits, forecasts = {}, {}
    for name, fit in FITS.items():
        started = time.perf_counter()
        found = fits[name] = fit(seen)
        forecasts[name] = found.model.expected_orders(seen, horizon)
        card.models[name] = metrics_of(forecasts[name], actual) | {
            "log_likelihood": round(float(found.log_likelihood), 2),
            "parameters": _parameters(found),
            "parameter_intervals": {
                key: None if np.isnan(ends).any() else [round(end, 4) for end in ends]
                for key, ends in found.intervals().items()
            },
        }
        card.seconds[name] = round(time.perf_counter() - started, 2)
    near = nearly_best(tuple(fits[name] for name in BLENDED), seen.size)
    blend = [forecasts[name] for name in BLENDED if fits[name] in near]
    card.models[PLAIN] = metrics_of(np.mean(blend, axis=0), actual)


def _judge_default(
    card: Card, seen_days: OrderDays, actual: np.ndarray, end: tuple, unit_days: float
) -> np.ndarray:
    started = time.perf_counter()
    end_day, holdout_days, seed = end
    forecast = fit_forecast(seen_days, end_day, unit_days=unit_days, seed=seed)
    predicted = forecast.expected_orders(seen_days, holdout_days)
    card.chosen, card.clock = PLAIN, _clock(forecast.clock)
    if forecast.clock is not None:
        card.chosen = BY_CLOCK
        card.models[BY_CLOCK] = metrics_of(forecast.plain_orders(seen_days, holdout_days), actual)
    learned = forecast.correction
    if learned is None:
        card.choice = (
            "no correction: the level needs a year of calibration, differences between customers"
            " need amounts that say something of later orders"
        )
    else:
        card.choice = (
            "Poisson deviance on held-out customers in the second half of the calibration: "
            f"{learned.deviance_after:.4f} corrected, {learned.deviance_before:.4f} plain"
        )
    if forecast.is_corrected:
        card.chosen = DEFAULT
        card.models[DEFAULT] = metrics_of(predicted, actual)
    card.seconds[DEFAULT] = round(time.perf_counter() - started, 2)
    return predicted


def _clock(clock: RateClock | None) -> dict | None:
    """What everybody's rate did: None where it stayed as it was."""
    if clock is None:
        return None
    bins = zip(clock.edges[1:].tolist(), np.exp(clock.log_rates).tolist(), strict=True)
    return {
        "rates": [[round(day), round(rate, 3)] for day, rate in bins],
        "ahead": np.exp(clock.ahead).round(3).tolist(),
    }


def _parameters(found: Fitted) -> dict[str, float]:
    values = {
        name: round(float(value), 4)
        for name, value in zip(found.model.names, found.model.values, strict=True)
    }
    return values | ({"k": found.model.k} if getattr(found.model, "k", 1) > 1 else {})


def _spend(seen: Histories) -> dict:
    """Gamma-Gamma of the calibration part, or why there is none."""
    try:
        model, log_likelihood = fit_spend(seen.repeats, seen.spend)
    except NoFitError as error:
        return {"refused": str(error)}
    use = (seen.repeats > 0) & (np.nan_to_num(seen.spend) > 0)
    return {
        "log_likelihood": round(log_likelihood, 2),
        "parameters": {name: round(getattr(model, name), 4) for name in model.names},
        "correlation_with_repeats": round(
            float(np.corrcoef(seen.repeats[use], seen.spend[use])[0, 1]), 4
        ),
    }
