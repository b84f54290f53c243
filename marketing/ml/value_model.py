"""What a customer will order and spend: the forecast of orders with the model of spend, as one
thing that can be stored, read back and asked for every figure with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.special import gammaincinv
from scipy.stats import nbinom

from .correction import Correction, features_of
from .dropout_models import DropoutModel
from .likelihood import NoFitError
from .order_days import Histories, OrderDays, histories
from .order_forecast import fit_forecast
from .pareto_nbd import ParetoNbd
from .rate_clock import RateClock, ahead
from .spend import GammaGamma, fit_spend

HORIZONS = (30, 90, 365)
CHURN_DAYS = 90
LOW, HIGH = 0.1, 0.9  # ends of the 80 % interval
DRAWS = 24  # of each model's parameters from the law of their estimates
NEXT_ORDER_DAYS = 730
GRID = np.concatenate([np.arange(0, 31, 2), np.geomspace(34, NEXT_ORDER_DAYS, 24)])
FORMAT, READABLE = 2, (1, 2)  # 1: without clock and end


@dataclass(frozen=True)
class ValueModel:
    """models: the fits that share the say; draws: per model, DRAWS of it with other parameters.

    spend None: amounts were too few or missing; then only orders are foreseen. end_day: the last
    day that is known where figures are asked for.
    """

    models: tuple[Any, ...]
    draws: tuple[Any, ...]
    correction: Correction | None
    spend: GammaGamma | None
    unit_days: float
    end_day: int
    clock: RateClock | None = None

    def at(self, end_day: int) -> ValueModel:
        """The same model, asked as of the end of another day."""
        return replace(self, end_day=end_day)

    def seen(self, days: OrderDays) -> Histories:
        """Histories until `end_day` by the model's clock, as every figure below wants them."""
        return histories(days, self.end_day, self.unit_days, clock=self.clock)

    def ahead(self, horizon_days: float) -> float:
        """A horizon after `end_day` in the units of the histories."""
        return ahead(self.clock, self.end_day, horizon_days) / self.unit_days

    def _mean(self, each: Callable[[Any], np.ndarray]) -> np.ndarray:
        return np.mean([each(model) for model in self.models], axis=0)

    def alive(self, seen: Histories) -> np.ndarray:
        return self._mean(lambda model: model.alive(seen))

    def orders(self, seen: Histories, days: OrderDays, horizon_days: float) -> np.ndarray:
        """Expected order days, after the correction, shape (n,)."""
        horizon = self.ahead(horizon_days)
        plain = self._mean(lambda model: model.expected_orders(seen, horizon))
        return plain * self.factors(days)

    def any_order(self, seen: Histories, days: OrderDays, horizon_days: float) -> np.ndarray:
        """P(an order within the horizon): the models' chance of none, to the power of the factor."""
        horizon = self.ahead(horizon_days)
        some = self._mean(lambda model: model.at_least(seen, horizon, orders=1))
        return 1 - (1 - np.clip(some, 0, 1)) ** self.factors(days)

    def factors(self, days: OrderDays) -> np.ndarray:
        if self.correction is None:
            return np.ones(days.customers)
        return self.correction.factors(features_of(days))

    def to_json(self) -> dict[str, Any]:
        correction = None
        if self.correction is not None:
            correction = asdict(self.correction)
            for name in ("weights", "means", "scales"):
                correction[name] = correction[name].tolist()
        return {
            "format": FORMAT,
            "models": [_model_json(model) for model in self.models],
            "draws": [_model_json(model) for model in self.draws],
            "correction": correction,
            "spend": asdict(self.spend) if self.spend else None,
            "unit_days": self.unit_days,
            "end_day": self.end_day,
            "clock": self.clock.to_json() if self.clock else None,
        }


def from_json(stored: dict[str, Any]) -> ValueModel:
    """Raises ValueError for a format that this code does not know."""
    if stored["format"] not in READABLE:
        raise ValueError(f"value model of format {stored['format']}; this code reads {READABLE}")
    correction = stored["correction"]
    if correction is not None:
        arrays = {name: np.array(correction[name]) for name in ("weights", "means", "scales")}
        correction = Correction(**(correction | arrays))
    return ValueModel(
        tuple(_model_of(one) for one in stored["models"]),
        tuple(_model_of(one) for one in stored["draws"]),
        correction,
        GammaGamma(**stored["spend"]) if stored["spend"] else None,
        stored["unit_days"],
        stored.get("end_day", 0),
        RateClock.of(stored["clock"]) if stored.get("clock") else None,
    )


def _model_json(model: Any) -> dict[str, Any]:
    return {"law": "pareto" if isinstance(model, ParetoNbd) else "dropout", **asdict(model)}


def _model_of(stored: dict[str, Any]) -> Any:
    values = {name: value for name, value in stored.items() if name != "law"}
    return ParetoNbd(**values) if stored["law"] == "pareto" else DropoutModel(**values)


def fit_value_model(days: OrderDays, end_day: int, *, seed: int) -> ValueModel:
    """days: everything until `end_day`. Raises NoFitError."""
    forecast = fit_forecast(days, end_day, seed=seed)
    seen = forecast.seen(days)
    try:
        spend = fit_spend(seen.repeats, seen.spend)[0]
    except NoFitError:
        spend = None
    random = np.random.default_rng(seed)
    draws = [draw for fit in forecast.fits for draw in _draws(fit, random)]
    correction = forecast.correction if forecast.is_corrected else None
    models = tuple(fit.model for fit in forecast.fits)
    return ValueModel(
        models, tuple(draws), correction, spend, forecast.unit_days, end_day, forecast.clock
    )


def _draws(fit: Any, random: np.random.Generator) -> list[Any]:
    """The model with parameters that the data allow too; itself where they say nothing."""
    if np.isnan(fit.covariance).any():
        return [fit.model]
    logs = random.multivariate_normal(np.log(fit.model.values), fit.covariance, DRAWS)
    fixed = {k: v for k, v in asdict(fit.model).items() if k not in fit.model.names}
    within = np.exp(np.clip(logs, np.log(1e-6), np.log(1e7)))
    return [
        type(fit.model)(**dict(zip(fit.model.names, map(float, values), strict=True)), **fixed)
        for values in within
    ]


@dataclass(frozen=True)
class Figure:
    """value with the ends of its 80 % interval, shape (n,) each."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def alive_figure(model: ValueModel, seen: Histories) -> Figure:
    """The interval is that of the estimate: other parameters and the other model."""
    spread = np.array([draw.alive(seen) for draw in model.draws])
    return _around(model.alive(seen), spread)


def churn_figure(model: ValueModel, seen: Histories, days: OrderDays) -> Figure:
    """P(no order within CHURN_DAYS); the interval is that of the estimate."""
    horizon, factors = model.ahead(CHURN_DAYS), model.factors(days)
    spread = np.array(
        [(1 - draw.at_least(seen, horizon, orders=1).clip(0, 1)) ** factors for draw in model.draws]
    )
    return _around(1 - model.any_order(seen, days, CHURN_DAYS), spread)


def _around(value: np.ndarray, spread: np.ndarray) -> Figure:
    low, high = np.quantile(spread, [LOW, HIGH], axis=0)
    return Figure(value, np.minimum(low, value), np.maximum(high, value))


def orders_figure(model: ValueModel, seen: Histories, days: OrderDays, horizon: int) -> Figure:
    """Order days within the horizon. The interval is of what one customer does: nothing with
    1 − P(alive), else negative binomial of her own posterior rate."""
    mean, alive = model.orders(seen, days, horizon), model.alive(seen)
    low, high = (_count_quantile(level, mean, alive, _shape(model, seen)) for level in (LOW, HIGH))
    return Figure(mean, low, high)


def _shape(model: ValueModel, seen: Histories) -> np.ndarray:
    """Of the posterior rate, in orders: (r + k x) / k."""
    shapes = []
    for one in model.models:
        k = getattr(one, "k", 1)
        shapes.append((one.r + k * seen.repeats) / k)
    return np.mean(shapes, axis=0)


def _count_quantile(
    level: float, mean: np.ndarray, alive: np.ndarray, shape: np.ndarray
) -> np.ndarray:
    inner = np.clip((level - (1 - alive)) / np.maximum(alive, 1e-12), 0, 1 - 1e-9)
    given = mean / np.maximum(alive, 1e-12)
    found = nbinom.ppf(inner, shape, shape / (shape + given))
    return np.where(inner > 0, np.maximum(found, 0), 0.0)


def spend_figure(
    model: ValueModel, seen: Histories, days: OrderDays, horizon: int
) -> Figure | None:
    """Amount within the horizon, unit of the amounts; None without a model of spend.

    Orders × what an order day of hers is worth. Interval of what she does: nothing with the chance
    of no order, else a gamma with the mean and variance of a sum of a random number of her
    amounts, which share one unseen scale (the posterior of Gamma-Gamma).
    """
    if model.spend is None:
        return None
    mean, alive = model.orders(seen, days, horizon), np.maximum(model.alive(seen), 1e-12)
    worth = model.spend.expected(seen.repeats, seen.spend)
    shape = _shape(model, seen)
    given = mean / alive
    none = (1 - alive) + alive * (shape / (shape + given)) ** shape
    some = np.maximum(1 - none, 1e-12)
    pairs = alive * given**2 * (1 + 1 / shape)  # E[X (X − 1)]
    square, product = _second_moments(model.spend, seen, worth)
    positive = mean * worth / some
    variance = np.maximum((mean * square + pairs * product) / some - positive**2, 1e-12)
    form = np.clip(positive**2 / variance, 0.05, 1e6)
    ends = []
    for level in (LOW, HIGH):
        inner = np.clip((level - none) / some, 0, 1 - 1e-9)
        ends.append(np.where(inner > 0, gammaincinv(form, inner) * positive / form, 0.0))
    return Figure(mean * worth, *ends)


def _second_moments(
    spend: GammaGamma, seen: Histories, worth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """E[Y²] and E[Y₁ Y₂] of her amounts. The posterior shape is held above 2.1, where both exist."""
    after = np.maximum(spend.q + spend.p * seen.repeats, 2.1)
    product = worth**2 * (after - 1) / (after - 2)
    return product * (1 + 1 / spend.p), product


def next_order_days(model: ValueModel, seen: Histories) -> Figure:
    """Days until the next order if she is a customer: median, 10th and 90th percentile.

    NaN where that lies beyond NEXT_ORDER_DAYS or never comes.
    """
    alive = np.maximum(model.alive(seen), 1e-12)
    steps = np.array([model.ahead(max(day, 1e-9)) for day in GRID])
    chance = np.mean(
        [[one.at_least(seen, step, orders=1) for step in steps] for one in model.models], axis=0
    )
    share = np.clip(chance / alive, 0, 1)
    low, middle, high = (_first_above(share, level) for level in (LOW, 0.5, HIGH))
    return Figure(middle, low, high)


def _first_above(share: np.ndarray, level: float) -> np.ndarray:
    """Where each column of a rising table reaches a level, between the grid's days."""
    above = share >= level
    place = np.argmax(above, axis=0)
    column = np.arange(share.shape[1])
    before = np.maximum(place - 1, 0)
    step = share[place, column] - share[before, column]
    part = np.divide(level - share[before, column], step, out=np.zeros(column.size), where=step > 0)
    found = GRID[before] + np.clip(part, 0, 1) * (GRID[place] - GRID[before])
    return np.where(above.any(axis=0), found, np.nan)
