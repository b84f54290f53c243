"""The calendar: week, year, Spring Festival and Black Friday, as log effects on demand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from .world import World

# The first day of the lunar year. Source: Hong Kong Observatory, Gregorian-lunar conversion table.
LUNAR_NEW_YEAR = [
    date(2015, 2, 19), date(2016, 2, 8), date(2017, 1, 28), date(2018, 2, 16), date(2019, 2, 5),
    date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10),
    date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13),
    date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19),
    date(2035, 2, 8), date(2036, 1, 28),
]  # fmt: skip

WEEK = np.array([0.02, -0.06, -0.05, 0.00, -0.02, 0.05, 0.14])  # Monday first
FESTIVAL_LEAD_DAYS = 24  # gifts are bought in the weeks before
FESTIVAL_PAUSE_DAYS = 7
SUPPLIER_PAUSE_DAYS = 16  # Chinese workshops close longer than offices


def days_of(world: World) -> np.ndarray:
    """Every day of the window, datetime64[D], oldest first."""
    return np.datetime64(world.start) + np.arange(world.days)


def day_of_year(days: np.ndarray) -> np.ndarray:
    return (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)


def weekday(days: np.ndarray) -> np.ndarray:
    """0 is Monday."""
    return (days.astype("datetime64[D]").astype(int) + 3) % 7


def festival_pull(days: np.ndarray) -> np.ndarray:
    """0 to 1: rises over the 24 days before the lunar new year, gone on the day. Shape (days,)."""
    pull = np.zeros(len(days))
    for new_year in LUNAR_NEW_YEAR:
        before = (np.datetime64(new_year) - days).astype(int)
        near = (before > 0) & (before <= FESTIVAL_LEAD_DAYS)
        # The last four days are too late for the post.
        ramp = np.minimum((FESTIVAL_LEAD_DAYS + 1 - before) / (FESTIVAL_LEAD_DAYS - 6), before / 5)
        pull[near] = np.clip(ramp[near], 0, 1)
    return pull


def after_new_year(days: np.ndarray, length_days: int) -> np.ndarray:
    """True on the lunar new year and the days after it. Shape (days,)."""
    inside = np.zeros(len(days), dtype=bool)
    for new_year in LUNAR_NEW_YEAR:
        since = (days - np.datetime64(new_year)).astype(int)
        inside |= (since >= 0) & (since < length_days)
    return inside


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


def black_friday_pull(days: np.ndarray) -> np.ndarray:
    """1 from Friday to Monday, 0.4 on the four days before. Shape (days,)."""
    pull = np.zeros(len(days))
    for year in np.unique(days.astype("datetime64[Y]").astype(int) + 1970):
        since = (days - np.datetime64(black_friday(int(year)))).astype(int)
        pull[(since >= 0) & (since <= 3)] = 1.0
        pull[(since >= -4) & (since < 0)] = 0.4
    return pull


def yearly_wave(days: np.ndarray, peak_month: float) -> np.ndarray:
    """A cosine with its top in the middle of `peak_month` (1.0 is 1 January). Shape (days,)."""
    peak_day = (peak_month - 0.5) * 365.25 / 12
    return np.cos(2 * np.pi * (day_of_year(days) - peak_day) / 365.25)


def visit_season(world: World) -> np.ndarray:
    """Log effect of the calendar on how many customers come. Mean of exp is 1. Shape (days,)."""
    days = days_of(world)
    if not world.seasons:
        return np.zeros(len(days))
    log_effect = WEEK[weekday(days)] + 0.12 * yearly_wave(days, 12.4)
    log_effect += 0.30 * festival_pull(days) + 0.55 * black_friday_pull(days)
    log_effect -= 0.25 * after_new_year(days, FESTIVAL_PAUSE_DAYS)
    return log_effect - np.log(np.exp(log_effect).mean())


def category_season(world: World, shelves) -> np.ndarray:
    """Log effect of the calendar on what they take. Shape (categories, days)."""
    days = days_of(world)
    if not world.seasons:
        return np.zeros((len(shelves), len(days)))
    festival, friday = festival_pull(days), black_friday_pull(days)
    return np.stack(
        [
            shelf.season * yearly_wave(days, shelf.peak_month)
            + shelf.spring_festival * festival
            + shelf.black_friday * friday
            for shelf in shelves
        ]
    )
