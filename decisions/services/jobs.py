"""Enqueue, claim, run, finish. Every change of a job is one conditional UPDATE."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from kombu.exceptions import OperationalError as BrokerError

from decisions.jobs import CancelledError, GiveUpError, LeaseLostError, handler_of
from decisions.models import Job, JobState
from decisions.services.leases import Lease, adopt_step, claim, database_now, held

log = logging.getLogger(__name__)
BACKOFF_SECONDS = (5, 30, 120, 600)
FIRST_RESEND, LAST_RESEND = timedelta(seconds=30), timedelta(minutes=15)


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
    now = database_now()
    fields = {
        "kind": kind,
        "payload": payload or {},
        "queue": handler.queue,
        "max_attempts": handler.max_attempts,
        "parent": parent,
        "requested_by": requested_by,
        "not_before": now,
        "send_after": now + FIRST_RESEND,
    }
    if key is None:
        return Job.objects.create(**fields), True
    try:
        with transaction.atomic():
            return Job.objects.get_or_create(key=key, defaults=fields)
    except IntegrityError:  # another process wrote the key between our read and our write
        return Job.objects.get(key=key), False


def send(job_id: int, queue: str) -> bool:
    """Tell a worker. A message that is lost, or a broker that is away, costs only time."""
    try:
        current_app.send_task("decisions.run_job", args=[job_id], queue=queue)
    except (BrokerError, OSError) as error:
        log.warning("job %s: the broker took no message (%s)", job_id, error)
        return False
    return True


def run_job(job_id: int, *, listener: Callable[[Job], None] | None = None) -> Job:
    """Claim the job and run its handler here, unless somebody else has it or it is finished.

    1. Claim by compare-and-set, with a fresh token and a lease.
    2. Run the handler; a thread renews the lease while it works.
    3. Write result or error, only while the token is still ours.
    """
    token = claim(job_id)
    job = Job.objects.get(pk=job_id)
    return job if token is None else _run_claimed(job, token, listener)


def _run_step(step: Job, listener: Callable[[Job], None] | None) -> Job:
    token = adopt_step(step.pk)
    step = Job.objects.get(pk=step.pk)
    return step if token is None else _run_claimed(step, token, listener)


def _run_claimed(job: Job, token: str, listener: Callable[[Job], None] | None) -> Job:
    with Lease(job.pk, token, listener=listener, run_step=_run_step) as lease:
        try:
            result = handler_of(job.kind).run(lease, **job.payload)
            finish(job.pk, token, JobState.SUCCEEDED, result=result or {})
        except CancelledError as reason:
            finish(job.pk, token, JobState.CANCELLED, error=str(reason))
        except LeaseLostError:
            log.warning("job %s: lease lost, another worker has it", job.pk)
        except GiveUpError as error:
            finish(job.pk, token, JobState.FAILED, result=error.result, error=str(error))
        except (KeyboardInterrupt, SystemExit):
            release(job.pk, token)
            raise
        except Exception as error:
            log.exception("job %s (%s) failed", job.pk, job.kind)
            fail_or_retry(job, token, error)
    job.refresh_from_db()
    if listener:
        listener(job)
    return job


def finish(
    job_id: int, token: str, state: str, *, result: dict | None = None, error: str = ""
) -> bool:
    change: dict[str, Any] = {"finished_at": database_now(), "lease_until": None, "error": error}
    return bool(held(job_id, token).update(state=state, result=result or {}, **change))


def release(job_id: int, token: str) -> bool:
    """Hand the job back untried: the process was told to stop while it worked."""
    now = database_now()
    return bool(
        held(job_id, token).update(
            state=JobState.QUEUED,
            attempt=F("attempt") - 1,
            lease_until=None,
            not_before=now,
            send_after=now,
        )
    )


def fail_or_retry(job: Job, token: str, error: Exception) -> None:
    """Queue the job again after a pause, or give it up when its attempts are used."""
    text = "".join(traceback.format_exception(error))[-20_000:]
    now = database_now()
    fresh = Job.objects.only("attempt", "cancel_requested_at").get(pk=job.pk)
    change: dict[str, Any] = {"error": text, "lease_until": None}
    if fresh.cancel_requested_at:
        change |= {"state": JobState.CANCELLED, "finished_at": now}
    elif fresh.attempt >= job.max_attempts:
        change |= {"state": JobState.FAILED, "finished_at": now}
    else:
        wait = BACKOFF_SECONDS[min(fresh.attempt - 1, len(BACKOFF_SECONDS) - 1)]
        due = now + timedelta(seconds=wait)
        change |= {"state": JobState.QUEUED, "not_before": due, "send_after": due}
    held(job.pk, token).update(**change)


def cancel(job: Job, *, by: Any = None) -> bool:
    """Stop a queued job at once; ask a running one, and its steps, to stop at their next report."""
    now = database_now()
    if Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, cancel_requested_at=now, finished_at=now
    ):
        return True
    family = Job.objects.filter(Q(pk=job.pk) | Q(parent=job), state=JobState.RUNNING)
    return bool(family.update(cancel_requested_at=now))


def retry(job: Job) -> bool:
    """Queue a failed or cancelled job once more, with its attempts counted from zero."""
    now = database_now()
    stopped = Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.CANCELLED])
    changed = stopped.filter(parent=None).update(
        state=JobState.QUEUED,
        attempt=0,
        not_before=now,
        send_after=now + FIRST_RESEND,
        cancel_requested_at=None,
        finished_at=None,
    )
    if changed:
        transaction.on_commit(partial(send, job.pk, job.queue))
    return bool(changed)


def reap(limit: int = 500) -> int:
    """Close what died too often or was cancelled while its worker was dead; send what is due.

    A step is left to its parent: only the worker that holds the parent runs its steps.
    """
    now = database_now()
    dead = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=now, parent=None)
    closed = {"finished_at": now, "lease_until": None}
    dead.filter(cancel_requested_at__isnull=False).update(state=JobState.CANCELLED, **closed)
    dead.filter(attempt__gte=F("max_attempts")).update(
        state=JobState.FAILED, error="The worker died in every attempt.", **closed
    )
    due = Job.objects.due(now).filter(parent=None, send_after__lte=now).order_by("pk")[:limit]
    sent = 0
    for job in due.only("queue", "not_before"):
        if not send(job.pk, job.queue):
            break
        Job.objects.filter(pk=job.pk).update(send_after=_next_send(job, now))
        sent += 1
    return sent


def _next_send(job: Job, now: datetime) -> datetime:
    """Ever rarer: hundreds of jobs behind one long training must not fill the broker with hints."""
    return now + min(max(FIRST_RESEND, now - job.not_before), LAST_RESEND)
