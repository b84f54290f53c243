"""Rolling-origin backtest: every model on the same windows, the choice made before each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from . import baselines, gbm
from .course import Course, Plans, find_course, plans_of
from .gbm import DemandModel, DemandParams, RawForecast
from .hierarchy import sku_correlation
from .learned import COMBINATION, TREES, Learned, learn
from .members import LEVEL_METHODS, error_quantiles, simple_forecast, simple_means
from .metrics import (
    LEVELS,
    METRICS,
    Forecast,
    count_undefined,
    fill_rate,
    score_series,
    summarise,
)
from .panel import Panel, history_lengths
from .yearly import adjusted, find_year

CALIBRATION_SERIES = 3_000  # enough for weights per class; more would only take longer

Report = Callable[[int, int, str], None]


class TooShortError(ValueError):
    """The history does not hold a test, a validation and a training part."""


@dataclass
class Scorecard:
    """What a backtest found.

    models:    name → metric → mean over series and folds (None = undefined everywhere).
    undefined: metric → how many (series, fold) pairs have no value.
    chosen:    the model with the best validation score before the last fold.
    choice:    name → validation score (lower is better), the one that chose.
    """

    models: dict[str, dict[str, float | None]]
    undefined: dict[str, int]
    chosen: str
    baseline: str
    choice: dict[str, float]
    series_scored: int
    series_refused: int
    folds: int
    learned: dict = field(default_factory=dict)
    by_fold: dict[str, list[dict[str, float | None]]] = field(default_factory=dict)
    day_correlation: float = 0.0
    sku_correlation: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class _Window:
    """All forecasts of one window, made from what stood before it."""

    train: Panel
    actual: np.ndarray
    means: dict[str, np.ndarray]
    raw: RawForecast | None


def periods_needed(frequency: str, horizon: int, folds: int = 1) -> int:
    """Test windows, a validation window and the shortest training part."""
    return horizon * (folds + 1) + gbm.SHORTEST[frequency]


def backtest(
    panel: Panel,
    horizon: int,
    params: DemandParams,
    *,
    seed: int,
    folds: int = 1,
    report: Report = lambda done, total, note: None,
) -> Scorecard:
    """Score every model on the last `folds` windows of `horizon` periods.

    The window before each test window is its validation: the point forecast's mix, the
    calibration of the quantiles and the choice of the model come from there, so that nothing of
    the test is used. A window's trees serve as validation of the next window, so N folds cost
    N + 1 trainings. Series with too little history before the first validation are refused.
    Raises TooShortError.
    """
    length = panel.units.shape[1]
    if length < periods_needed(panel.frequency, horizon, folds):
        raise TooShortError(_too_short(panel.frequency, length, horizon, folds))
    started = time.perf_counter()
    first = length - horizon * (folds + 1)
    known = history_lengths(panel.units[:, :first]) >= gbm.SHORTEST[panel.frequency]
    kept = panel.rows(np.flatnonzero(known))
    if not kept.skus:
        raise TooShortError("No SKU has enough history before the validation part.")
    windows = []
    for number in range(folds + 1):
        report(number, folds + 1, f"training {number + 1} of {folds + 1}")
        windows.append(_forecast_window(kept, first + number * horizon, horizon, params, seed))
    report(folds + 1, folds + 1, "scored")
    card = _score_folds(windows, panel.season)
    card.series_refused = len(panel.skus) - len(kept.skus)
    card.seconds = {"backtest": round(time.perf_counter() - started, 2)}
    return card


def validation_score(train: Panel, actual: np.ndarray, forecast: Forecast) -> float:
    """Geometric mean of RMSSE (the mean is right) and scaled pinball loss (the spread is right)."""
    found = summarise(score_series(train.units, actual, forecast, season=train.season))
    parts = [found[name] for name in ("rmsse", "scaled_pinball")]
    known = [part for part in parts if part is not None]
    return float(np.exp(np.mean(np.log(known)))) if known else float("inf")


def fit_final(
    panel: Panel, horizon: int, params: DemandParams, *, seed: int, card: Scorecard
) -> DemandModel | None:
    """Trees on the whole history where they are used, with weights and calibration of the newest
    window. None when the chosen method needs no file."""
    learned = Learned.from_json(card.learned)
    if card.chosen not in (TREES, COMBINATION):
        return None
    if card.chosen == COMBINATION and TREES not in learned.weights.members | learned.tree_users:
        model = DemandModel(params, "", [], [])
    else:
        fitted = gbm.fit(adjusted(panel, find_year(panel)), horizon, params, seed=seed)
        model = fitted or DemandModel(params, "", [], [])
    model.mean_weight, model.shift = learned.mean_weight, np.array(learned.shift)
    model.combination = card.learned
    return model


def forecast_ahead(panel: Panel, horizon: int, params: DemandParams, *, seed: int) -> Forecast:
    """The combination for the periods after the panel, without a backtest of its own.

    Weights and calibration come from the last window, of at most CALIBRATION_SERIES series.
    """
    rows = np.arange(len(panel.skus))
    if len(rows) > CALIBRATION_SERIES:
        random = np.random.default_rng(seed)
        rows = np.sort(random.choice(len(rows), CALIBRATION_SERIES, replace=False))
    cut = panel.units.shape[1] - horizon
    window = _forecast_window(panel.rows(rows), cut, horizon, params, seed)
    learned = learn(window.train.units, window.actual, window.means, window.raw)
    users = learned.weights.members | learned.tree_users
    year = find_year(panel)
    model = gbm.fit(adjusted(panel, year), horizon, params, seed=seed) if TREES in users else None
    model = model or DemandModel(params, "", [], [])
    model.mean_weight, model.shift = learned.mean_weight, np.array(learned.shift)
    model.combination = learned.as_json()
    return forecast_with(COMBINATION, model, panel, horizon)


@dataclass(frozen=True)
class Made:
    """A forecast with what it was combined from. members: name → (n, H) means, the trees among them."""

    forecast: Forecast
    members: dict[str, np.ndarray]


def forecast_with(
    name: str,
    model: DemandModel | None,
    panel: Panel,
    horizon: int,
    *,
    plans: Plans | None = None,
) -> Forecast:
    """The forecast of a named method for the periods after the panel; plans: of these periods."""
    return make_with(name, model, panel, horizon, plans=plans).forecast


def make_with(
    name: str,
    model: DemandModel | None,
    panel: Panel,
    horizon: int,
    *,
    plans: Plans | None = None,
) -> Made:
    """As forecast_with, with its members, for whoever explains it."""
    trees, course, plans = None, find_course(panel), plans or Plans()
    if model is not None and model.has_trees:
        own = course.of_trees()
        ahead = own.plain(panel).extended(horizon, plans.promotion, plans.depth)
        factor = own.ahead(panel.units.shape[1], (len(panel.skus), horizon), plans)
        raw = _times(gbm.predict_raw(model, ahead, horizon), factor)
        trees = gbm.finish(raw, model.mean_weight, model.shift)
    if name == TREES and trees is not None:
        return Made(trees, {TREES: trees.mean})
    if name == COMBINATION and model is not None and model.combination is not None:
        learned = Learned.from_json(model.combination)
        members = learned.weights.members | {"moving_average"}
        means = _means(panel, horizon, (course, plans), only=members)
        if trees is not None:
            means[TREES] = trees.mean
        return Made(learned.combined(panel.units, means, trees), means)
    if name == "blend" and trees is not None:  # a run of an earlier version may still be live
        simple = _simple("moving_average", panel, horizon, (course, plans))
        return Made(_average(trees, simple), {TREES: trees.mean, "moving_average": simple.mean})
    simple = _simple(name, panel, horizon, (course, plans))
    return Made(simple, {name: simple.mean})


def _means(
    panel: Panel, horizon: int, known: tuple[Course, Plans], *, only: set[str] | None = None
) -> dict[str, np.ndarray]:
    """Every simple method, of the history without its year and reductions; both put in again."""
    course, plans = known
    level = course.plain(panel).units
    found = simple_means(level, horizon, panel.frequency, panel.season, only=only)
    factor = course.ahead(level.shape[1], (len(level), horizon), plans)
    return {name: mean * factor for name, mean in found.items()}


def _times(raw: RawForecast, factor: np.ndarray) -> RawForecast:
    return RawForecast(raw.mean * factor, raw.quantiles * factor[:, :, None], raw.scale)


def _simple(name: str, panel: Panel, horizon: int, known: tuple[Course, Plans]) -> Forecast:
    """One simple method; the spread of one that is no level is that of its last window."""
    mean = _means(panel, horizon, known, only={name})[name]
    if name == "seasonal_naive":
        return baselines.seasonal_naive_forecast(panel.units, mean, panel.season)
    errors = np.zeros(len(LEVELS))
    if name not in LEVEL_METHODS and panel.units.shape[1] > 2 * horizon:
        cut = panel.units.shape[1] - horizon
        before = panel.until(cut)
        then = (find_course(before), plans_of(panel, cut, horizon))
        told = _means(before, horizon, then, only={name}).get(name)
        if told is not None:
            errors = error_quantiles(told, before.units, panel.units[:, -horizon:])
    return simple_forecast(name, mean, panel.units, errors)


def _forecast_window(
    panel: Panel, cut: int, horizon: int, params: DemandParams, seed: int
) -> _Window:
    train, plans = panel.until(cut), plans_of(panel, cut, horizon)
    actual = panel.units[:, cut : cut + horizon]
    course = find_course(train)
    means = _means(train, horizon, (course, plans))
    own = course.of_trees()
    model = gbm.fit(own.plain(train), horizon, params, seed=seed)
    raw = None
    if model is not None:
        ahead = _hide_units(panel.until(cut + horizon), cut)
        ahead.units[:, :cut] = own.plain(train).units
        factor = own.ahead(cut, actual.shape, plans)
        raw = _times(gbm.predict_raw(model, ahead, horizon), factor)
    return _Window(train, actual, means, raw)


def _hide_units(panel: Panel, cut: int) -> Panel:
    """Prices and promotions of the window may be plans; its units are never read."""
    units = panel.units.copy()
    units[:, cut:] = np.nan
    return replace(panel, units=units)


def _score_folds(windows: list[_Window], season: int) -> Scorecard:
    per_model: dict[str, list[dict[str, np.ndarray]]] = {}
    fills: dict[str, list[float | None]] = {}
    choice: dict[str, float] = {}
    found: dict[str, Forecast] = {}
    for before, test in pairwise(windows):
        learned = learn(before.train.units, before.actual, before.means, before.raw)
        found = learned.forecasts(test.train.units, test.means, test.raw)
        choice = _choice(before, learned, set(found))
        stock = float(np.nansum(found["moving_average"].quantiles[:, :, -1]))
        for name in choice:
            scores = score_series(test.train.units, test.actual, found[name], season=season)
            per_model.setdefault(name, []).append(scores)
            filled = fill_rate(test.actual, found[name].quantiles, stock)
            fills.setdefault(name, []).append(filled)
    joined = {
        name: {key: np.concatenate([fold[key] for fold in folds]) for key in METRICS}
        for name, folds in per_model.items()
    }
    chosen = min(choice, key=lambda name: choice[name] * _handicap(name))
    last = windows[-1]
    newest = learn(last.train.units, last.actual, last.means, last.raw)
    return Scorecard(
        models={
            name: summarise(values) | {"fill_rate": _mean_known(fills[name])}
            for name, values in joined.items()
        },
        undefined=count_undefined(joined[chosen]),
        chosen=chosen,
        baseline="seasonal_naive" if "seasonal_naive" in joined else "moving_average",
        choice=choice,
        series_scored=len(last.train.skus),
        series_refused=0,
        folds=len(windows) - 1,
        learned=newest.as_json(),
        by_fold={name: [summarise(fold) for fold in folds] for name, folds in per_model.items()},
        day_correlation=gbm.day_correlation(found[chosen], last.actual),
        sku_correlation=sku_correlation(found[chosen], last.actual),
    )


def _handicap(name: str) -> float:
    """A single method must beat the combination by 2 %, or its lead may be luck."""
    return 1.0 if name == COMBINATION else 1.02


def _mean_known(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _choice(before: _Window, learned: Learned, names: set[str]) -> dict[str, float]:
    """Validation score of every method that both windows have."""
    forecasts = learned.forecasts(before.train.units, before.means, before.raw)
    return {
        name: validation_score(before.train, before.actual, forecast)
        for name, forecast in forecasts.items()
        if name in names
    }


def _average(first: Forecast, second: Forecast) -> Forecast:
    """Mean of means and of quantiles level by level (Vincent), which cannot cross."""
    return Forecast((first.mean + second.mean) / 2, (first.quantiles + second.quantiles) / 2)


def _too_short(frequency: str, length: int, horizon: int, folds: int) -> str:
    unit = {"D": "days", "W": "weeks", "M": "months"}[frequency]
    needed = periods_needed(frequency, horizon, folds)
    return f"The file covers {length} {unit}; a horizon of {horizon} needs at least {needed}."
