"""The report as pages and programs read it: counted for each reader where that is quick, else by a
job, each night and when somebody asks, and shown with its age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import Job, Snapshot
from decisions.services import snapshots
from recommendations import report_frames as frames
from recommendations.services.reporting import (
    Period,
    Reports,
    placement_reports,
    usual_period,
)

KIND = "count_placements"
PRESETS = (7, 28, 91)  # days of the periods that the night counts
# Impressions and clicks of both periods that are counted while somebody waits: half a second.
MOST_AT_ONCE = 10_000
NIGHTS_BACK = 7  # a night that did not run leaves the figures of one before it
KEPT = timedelta(days=60)
COUNTING = gettext_noop("Counting what placements brought")


@dataclass(frozen=True)
class Counted:
    """reports: None where nobody has counted these days yet; of the days just before them where the
    night has not come to the newest. job: the newest that was asked to count them, today or
    yesterday. is_stored: counted earlier, as of `as_of`."""

    reports: Reports | None
    as_of: datetime | None = None
    is_stored: bool = False
    job: Job | None = None

    @property
    def is_refreshing(self) -> bool:
        return self.job is not None and not self.job.is_finished


def subject_of(period: Period) -> str:
    return f"placements:{period.first}:{period.last}"


def counted_reports(period: Period, at: datetime | None = None) -> Counted:
    """Three queries in a large shop."""
    at = at or timezone.now()
    if frames.at_most(MOST_AT_ONCE, period.before().since, period.until):
        found = snapshots.shown(subject_of(period), _count(period), at)
        job = snapshots.newest_job(subject_of(period)) if found.is_stored else None
        return Counted(_decoded(found.payload), found.as_of, found.is_stored, job)
    kept, job = _newest(period), snapshots.newest_job(subject_of(period))
    if kept is None:
        return Counted(None, job=job)
    return Counted(_decoded(kept.payload), kept.as_of, True, job)


def ask_refresh(period: Period, by: Any = None) -> bool:
    days = {"first": period.first.isoformat(), "last": period.last.isoformat()}
    return snapshots.ask_refresh(KIND, subject_of(period), days, by)


def refresh(period: Period, progress: Progress, at: datetime | None = None) -> dict[str, Any]:
    """Count one period anew; the handler of its job."""
    row = snapshots.take(subject_of(period), _count(period, progress), at or timezone.now())
    return {"counted": True, "seconds": round(row.seconds, 1)}


def refresh_usual(progress: Progress, as_of: datetime) -> dict[str, int]:
    """The night: the periods that the page offers. What was asked for long ago is let go."""
    today = timezone.localdate(as_of)
    for number, days in enumerate(PRESETS):
        progress(number, len(PRESETS), COUNTING)
        period = usual_period(today, days)
        snapshots.take(subject_of(period), _count(period), as_of)
    old = Snapshot.objects.filter(subject__startswith="placements:", as_of__lt=as_of - KEPT)
    return {"counted": len(PRESETS), "forgotten": old.delete()[0]}


def _newest(period: Period) -> Snapshot | None:
    """Of these days; of a usual period also as the nights before have counted it."""
    wanted = [period]
    if period in [usual_period(days=days) for days in PRESETS]:
        wanted += [period.earlier(nights) for nights in range(1, NIGHTS_BACK + 1)]
    found = Snapshot.objects.in_bulk([subject_of(one) for one in wanted])
    there = (found.get(subject_of(one)) for one in wanted)
    # An older version gave up where there was much to count.
    return next((row for row in there if row and "too_many" not in row.payload), None)


def _count(period: Period, progress: Progress | None = None) -> snapshots.Count:
    def count(at: datetime) -> dict[str, Any]:
        return msgspec.to_builtins(placement_reports(period, now=at, progress=progress))

    return count


def _decoded(payload: dict[str, Any]) -> Reports:
    return msgspec.convert(payload, Reports)
