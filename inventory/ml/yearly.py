"""The shop's year: how much more or less is wanted on a day than over the year, pooled over SKUs.

One SKU's single year cannot be told from chance; all SKUs of a shop together can. The year of a category
is drawn to the shop's, and both to none by what chance explains and by how well earlier years came
again. Festivals that move in the solar year have a course of their own (festivals.py). Histories are divided by it before anything is forecast, and forecasts multiplied by it.
Source: Withycombe, Forecasting with combined seasonal indices, 1989 (pooling within product lines);
Miller & Williams, Shrinkage estimators of time series seasonal factors, 2003.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from .calendar import moving_festivals
from .festivals import WINDOW, Festival, learn_effects, placed
from .panel import Panel

Mark = tuple[str, tuple[int, ...]]  # a festival and its first days as numbers of the panel's days

YEAR = 364  # whole weeks, so that weekdays fall on weekdays
LEAST_OVER = 28  # days known beyond the first year, to tell growth from season
SMOOTH = 7  # a week's mean: weekdays are not the year's business
AGAIN, AGAIN_DAYS = 0.8, 364.0  # how much of a year comes again, worth a year of evidence
MOST_SKUS = 3_000  # of a category; more tell no more and only take longer
MOST_PROMOTED = 0.5  # of all days
AHEAD = 400  # days after the panel for which festivals are looked up
MOST = 1.5  # of the log: nobody's year is more than e^1.5 = 4.5 times its mean


@dataclass(frozen=True)
class Year:
    """log_index (groups, YEAR) at each place of the year; first: place of the panel's first day;
    row (n,) the group of each SKU; festivals: those that move in it and are kept."""

    log_index: np.ndarray
    first: int
    row: np.ndarray
    festivals: list[Festival] = field(default_factory=list)

    def of(self, start: int, stop: int) -> np.ndarray:
        """(n, stop − start) factors of the days from `start` of the panel on."""
        season, festival = self.parts(start, stop)
        return season * festival

    def parts(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """The factors of the solar year and those of festivals that move in it, (n, days) each."""
        place = (self.first + np.arange(start, stop)) % YEAR
        moved = sum(
            (one.on(start, stop) for one in self.festivals),
            np.zeros((len(self.log_index), stop - start)),
        )
        return (
            np.exp(self.log_index[:, place])[self.row],
            np.exp(np.clip(moved, -MOST, MOST))[self.row],
        )


def find_year(panel: Panel) -> Year | None:
    """None without daily demand of more than a year: then there is no year to learn from."""
    if panel.frequency != "D" or panel.units.shape[1] < YEAR + LEAST_OVER:
        return None
    begins = panel.periods[0].astype("datetime64[D]")
    first = int(begins.astype(np.int64)) % YEAR
    groups = np.zeros(len(panel.skus), dtype=int) if panel.groups is None else panel.groups
    names, row = np.unique(groups, return_inverse=True)
    units = _without_promotions(panel)
    marks = _marks(begins, panel.units.shape[1], panel.countries)
    everybody = _log_year(units, first, marks)
    if everybody is None:
        return None
    shop = everybody.index
    found = np.tile(shop, (len(names), 1))
    effects = np.tile(everybody.effects, (len(names), 1, 1))
    for number in range(len(names) if len(names) > 1 else 0):
        own = _log_year(units[row == number], first, marks)
        if own is not None:
            found[number] = shop + _drawn(own.index - shop, own.noise)
            for place, effect in enumerate(own.effects):
                away = effect - everybody.effects[place]
                effects[number, place] += _drawn(away, own.noise)
    festivals = [
        Festival(name, days, effects[:, number])
        for number, (name, days) in enumerate(marks)
        if effects[:, number].any()
    ]
    return Year(np.clip(found, -MOST, MOST), first, row, festivals)


def adjusted(panel: Panel, year: Year | None) -> Panel:
    """The panel with every day's units divided by the year's factor."""
    from dataclasses import replace

    if year is None:
        return panel
    return replace(panel, units=panel.units / year.of(0, panel.units.shape[1]))


def _without_promotions(panel: Panel) -> np.ndarray:
    """A reduction is no season: days under one are left out where they are known and not the rule."""
    if panel.promotion is None or np.nanmean(panel.promotion > 0) > MOST_PROMOTED:
        return panel.units
    return np.where(panel.promotion > 0, np.nan, panel.units)


@dataclass(frozen=True)
class _Learned:
    """index (YEAR,) log, drawn to none; noise (YEAR,) variance of chance of its days; effects (festivals,
    WINDOW) log, 0 where a festival is not kept."""

    index: np.ndarray
    noise: np.ndarray
    effects: np.ndarray


def _marks(begins: np.datetime64, days: int, countries: tuple[str, ...]) -> list[Mark]:
    """Moving festivals with the panel's day numbers of their first days, those to come among them."""
    first, last = begins.astype(date), (begins + days + AHEAD).astype(date)
    found = moving_festivals(first - timedelta(WINDOW), last + timedelta(WINDOW), countries)
    return [(name, tuple((day - first).days for day in known)) for name, known in found]


def _log_year(units: np.ndarray, first: int, marks: list[Mark]) -> _Learned | None:
    few = -(-len(units) // MOST_SKUS)
    days, chance = _day_index(units[::few])
    known = np.isfinite(days)
    if known.sum() < YEAR:
        return None
    days = days - _growth(days) * np.arange(len(days)) / YEAR
    place = (first + np.arange(len(days))) % YEAR
    effects = learn_effects(days, place, chance, [known_days for _name, known_days in marks])
    for (_name, known_days), effect in zip(marks, effects, strict=True):
        days = days - placed(effect, known_days, 0, len(days))
    count = np.bincount(place[known], minlength=YEAR)
    if (count == 0).any():
        return None
    index = np.bincount(place[known], days[known], YEAR) / count
    noise = np.bincount(place[known], chance[known], YEAR) / count**2
    index = index - index.mean()
    return _Learned(_again(days, chance) * _drawn(index, noise), noise, effects)


def _day_index(units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) log of each day's demand over the SKUs' own levels, a week's mean; and its variance."""
    known = np.isfinite(units)
    sold = np.where(known, units, 0.0)
    index = np.ones(units.shape[1])
    for _round in range(4):  # levels against the days and the days against the levels
        level = sold.sum(axis=1) / np.maximum((known * index).sum(axis=1), 1e-9)
        weight = 1 / np.sqrt(np.maximum(level, 1e-3))
        expected = weight @ (known * level[:, None])
        total = weight @ sold
        index = _week(total) / np.maximum(_week(expected), 1e-9)
        index = np.where(_week(expected) > 0, np.maximum(index, 1e-3), 1.0)
    square = weight**2 @ (sold - known * level[:, None] * index) ** 2
    variance = _week(square) / SMOOTH / np.maximum(_week(expected) * index, 1e-9) ** 2
    there = _week(known.sum(axis=0).astype(float)) > 0
    return np.where(there, np.log(index), np.nan), np.where(there, variance, np.nan)


def _week(values: np.ndarray) -> np.ndarray:
    """Centred mean over SMOOTH days; at the ends over those that are there."""
    kernel = np.ones(SMOOTH)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")


def _growth(days: np.ndarray) -> float:
    """Log growth a year: the mean difference of days a year apart."""
    change = days[YEAR:] - days[:-YEAR]
    change = change[np.isfinite(change)]
    if not len(change):
        return 0.0
    return float(np.median(change) * len(change) / (len(change) + LEAST_OVER))


def _again(days: np.ndarray, chance: np.ndarray) -> float:
    """Slope of a day against the same day a year before, its chance taken off, drawn to AGAIN."""
    before, after = days[:-YEAR], days[YEAR:]
    both = np.isfinite(before) & np.isfinite(after)
    usual = max(float(np.nanvar(days) - np.nanmean(chance)), 0.0)
    if not both.any() or usual == 0:
        return AGAIN
    x, y = before[both] - np.nanmean(days), after[both] - np.nanmean(days)
    prior = AGAIN_DAYS * usual
    square = max(float(x @ x - chance[:-YEAR][both].sum()), 0.0)
    return float(np.clip((x @ y + AGAIN * prior) / (square + prior), 0.0, 1.0))


def _drawn(index: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Drawn to 0 by the share of its variance that chance explains."""
    spread, chance = float(np.mean(index**2)), float(np.mean(noise))
    return index * max(1 - chance / spread, 0.0) if spread > 0 else np.zeros_like(index)
