"""When a message may leave: the hour of the recipient's own clock."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.conf import settings
from django.utils import timezone


@lru_cache(maxsize=1024)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """A customer's time zone; the shop's own where it is unknown."""
    return _zone(name or timezone.get_default_timezone_name())


def is_quiet(at: datetime, zone: zoneinfo.ZoneInfo, hours: tuple[time, time]) -> bool:
    """Between `hours[0]` and `hours[1]` of the local clock, over midnight too; equal: never."""
    begin, end = hours
    now = at.astimezone(zone).time()
    if begin <= end:
        return begin <= now < end
    return now >= begin or now < end


def after_quiet(at: datetime, zone: zoneinfo.ZoneInfo, hours: tuple[time, time]) -> datetime:
    """`at`, or the first moment after it at which the local clock is not in the quiet hours."""
    if not is_quiet(at, zone, hours):
        return at
    local = at.astimezone(zone)
    day = local.date()
    if local.time() >= hours[1]:  # the quiet hours end tomorrow
        day += timedelta(days=1)
    return _at_clock(day, hours[1], zone)


def first_hour(not_before: datetime, on: date | None, hour: time | None, zone: str) -> datetime:
    """The first moment from `not_before` on that is on or after a day, at or after an hour.

    Both by the recipient's clock. Later the same day is fine: who is due in the morning may get it
    in the afternoon, quiet hours aside.
    """
    place = zone_of(zone)
    day = max(on or not_before.astimezone(place).date(), not_before.astimezone(place).date())
    due = _at_clock(day, hour or time(), place)
    return max(due, not_before)


def quiet_hours_of(channel: str) -> tuple[time, time] | None:
    """The shop's quiet hours on this channel; None where it has none."""
    if channel not in settings.MARKETING_QUIET_CHANNELS:
        return None
    begin, end = (_clock(text) for text in settings.MARKETING_QUIET_HOURS.split("-"))
    return begin, end


def _clock(text: str) -> time:
    hour, _, minute = text.strip().partition(":")
    return time(int(hour), int(minute or 0))


def _at_clock(day: date, clock: time, zone: zoneinfo.ZoneInfo) -> datetime:
    """An hour that daylight saving leaves out is the first one after it; of two, the first."""
    local = datetime.combine(day, clock, tzinfo=zone)
    return local.astimezone(zoneinfo.ZoneInfo("UTC"))
