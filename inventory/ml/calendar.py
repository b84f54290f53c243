"""What is known of a day before it comes: weekday, month, public holidays (lunar ones too)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

NAMES = ("weekday", "day_of_month", "month", "week", "holiday", "days_to", "days_since", "day_off")
FAR_DAYS = 30


def calendar_features(
    periods: np.ndarray, frequency: str, countries: tuple[str, ...]
) -> np.ndarray:
    """(T, 8) float features of each period, in the order of NAMES.

    periods:   (T,) datetime64[D], first day of each period.
    countries: ISO codes; a day counts as a holiday where any of them has one. For weeks and
               months `holiday` is the number of holidays in the period and the distances are
               those of its first day.
    """
    days = periods.astype("datetime64[D]")
    number = days.astype(np.int64)
    months = days.astype("datetime64[M]")
    year_start = days.astype("datetime64[Y]").astype("datetime64[D]")
    first, last = days[0].astype(date), (days[-1] + 31).astype(date)
    names = holidays_between(first - timedelta(FAR_DAYS), last + timedelta(FAR_DAYS), countries)
    return np.column_stack(
        [
            (number + 3) % 7,  # 1970-01-01 was a Thursday
            (days - months.astype("datetime64[D]")).astype(np.int64) + 1,
            months.astype(np.int64) % 12 + 1,
            (days - year_start).astype(np.int64) // 7,
            _holidays_in(days, frequency, names),
            *_distances(number, names),
            _days_off(days, countries),
        ]
    ).astype(np.float64)


@lru_cache(maxsize=32)
def holidays_between(first: date, last: date, countries: tuple[str, ...]) -> tuple[date, ...]:
    """Public holidays of all the countries, sorted. Unknown codes give none."""
    import holidays

    found: set[date] = set()
    years = range(first.year, last.year + 1)
    for code in countries:
        try:
            found |= set(holidays.country_holidays(code, years=years))
        except NotImplementedError:  # a code the library does not know
            continue
    return tuple(sorted(day for day in found if first <= day <= last))


def _holidays_in(days: np.ndarray, frequency: str, names: tuple[date, ...]) -> np.ndarray:
    marks = np.array(names, dtype="datetime64[D]")
    ends = np.append(days[1:], days[-1] + {"D": 1, "W": 7, "M": 30}[frequency])
    return np.searchsorted(marks, ends) - np.searchsorted(marks, days)


def _distances(number: np.ndarray, names: tuple[date, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Days to the next and since the last holiday, at most 30."""
    marks = np.array(names, dtype="datetime64[D]").astype(np.int64)
    marks = np.concatenate([[number[0] - 10_000], marks, [number[-1] + 10_000]])
    after = np.searchsorted(marks, number)
    ahead = np.minimum(marks[after] - number, FAR_DAYS)
    since = np.minimum(number - marks[np.searchsorted(marks, number, side="right") - 1], FAR_DAYS)
    return ahead, since


def _days_off(days: np.ndarray, countries: tuple[str, ...]) -> np.ndarray:
    """1 where China does not work, its make-up working days known; 0 elsewhere and where unknown."""
    if "CN" not in countries:
        return np.zeros(len(days))
    import chinese_calendar

    off = np.zeros(len(days))
    for row, day in enumerate(days.astype(object)):
        try:
            off[row] = chinese_calendar.is_holiday(day)
        except NotImplementedError:  # the package knows a year only once the state has published it
            off[row] = np.nan
    return off
