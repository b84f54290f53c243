"""Who may work on a job: a lease that is claimed, renewed, lost. One conditional UPDATE each."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import F
from django.utils import timezone

from decisions.jobs import CancelledError, LeaseLostError
from decisions.models import Job, JobState
from decisions.models.jobs import JobQuerySet

log = logging.getLogger(__name__)
PROGRESS_EVERY_SECONDS = 0.5
NEW_NOTE_EVERY_SECONDS = 0.1


def database_now() -> datetime:
    """The one clock that all workers share: machines' own clocks drift apart by more than a lease."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


def lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def claim(job_id: int) -> str | None:
    """Our token if this call won the job, None if it is finished, leased to another or not due."""
    now = database_now()
    return _take(Job.objects.due(now).filter(pk=job_id, cancel_requested_at=None), now)


def adopt_step(step_id: int) -> str | None:
    """Our token for a step of a job that we hold. Only the holder of the parent runs its steps.

    A lease that a dead attempt of the parent left on the step is therefore void and not waited
    for; if that attempt is alive after all, the new token fences it off.
    """
    steps = Job.objects.filter(pk=step_id, parent__isnull=False)
    return _take(steps.exclude(state=JobState.SUCCEEDED), database_now())


def _take(jobs: JobQuerySet, now: datetime) -> str | None:
    token = uuid.uuid4().hex
    won = jobs.update(
        state=JobState.RUNNING,
        attempt=F("attempt") + 1,
        lease_token=token,
        lease_until=lease_end(now),
        heartbeat_at=now,
        send_after=now,  # if we die, the reaper need not wait once the lease has run out
        started_at=now,
        finished_at=None,
        cancel_requested_at=None,
        progress_done=0,
        progress_total=0,
        progress_note="",
        error="",
    )
    return token if won else None


def held(job_id: int, token: str) -> JobQuerySet:
    """The row while this attempt holds it, else nothing: every write of an attempt goes here."""
    return Job.objects.filter(pk=job_id, lease_token=token, state=JobState.RUNNING)


def renew(job_id: int, token: str) -> bool:
    """Push the lease out. False: the job is no longer ours."""
    now = database_now()
    return bool(held(job_id, token).update(lease_until=lease_end(now), heartbeat_at=now))


# The lease under which this thread works: what publishes asks it, though no caller hands it down.
_holding: ContextVar[Lease | None] = ContextVar("holding", default=None)


def current_lease() -> Lease | None:
    return _holding.get()


class Lease:
    """Progress for the handler and a heartbeat for everybody else."""

    def __init__(
        self,
        job_id: int,
        token: str,
        *,
        listener: Callable[[Job], None] | None = None,
        run_step: Callable[[Job, Callable[[Job], None] | None], Job] | None = None,
    ):
        self.job_id, self.token = job_id, token
        self._listener, self._run_step = listener, run_step
        self._stop, self._lost = threading.Event(), threading.Event()
        self._last_write, self._last_note = 0.0, ""
        self._ends = time.monotonic() + settings.CELERY_TASK_TIME_LIMIT
        self._thread = threading.Thread(target=self._beat, name=f"lease-{job_id}", daemon=True)

    def __enter__(self) -> Lease:
        # A second connection sees the row only outside a surrounding transaction (as in tests).
        if not connection.in_atomic_block:
            self._thread.start()
        self._outer = _holding.set(self)
        return self

    def __exit__(self, *exception: object) -> None:
        _holding.reset(self._outer)
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def __call__(self, done: int, total: int = 0, note: str = "") -> None:
        if not self._worth_writing(done, total, note):
            return
        self._last_write, self._last_note = time.monotonic(), note
        now = database_now()
        if self._lost.is_set() or not held(self.job_id, self.token).update(
            progress_done=max(0, int(done)),
            progress_total=max(0, int(total)),
            progress_note=note[:200],
            heartbeat_at=now,
            lease_until=lease_end(now),
        ):
            raise LeaseLostError(self.job_id)
        job = Job.objects.get(pk=self.job_id)
        if self._listener:
            self._listener(job)
        if job.cancel_requested_at:
            raise CancelledError

    def still_mine(self) -> None:
        if self._lost.is_set() or not renew(self.job_id, self.token):
            raise LeaseLostError(self.job_id)
        if held(self.job_id, self.token).filter(cancel_requested_at__isnull=False).exists():
            raise CancelledError

    def run_step(self, step: Job) -> Job:
        self.still_mine()
        if self._run_step is None:
            raise TypeError("this lease was not made by run_job")
        return self._run_step(step, self._listener)

    def _worth_writing(self, done: int, total: int, note: str) -> bool:
        """Handlers report every row they touch; the database hears twice a second."""
        pause = NEW_NOTE_EVERY_SECONDS if note != self._last_note else PROGRESS_EVERY_SECONDS
        return (done >= total > 0) or time.monotonic() - self._last_write >= pause

    def _beat(self) -> None:
        """Renew until told to stop, until the job is another's, or until the time limit.

        The limit is for a handler that hangs: a thread that renews for ever would keep the
        job from everybody. A database that is busy or away is asked again at the next beat.
        """
        pause = max(0.2, settings.JOB_LEASE_SECONDS / 4)
        while not self._stop.wait(pause):
            try:
                if time.monotonic() > self._ends or not renew(self.job_id, self.token):
                    self._lost.set()
                    break
            except DatabaseError as error:
                log.warning("job %s: heartbeat failed (%s), trying again", self.job_id, error)
            finally:
                close_old_connections()
        connection.close()
