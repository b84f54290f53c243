"""Dates as people write them → aware UTC."""

from __future__ import annotations

import polars as pl

SLASHED = r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})"
SHAPE = r"^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})"
EARLIEST, LATEST = 1900, 2200
TIMES = ("%H:%M:%S", "%H:%M", "", "%H:%M:%S%.f")


def parse_moments(text: pl.Series, day_first: bool, time_zone: str) -> pl.Series:
    """ISO or d/m/Y (m/d/Y where `day_first` is false), with or without time and offset.

    text:    strings; null stays null.
    returns: datetime[us, UTC]; null for what is no date between 1900 and 2200. A wall-clock time
             that occurs twice is its first occurrence; one that the clocks skipped moves on by
             an hour, as clocks do.
    """
    plain = text.str.replace("T", " ", literal=True)
    found = pl.Series(text.name, [None] * len(text), dtype=pl.Datetime("us", "UTC"))
    if text.null_count() == len(text):
        return found
    for form in _forms(day_first):
        missing = found.is_null() & plain.is_not_null()
        if not missing.any():
            break
        local = plain.str.to_datetime(form, time_unit="us", strict=False)
        found = found.fill_null(_to_utc(local, time_zone))
    if (found.is_null() & plain.is_not_null()).any():
        found = found.fill_null(_with_offset(plain))
    return found.to_frame().select(
        pl.when(pl.col(text.name).dt.year().is_between(EARLIEST, LATEST)).then(pl.col(text.name))
    )[text.name]


def puts_day_first(text: pl.Series) -> bool | None:
    """Whether 03/04/2011 is the third of April here; None: the values do not tell."""
    parts = text.str.extract_groups(SLASHED).struct.unnest()
    first, second = (parts[name].cast(pl.Int32) for name in parts.columns[:2])
    if (first > 12).any():
        return True
    if (second > 12).any():
        return False
    return None


def _forms(day_first: bool) -> list[str]:
    days = ["%Y-%m-%d", "%Y/%m/%d"]
    days += [f"%d{mark}%m{mark}%Y" if day_first else f"%m{mark}%d{mark}%Y" for mark in "/.-"]
    return [f"{day} {time}".strip() for time in TIMES for day in days]


def _to_utc(local: pl.Series, time_zone: str) -> pl.Series:
    aware = local.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    skipped = aware.is_null() & local.is_not_null()
    if skipped.any():
        later = local.dt.offset_by("1h")
        aware = aware.fill_null(
            later.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
        )
    return aware.dt.convert_time_zone("UTC")


def _with_offset(plain: pl.Series) -> pl.Series:
    zoned = plain.str.replace(r"[zZ]$", "+00:00").str.replace(r" ?([+-]\d\d):?(\d\d)$", "${1}:${2}")
    found = zoned.str.to_datetime(
        "%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", strict=False, time_zone="UTC"
    )
    short = zoned.str.to_datetime(
        "%Y-%m-%d %H:%M%:z", time_unit="us", strict=False, time_zone="UTC"
    )
    return found.fill_null(short)
