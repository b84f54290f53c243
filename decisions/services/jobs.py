"""Enqueue, claim, run, finish. Every change of a job is one conditional UPDATE."""

from __future__ import annotations

import logging
import threading
import traceback
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models import F
from django.utils import timezone

from decisions.jobs import CancelledError, LeaseLostError, handler_of
from decisions.models import Job, JobState
from decisions.models.jobs import FINISHED

log = logging.getLogger(__name__)
BACKOFF_SECONDS = (5, 30, 120, 600)
PROGRESS_EVERY_SECONDS = 0.5


def enqueue(
    kind: str,
    payload: dict | None = None,
    *,
    key: str | None = None,
    parent: Job | None = None,
    requested_by: Any = None,
) -> Job:
    """Write the row and, once it is committed, tell a worker. The same key gives the same job."""
    job, created = create_job(kind, payload, key=key, parent=parent, requested_by=requested_by)
    if created:
        transaction.on_commit(partial(send, job.pk, job.queue))
    return job


def create_job(
    kind: str,
    payload: dict | None = None,
    *,
    key: str | None = None,
    parent: Job | None = None,
    requested_by: Any = None,
) -> tuple[Job, bool]:
    """The row alone, for callers that run it themselves with `run_job`."""
    handler = handler_of(kind)
    fields = {
        "kind": kind,
        "payload": payload or {},
        "queue": handler.queue,
        "max_attempts": handler.max_attempts,
        "parent": parent,
        "requested_by": requested_by,
    }
    if key is None:
        return Job.objects.create(**fields), True
    try:
        with transaction.atomic():
            return Job.objects.get_or_create(key=key, defaults=fields)
    except IntegrityError:  # another process wrote the key between our read and our write
        return Job.objects.get(key=key), False


def send(job_id: int, queue: str) -> None:
    """A lost message costs only time: the reaper sends what is still queued."""
    current_app.send_task("decisions.run_job", args=[job_id], queue=queue)


def run_job(job_id: int, *, listener: Callable[[Job], None] | None = None) -> Job:
    """Claim the job and run its handler here, unless somebody else has it or it is finished.

    1. Claim by compare-and-set, with a fresh token and a lease.
    2. Run the handler; a thread renews the lease while it works.
    3. Write result or error, only while the token is still ours.
    """
    token = claim(job_id)
    job = Job.objects.get(pk=job_id)
    if token is None:
        return job
    lease = _Lease(job_id, token, listener)
    with lease:
        try:
            result = handler_of(job.kind).run(lease, **job.payload)
            finish(job_id, token, JobState.SUCCEEDED, result=result or {})
        except CancelledError:
            finish(job_id, token, JobState.CANCELLED)
        except LeaseLostError:
            log.warning("job %s: lease lost, another worker has it", job_id)
        except Exception as error:
            log.exception("job %s (%s) failed", job_id, job.kind)
            fail_or_retry(job, token, error)
    job.refresh_from_db()
    if listener:
        listener(job)
    return job


def claim(job_id: int) -> str | None:
    """Our token if this call won the job, None if it is finished, leased to another or not due."""
    token, now = uuid.uuid4().hex, timezone.now()
    won = (
        Job.objects.due(now)
        .filter(pk=job_id)
        .update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            lease_token=token,
            lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
            heartbeat_at=now,
            started_at=now,
            progress_done=0,
            progress_total=0,
            progress_note="",
            error="",
        )
    )
    return token if won else None


def renew(job_id: int, token: str) -> bool:
    """Push the lease out. False: the job is no longer ours."""
    now = timezone.now()
    lease = now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    mine = Job.objects.filter(pk=job_id, lease_token=token, state=JobState.RUNNING)
    return bool(mine.update(lease_until=lease, heartbeat_at=now))


def finish(job_id: int, token: str, state: str, *, result: dict | None = None) -> bool:
    now = timezone.now()
    mine = Job.objects.filter(pk=job_id, lease_token=token, state=JobState.RUNNING)
    return bool(mine.update(state=state, result=result or {}, finished_at=now, lease_until=None))


def fail_or_retry(job: Job, token: str, error: Exception) -> None:
    """Queue the job again after a pause, or give it up when its attempts are used."""
    text = "".join(traceback.format_exception(error))[-20_000:]
    attempt = Job.objects.values_list("attempt", flat=True).get(pk=job.pk)
    now = timezone.now()
    change: dict[str, Any] = {"error": text, "lease_until": None}
    if attempt >= job.max_attempts:
        change |= {"state": JobState.FAILED, "finished_at": now}
    else:
        wait = BACKOFF_SECONDS[min(attempt - 1, len(BACKOFF_SECONDS) - 1)]
        change |= {"state": JobState.QUEUED, "not_before": now + timedelta(seconds=wait)}
    Job.objects.filter(pk=job.pk, lease_token=token, state=JobState.RUNNING).update(**change)


def cancel(job: Job, *, by: Any = None) -> bool:
    """Stop a queued job at once and ask a running one to stop at its next progress report."""
    now = timezone.now()
    if Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, cancel_requested_at=now, finished_at=now
    ):
        return True
    return bool(
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested_at=now)
    )


def retry(job: Job) -> bool:
    """Queue a failed or cancelled job once more, with its attempts counted from zero."""
    changed = Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.CANCELLED]).update(
        state=JobState.QUEUED,
        attempt=0,
        not_before=timezone.now(),
        cancel_requested_at=None,
        finished_at=None,
    )
    if changed:
        transaction.on_commit(partial(send, job.pk, job.queue))
    return bool(changed)


def reap(limit: int = 500) -> int:
    """Send again what is queued and due or whose lease ran out; give up what died too often."""
    now = timezone.now()
    Job.objects.filter(
        state=JobState.RUNNING, lease_until__lt=now, attempt__gte=F("max_attempts")
    ).update(
        state=JobState.FAILED,
        finished_at=now,
        lease_until=None,
        error="The worker died in every attempt.",
    )
    due = list(Job.objects.due(now).order_by("pk").values_list("pk", "queue")[:limit])
    for job_id, queue in due:
        send(job_id, queue)
    return len(due)


class _Lease:
    """Progress for the handler and a heartbeat for everybody else."""

    def __init__(self, job_id: int, token: str, listener: Callable[[Job], None] | None):
        self.job_id, self.token, self.listener = job_id, token, listener
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._last_write = 0.0
        self._thread = threading.Thread(target=self._beat, name=f"lease-{job_id}", daemon=True)

    def __enter__(self) -> _Lease:
        if _can_beat():
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def __call__(self, done: int, total: int = 0, note: str = "") -> None:
        now = timezone.now()
        if now.timestamp() - self._last_write < PROGRESS_EVERY_SECONDS and done < total:
            return
        self._last_write = now.timestamp()
        mine = Job.objects.filter(pk=self.job_id, lease_token=self.token, state=JobState.RUNNING)
        if not mine.update(
            progress_done=done,
            progress_total=total,
            progress_note=note[:200],
            heartbeat_at=now,
            lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
        ):
            raise LeaseLostError(self.job_id)
        job = Job.objects.get(pk=self.job_id)
        if self.listener:
            self.listener(job)
        if job.cancel_requested_at:
            raise CancelledError(self.job_id)

    def still_mine(self) -> None:
        if self._lost.is_set() or not renew(self.job_id, self.token):
            raise LeaseLostError(self.job_id)

    def _beat(self) -> None:
        pause = max(1.0, settings.JOB_LEASE_SECONDS / 4)
        while not self._stop.wait(pause):
            try:
                if not renew(self.job_id, self.token):
                    self._lost.set()
                    return
            finally:
                close_old_connections()
        connection.close()


def _can_beat() -> bool:
    """A second connection sees the row only outside a surrounding transaction (as in tests)."""
    return not connection.in_atomic_block


__all__ = ["FINISHED", "cancel", "claim", "create_job", "enqueue", "reap", "retry", "run_job"]
