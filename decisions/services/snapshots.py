"""Count once, show often: what takes long is counted by a job, and every reader sees its age."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from decisions.models import Job, Snapshot
from decisions.models.jobs import JobQuerySet
from decisions.services import jobs

# Below this a page counts anew for each reader: nothing is out of date.
SLOW_SECONDS = 1.0
Count = Callable[[datetime], Any]  # as of a time → what JSON can hold


@dataclass(frozen=True)
class Shown:
    """is_stored: counted earlier, as of `as_of`. is_refreshing: somebody counts it now."""

    payload: Any
    as_of: datetime
    is_stored: bool = False
    is_refreshing: bool = False


def shown(subject: str, count: Count, at: datetime, *, not_before: datetime | None = None) -> Shown:
    """The stored figures where counting takes longer than SLOW_SECONDS; else counted now. Figures of
    before `not_before` do not serve: something ended then.

    Nobody waits twice: the first reader of something slow leaves what she waited for.
    """
    row = Snapshot.objects.filter(pk=subject).first()
    serves = row is not None and (not_before is None or row.as_of >= not_before)
    if row is not None and serves and row.seconds >= SLOW_SECONDS:
        return Shown(row.payload, row.as_of, True, is_refreshing(subject))
    payload, seconds = timed(lambda: count(at))
    if seconds >= SLOW_SECONDS:
        keep(subject, payload, as_of=at, seconds=seconds)
    return Shown(payload, at)


def kept(subject: str) -> Shown | None:
    """As it was counted last, however quick that was; None where nobody kept it."""
    row = Snapshot.objects.filter(pk=subject).first()
    return Shown(row.payload, row.as_of, True) if row else None


def take(subject: str, count: Count, at: datetime, *, waited_seconds: float = 0.0) -> Snapshot:
    """Count and keep, however fast it was; what a later moment has written stays.

    waited_seconds: what `count` was given ready and a reader would have to wait for as well.
    """
    payload, seconds = timed(lambda: count(at))
    return keep(subject, payload, as_of=at, seconds=waited_seconds + seconds)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and how many seconds it took."""
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def keep(subject: str, payload: Any, *, as_of: datetime, seconds: float) -> Snapshot:
    fields = {"payload": payload, "as_of": as_of, "seconds": seconds}
    row, made = Snapshot.objects.get_or_create(subject=subject, defaults=fields)
    if not made:
        Snapshot.objects.filter(pk=subject, as_of__lte=as_of).update(**fields)
        row.refresh_from_db()
    return row


def ask_refresh(kind: str, subject: str, payload: dict[str, Any], by: Any = None) -> bool:
    """A job that counts anew; False when one is under way already."""
    if is_refreshing(subject):
        return False
    minute = int(timezone.now().timestamp() // 60)
    key = f"snapshot:{subject}:{minute}"
    jobs.enqueue(kind, payload | {"subject": subject}, key=key, requested_by=by)
    return True


def is_refreshing(subject: str) -> bool:
    return _jobs(subject).unfinished().exists()


def newest_job(subject: str) -> Job | None:
    """Of the last day: whether it is still counting, or failed at it."""
    return _jobs(subject).order_by("-pk").first()


def _jobs(subject: str) -> JobQuerySet:
    lately = timezone.now() - timedelta(days=1)
    return Job.objects.filter(key__startswith=f"snapshot:{subject}:", created_at__gte=lately)
