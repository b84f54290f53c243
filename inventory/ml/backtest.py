"""Rolling-origin backtest: every model on the same windows, the choice made before each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from . import baselines, gbm
from .gbm import DemandModel, DemandParams, RawForecast
from .metrics import (
    METRICS,
    Forecast,
    count_undefined,
    score_series,
    summarise,
)
from .panel import Panel, history_lengths

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
    mean_weight: float = 0.0
    shift: list[float] = field(default_factory=list)
    day_correlation: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class _Window:
    """All forecasts of one window, made from what stood before it."""

    train: Panel
    actual: np.ndarray
    forecasts: dict[str, Forecast]
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
    """Trees on the whole history, with mix and calibration from the backtest's last window."""
    model = gbm.fit(panel, horizon, params, seed=seed)
    if model is not None:
        model.mean_weight, model.shift = card.mean_weight, np.array(card.shift)
    return model


def forecast_with(
    name: str,
    model: DemandModel | None,
    panel: Panel,
    horizon: int,
    *,
    promotion: np.ndarray | None = None,
) -> Forecast:
    """The forecast of a named method for the periods after the panel.

    promotion: (n, horizon) planned shares, or None.
    """
    if name in ("lightgbm", "blend") and model is not None:
        raw = gbm.predict_raw(model, panel.extended(horizon, promotion), horizon)
        trees = gbm.finish(raw, model.mean_weight, model.shift)
        if name == "lightgbm":
            return trees
        return _average(trees, _baseline(panel, horizon, "moving_average"))
    return _baseline(panel, horizon, name)


def _baseline(panel: Panel, horizon: int, name: str) -> Forecast:
    return baselines.forecast_all(panel.units, horizon, panel.frequency, panel.season)[name]


def _forecast_window(
    panel: Panel, cut: int, horizon: int, params: DemandParams, seed: int
) -> _Window:
    train = panel.until(cut)
    actual = panel.units[:, cut : cut + horizon]
    forecasts = baselines.forecast_all(train.units, horizon, panel.frequency, panel.season)
    model = gbm.fit(train, horizon, params, seed=seed)
    if model is None:
        return _Window(train, actual, forecasts, None)
    raw = gbm.predict_raw(model, _hide_units(panel.until(cut + horizon), cut), horizon)
    return _Window(train, actual, forecasts, raw)


def _hide_units(panel: Panel, cut: int) -> Panel:
    """Prices and promotions of the window may be plans; its units are never read."""
    units = panel.units.copy()
    units[:, cut:] = np.nan
    return replace(panel, units=units)


def _score_folds(windows: list[_Window], season: int) -> Scorecard:
    per_model: dict[str, list[dict[str, np.ndarray]]] = {}
    choice: dict[str, float] = {}
    for before, test in pairwise(windows):
        mix, shift = _calibration(before)
        for window in (before, test):
            _add_trees(window, mix, shift)
        choice = _choice(before, test)
        for name in choice:
            found = score_series(test.train.units, test.actual, test.forecasts[name], season=season)
            per_model.setdefault(name, []).append(found)
    joined = {
        name: {key: np.concatenate([fold[key] for fold in folds]) for key in METRICS}
        for name, folds in per_model.items()
    }
    chosen = min(choice, key=lambda name: choice[name])
    last = windows[-1]
    mix, shift = _calibration(last)  # the final model is calibrated on the newest window
    return Scorecard(
        models={name: summarise(values) for name, values in joined.items()},
        undefined=count_undefined(joined[chosen]),
        chosen=chosen,
        baseline="seasonal_naive" if "seasonal_naive" in joined else "moving_average",
        choice=choice,
        series_scored=len(last.train.skus),
        series_refused=0,
        folds=len(windows) - 1,
        mean_weight=mix,
        shift=shift.tolist(),
        day_correlation=gbm.day_correlation(last.forecasts[chosen], last.actual),
    )


def _calibration(window: _Window) -> tuple[float, np.ndarray]:
    if window.raw is None:
        return 0.0, np.zeros(len(gbm.LEVELS))
    return gbm.calibrate(window.raw, window.train.units, window.actual)


def _choice(before: _Window, test: _Window) -> dict[str, float]:
    """Validation score of every method that both windows have."""
    return {
        name: validation_score(before.train, before.actual, forecast)
        for name, forecast in before.forecasts.items()
        if name in test.forecasts
    }


def _add_trees(window: _Window, mix: float, shift: np.ndarray) -> None:
    if window.raw is None:
        return
    trees = gbm.finish(window.raw, mix, shift)
    window.forecasts["lightgbm"] = trees
    window.forecasts["blend"] = _average(trees, window.forecasts["moving_average"])


def _average(first: Forecast, second: Forecast) -> Forecast:
    """Mean of means and of quantiles level by level (Vincent), which cannot cross."""
    return Forecast((first.mean + second.mean) / 2, (first.quantiles + second.quantiles) / 2)


def _too_short(frequency: str, length: int, horizon: int, folds: int) -> str:
    unit = {"D": "days", "W": "weeks", "M": "months"}[frequency]
    needed = periods_needed(frequency, horizon, folds)
    return f"The file covers {length} {unit}; a horizon of {horizon} needs at least {needed}."
