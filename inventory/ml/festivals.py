"""What a festival that moves in the solar year does to demand, by the days to and from it.

Easter, lunar new year, Eid: at one place of the solar year they are there in one year and gone in the
next, so that a mean over years halves them and keeps them where they no longer are. Their course
is learned beside the year's, from two occurrences on, drawn to none by how far these
agree, and kept only where it would have told the later occurrences better than the year alone.
Source: Bell & Hillmer, Modeling time series with calendar variation, JASA 78 (1983), 4 (Easter beside the
season); Shrout & Fleiss, Intraclass correlations, 1979 (how far occurrences agree).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

BEFORE, AFTER = 28, 14
WINDOW = BEFORE + 1 + AFTER
YEAR = 364
LEAST_KNOWN = 0.75  # of a window's days, for the occurrence to count
BETTER = 0.8  # the squared error of the year alone that the festival must come down to
# A day and the level it is held against both scatter by chance, days of a week together.
BEYOND_CHANCE = 4.0
LEVEL_DAYS = 28  # before a window, that tell its level
# What is left over against an effect and against its step from one day to the next: a place of the
# year that was never seen lies between its neighbours, a festival begins and ends at nothing, and what
# both could explain is the year's.
PULL_YEAR, PULL_FESTIVAL, PULL_STEP = 0.05, 0.25, 0.5


@dataclass(frozen=True)
class Festival:
    """name; days: its first days as numbers of the panel's days; log_effect (groups, WINDOW)."""

    name: str
    days: tuple[int, ...]
    log_effect: np.ndarray

    def on(self, start: int, stop: int) -> np.ndarray:
        """(groups, stop − start) log effect on the panel's days."""
        return np.stack([placed(one, self.days, start, stop) for one in self.log_effect])


def placed(effect: np.ndarray, days: tuple[int, ...], start: int, stop: int) -> np.ndarray:
    """(stop − start,) the course (WINDOW,) around each of the days, 0 elsewhere."""
    found = np.zeros(stop - start)
    for day in days:
        first = day - BEFORE - start
        begin, end = max(first, 0), min(first + WINDOW, len(found))
        if begin < end:
            found[begin:end] += effect[begin - first : end - first]
    return found


def learn_effects(
    days: np.ndarray, place: np.ndarray, chance: np.ndarray, marks: list[tuple[int, ...]]
) -> np.ndarray:
    """(len(marks), WINDOW) log effects; zeros of a festival that is not kept.

    days, chance (T,): log of each day's demand without growth, a week's mean, and its variance; NaN =
    unknown. place (T,): of the solar year, 0 … YEAR − 1. marks: day numbers of each festival.
    """
    found = np.zeros((len(marks), WINDOW))
    kept = [number for number, own in enumerate(marks) if _tells(days, place, chance, own)]
    if not kept:
        return found
    index, effects = _fitted(days, place, [marks[number] for number in kept])
    left = days - np.nanmean(days) - index[place]
    for number, effect in zip(kept, effects, strict=True):
        bumps = [left[_window(day)] for day in _seen(days, marks[number])]
        noise = np.nanmean(chance) / len(bumps)
        spread = float(np.mean(effect**2))
        sure = max(1 - noise / spread, 0.0) if spread > 0 else 0.0
        found[number] = effect * sure * _agreement(bumps)
    return found


def _tells(days: np.ndarray, place: np.ndarray, chance: np.ndarray, marks: tuple[int, ...]) -> bool:
    """Rolling backtest: whether each occurrence after the first was told better with the festival, and
    the year alone missed it by more than chance misses."""
    seen = _seen(days, marks)
    with_it = without = usual = 0.0
    for _before, day in pairwise(seen):
        origin = day - BEFORE
        known = days[:origin]
        actual = days[_window(day)]
        level = slice(max(origin - LEVEL_DAYS, 0), origin)
        errors = []
        for own in ([], [marks]):
            index, effects = _fitted(known, place[:origin], own)
            told = index[place[: day + AFTER + 1]]
            for effect in effects:
                told = told + placed(effect, marks, 0, len(told))
            offset = np.nanmean(days[level] - told[level])
            errors.append(float(np.nansum((actual - told[_window(day)] - offset) ** 2)))
        without, with_it = without + errors[0], with_it + errors[1]
        usual += float(np.nansum(chance[_window(day)]))
    return bool(with_it < BETTER * without and without > BEYOND_CHANCE * usual)


def _fitted(
    days: np.ndarray, place: np.ndarray, marks: list[tuple[int, ...]]
) -> tuple[np.ndarray, np.ndarray]:
    """(index (YEAR,), effects (len(marks), WINDOW)) of a ridge regression of the known days on both."""
    known = np.flatnonzero(np.isfinite(days))
    size = YEAR + WINDOW * len(marks)
    columns = [(known, place[known])]
    for number, own in enumerate(marks):
        for day in own:
            inside = known[(known >= day - BEFORE) & (known <= day + AFTER)]
            columns.append((inside, YEAR + WINDOW * number + inside - day + BEFORE))
    row = np.concatenate([part[0] for part in columns])
    column = np.concatenate([part[1] for part in columns])
    square = _pulls(len(marks))
    target = np.zeros(size)
    values = days - np.nanmean(days[known]) if len(known) else days
    np.add.at(target, column, values[row])
    by_day = np.argsort(row, kind="stable")
    row, column = row[by_day], column[by_day]
    starts = np.append(np.flatnonzero(np.diff(row, prepend=-1)), len(row))
    for begin, end in pairwise(starts):
        both = column[begin:end]
        square[np.ix_(both, both)] += 1.0
    found = np.linalg.solve(square, target)
    return found[:YEAR], found[YEAR:].reshape(len(marks), WINDOW)


def _pulls(festivals: int) -> np.ndarray:
    """(size, size): each effect to 0 and to its neighbours; the year is round, a festival ends at 0."""
    size = YEAR + WINDOW * festivals
    square = np.diag(np.repeat([PULL_YEAR, PULL_FESTIVAL], [YEAR, size - YEAR]))
    at = np.arange(YEAR)
    pairs = [(at, (at + 1) % YEAR)]
    for number in range(festivals):
        own = YEAR + WINDOW * number + np.arange(WINDOW)
        pairs.append((own[:-1], own[1:]))
        square[own[0], own[0]] += PULL_STEP
        square[own[-1], own[-1]] += PULL_STEP
    for one, other in pairs:
        square[one, one] += PULL_STEP
        square[other, other] += PULL_STEP
        square[one, other] -= PULL_STEP
        square[other, one] -= PULL_STEP
    return square


def _seen(days: np.ndarray, marks: tuple[int, ...]) -> list[int]:
    """The occurrences whose window lies in the history and is known well enough."""
    return [
        day
        for day in marks
        if day - BEFORE >= 0
        and day + AFTER < len(days)
        and np.isfinite(days[_window(day)]).mean() >= LEAST_KNOWN
    ]


def _agreement(bumps: list[np.ndarray]) -> float:
    """How far occurrences repeat each other, 0 to 1: product over mean square, mean of all pairs."""
    found = []
    for number, one in enumerate(bumps):
        for other in bumps[number + 1 :]:
            both = np.isfinite(one) & np.isfinite(other)
            square = ((one[both] ** 2 + other[both] ** 2) / 2).sum()
            found.append((one[both] @ other[both]) / square if square > 0 else 0.0)
    return float(np.clip(np.mean(found), 0.0, 1.0)) if found else 0.0


def _window(day: int) -> slice:
    return slice(day - BEFORE, day + AFTER + 1)
