"""What the demand model sees of a series on the day it forecasts: nothing later than the origin.

A sample is (row, origin, step): the SKU, the last known period, and how many periods ahead.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from .calendar import NAMES as CALENDAR
from .calendar import calendar_features
from .panel import Panel

WINDOWS = {"D": (7, 14, 28, 56, 112, 364), "W": (2, 4, 8, 13, 26, 52), "M": (2, 3, 6, 12, 24, 36)}
SCALE_WINDOW = {"D": 56, "W": 26, "M": 12}
SEASONS_BACK = {"D": 8, "W": 2, "M": 3}
YEAR = {"D": 364, "W": 52, "M": 12}
SMALLEST_SCALE = 0.01  # units per period; keeps a series of zeros finite


@dataclass(frozen=True)
class Samples:
    """rows, origins, steps: (s,) int; step 1 is the period after the origin."""

    rows: np.ndarray
    origins: np.ndarray
    steps: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        return self.origins + self.steps


class FeatureMaker:
    """Running sums of a panel, so that any window of any series is two look-ups."""

    def __init__(self, panel: Panel, countries: tuple[str, ...] = ()):
        self.panel = panel
        self.units = panel.units
        self.total = _running(np.nan_to_num(self.units))
        self.squares = _running(np.nan_to_num(self.units) ** 2)
        self.known = _running(np.isfinite(self.units))
        self.sold = _running(self.units > 0)
        self.since_sale = _periods_since(self.units > 0)
        self.calendar = calendar_features(panel.periods, panel.frequency, countries)
        self.promoted = None if panel.promotion is None else _PromotedSums(panel)

    def scale(self, samples: Samples) -> np.ndarray:
        """(s,) units per period around the origin, drawn towards the mean of the whole history."""
        window = SCALE_WINDOW[self.panel.frequency]
        pull = window / 4
        recent, count = self._window(self.total, samples, window)
        long_run = self.window_mean(samples, self.units.shape[1])
        level = (recent + pull * np.nan_to_num(long_run)) / (count + pull)
        return np.maximum(level, SMALLEST_SCALE)

    def matrix(self, samples: Samples, scale: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """(s, f) float32 features (NaN = unknown) and their names. Levels are divided by scale."""
        columns = {"step": samples.steps.astype(float), "log_scale": np.log(scale)}
        columns |= self._levels(samples, scale)
        columns |= self._seasonal(samples, scale)
        columns |= {
            name: self.calendar[samples.targets, number] for number, name in enumerate(CALENDAR)
        }
        columns |= self._prices(samples)
        columns |= self._promotions(samples, scale)
        return np.column_stack(list(columns.values())).astype(np.float32), list(columns)

    def window_mean(self, samples: Samples, window: int) -> np.ndarray:
        total, count = self._window(self.total, samples, window)
        return _divide(total, count)

    def _window(self, sums: np.ndarray, samples: Samples, window: int) -> tuple:
        end = samples.origins + 1
        start = np.maximum(end - window, 0)
        rows = samples.rows
        count = self.known[rows, end] - self.known[rows, start]
        return sums[rows, end] - sums[rows, start], count

    def _levels(self, samples: Samples, scale: np.ndarray) -> dict[str, np.ndarray]:
        columns = {}
        for window in WINDOWS[self.panel.frequency]:
            columns[f"mean_{window}"] = self.window_mean(samples, window) / scale
        for lag in range(3):
            columns[f"lag_{lag}"] = self._at(samples.rows, samples.origins - lag) / scale
        window = SCALE_WINDOW[self.panel.frequency]
        squares, count = self._window(self.squares, samples, window)
        mean = self.window_mean(samples, window)
        columns["spread"] = np.sqrt(np.maximum(_divide(squares, count) - mean**2, 0)) / scale
        sold, count = self._window(self.sold, samples, window)
        columns["share_sold"] = _divide(sold, count)
        columns["mean_size"] = _divide(self._window(self.total, samples, window)[0], sold) / scale
        columns["since_sale"] = self.since_sale[samples.rows, samples.origins]
        columns["age"] = self.known[samples.rows, samples.origins + 1]
        return columns

    def _seasonal(self, samples: Samples, scale: np.ndarray) -> dict[str, np.ndarray]:
        season = self.panel.season
        first = samples.targets - season * (-(-samples.steps // season))
        back = [
            self._at(samples.rows, first - season * number)
            for number in range(SEASONS_BACK[self.panel.frequency])
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # no such season yet: NaN is meant
            mean = np.nanmean(back, axis=0)
        columns = {"season_1": back[0] / scale, "season_2": back[1] / scale}
        columns["season_mean"] = mean / scale
        columns |= self._year_ago(samples, scale)
        return columns

    def _year_ago(self, samples: Samples, scale: np.ndarray) -> dict[str, np.ndarray]:
        """Level around the target a year before, and how it stood to the level of that origin."""
        year = YEAR[self.panel.frequency]
        half = {"D": 3, "W": 1, "M": 0}[self.panel.frequency]
        middle = samples.targets - year
        end = np.clip(np.minimum(middle + half, samples.origins) + 1, 0, None)
        start = np.clip(middle - half, 0, None)
        rows = samples.rows
        total = self.total[rows, end] - self.total[rows, start]
        count = self.known[rows, end] - self.known[rows, start]
        level = np.where(end > start, _divide(total, count), np.nan)
        before = Samples(rows, np.maximum(samples.origins - year, 0), samples.steps)
        then = self.window_mean(before, SCALE_WINDOW[self.panel.frequency])
        then = np.where(samples.origins >= year, then, np.nan)
        return {"year_ago": level / scale, "year_ago_ratio": _divide(level, then)}

    def _prices(self, samples: Samples) -> dict[str, np.ndarray]:
        price = self.panel.price
        if price is None:
            return {}
        rows, window = samples.rows, SCALE_WINDOW[self.panel.frequency]
        last = self._carried(price)
        now = last[rows, samples.origins]
        planned = last[rows, samples.targets] if self.panel.price_ahead else now
        usual = _running_mean(price, window)[rows, samples.origins]
        return {"price_change": _divide(planned, now), "price_to_usual": _divide(planned, usual)}

    def _promotions(self, samples: Samples, scale: np.ndarray) -> dict[str, np.ndarray]:
        if self.promoted is None or self.panel.promotion is None:
            return {}
        rows, sums = samples.rows, self.promoted
        now = self.panel.promotion[rows, samples.origins]
        planned = self.panel.promotion[rows, samples.targets] if self.panel.promotion_ahead else now
        end = samples.origins + 1
        on = _divide(sums.units[rows, end], sums.days[rows, end])
        off_days = self.known[rows, end] - sums.days[rows, end]
        off = _divide(self.total[rows, end] - sums.units[rows, end], off_days)
        window = SCALE_WINDOW[self.panel.frequency]
        start = np.maximum(end - window, 0)
        recent = _divide(sums.days[rows, end] - sums.days[rows, start], end - start)
        return {
            "promotion": planned,
            "promotion_now": now,
            "promotion_recent": recent,
            "promotion_lift": _divide(on, off),
            "promotion_level": on / scale,
        }

    def _at(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        found = self.units[rows, np.maximum(columns, 0)]
        return np.where(columns >= 0, found, np.nan)

    def _carried(self, price: np.ndarray) -> np.ndarray:
        """The last known price at every period."""
        known = np.where(np.isfinite(price), np.arange(price.shape[1]), 0)
        return np.take_along_axis(price, np.maximum.accumulate(known, axis=1), axis=1)


class _PromotedSums:
    """Running units and known periods under promotion."""

    def __init__(self, panel: Panel):
        promotion = panel.promotion if panel.promotion is not None else np.zeros(panel.units.shape)
        on = (promotion > 0) & np.isfinite(panel.units)
        self.units = _running(np.where(on, panel.units, 0.0))
        self.days = _running(on)


def _running(values: np.ndarray) -> np.ndarray:
    """(n, T + 1): the sum of the first t values stands at t."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    total, count = _running(np.nan_to_num(values)), _running(np.isfinite(values))
    end = np.arange(1, values.shape[1] + 1)
    start = np.maximum(end - window, 0)
    return _divide(total[:, end] - total[:, start], count[:, end] - count[:, start])


def _periods_since(happened: np.ndarray) -> np.ndarray:
    """(n, T) periods since it last happened; NaN before the first time."""
    number = np.arange(happened.shape[1])
    last = np.maximum.accumulate(np.where(happened, number, -1), axis=1)
    return np.where(last >= 0, number - last, np.nan)


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)
