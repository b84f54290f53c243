"""What is known of a day before it comes: weekday, month, public holidays (lunar ones too)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

NAMES = ("weekday", "day_of_month", "month", "week", "holiday", "days_to", "days_since", "day_off")
FAR_DAYS = 30
JUDGED_YEARS = 8  # before the first day, to tell a festival that moves from one that does not
GAP_DAYS = 60
TOGETHER_DAYS = 14
SOLAR_YEAR = 365.2425
SHORTEST_YEAR, LONGEST_YEAR = 345, 390  # of the moon's calendars and of Easter
MOVES_DAYS = 10  # the first Monday of a month moves by six


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


@lru_cache(maxsize=32)
def moving_festivals(
    first: date, last: date, countries: tuple[str, ...]
) -> tuple[tuple[str, tuple[date, ...]], ...]:
    """(name, first day of each year's, sorted) of the public holidays that move in the solar year.

    Easter, lunar new year, Eid: once a year of theirs, over the years further apart than MOVES_DAYS. Which
    ones they are is read from their dates. Those that keep the same distance to another one are one
    festival, the earlier one (Easter Monday goes with Good Friday). From `first` to `last`.
    """
    found: dict[str, tuple[date, ...]] = {}
    years = range(first.year - JUDGED_YEARS, last.year + 3)
    for code in countries:
        for name, days in sorted(_by_name(code, years).items(), key=lambda pair: pair[1]):
            if _moves(days) and not any(_together(days, other) for other in found.values()):
                found[f"{code}: {name}"] = days
    return tuple(
        (name, tuple(day for day in days if first <= day <= last)) for name, days in found.items()
    )


def _by_name(code: str, years: range) -> dict[str, tuple[date, ...]]:
    """Holiday → its first days; days of one name within GAP_DAYS are one occurrence."""
    import holidays

    try:
        known = holidays.country_holidays(code, years=years, language="en_US")
    except NotImplementedError:  # a code the library does not know
        return {}
    found: dict[str, list[date]] = {}
    for day in sorted(known):
        for name in known[day].split("; "):
            days = found.setdefault(name.split(" (")[0], [])
            if not days or (day - days[-1]).days > GAP_DAYS:
                days.append(day)
    return {name: tuple(days) for name, days in found.items()}


def _moves(days: tuple[date, ...]) -> bool:
    if len(days) < JUDGED_YEARS:
        return False
    gaps = np.diff(np.array(days, dtype="datetime64[D]").astype(np.int64))
    place = np.sort(np.array(days, dtype="datetime64[D]").astype(np.int64) % SOLAR_YEAR)
    widest = np.diff(np.append(place, place[0] + SOLAR_YEAR)).max()  # a year is round
    return bool(
        (gaps >= SHORTEST_YEAR).all()
        and (gaps <= LONGEST_YEAR).all()
        and SOLAR_YEAR - widest > MOVES_DAYS
    )


def _together(days: tuple[date, ...], other: tuple[date, ...]) -> bool:
    """Each of `days` follows one of `other` at one distance, give or take a day, within two weeks."""
    marks = np.array(other, dtype="datetime64[D]").astype(np.int64)
    own = np.array(days, dtype="datetime64[D]").astype(np.int64)
    apart = own[:, None] - marks[None, :]
    nearest = apart[np.arange(len(own)), np.abs(apart).argmin(axis=1)]
    return bool(np.ptp(nearest) <= 2 and np.abs(nearest).max() <= TOGETHER_DAYS)


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
