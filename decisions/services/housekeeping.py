"""What nobody will ask for again: expired decisions, old automatic receipts, files no run names."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from decisions.jobs import Progress
from decisions.kinds import find_kind
from decisions.models import Decision, DecisionState, Job, ModelRun
from decisions.models.jobs import FINISHED
from decisions.services.receipts import log_change

CHUNK = 500
# A training writes its file minutes before its row; a day is far on the safe side.
ORPHAN_SECONDS = 24 * 3600


def tidy(progress: Progress) -> dict:
    """Everything below, in chunks, each safe to repeat."""
    found = {}
    steps = (expire_decisions, prune_receipts, prune_jobs, sweep_artefacts)
    for number, step in enumerate(steps):
        progress(number, len(steps))
        found[step.__name__] = step()
    return found


def expire_decisions(limit: int = 5_000) -> int:
    """Close what waited past its deadline, and put back what waited for it."""
    now = timezone.now()
    late = Decision.objects.filter(state=DecisionState.PENDING, deadline_at__lt=now)
    expired = 0
    for decision in late.order_by("deadline_at")[:limit].iterator(CHUNK):
        expired += _expire(decision)
    return expired


def _expire(decision: Decision) -> bool:
    with transaction.atomic():
        mine = Decision.objects.filter(pk=decision.pk, state=DecisionState.PENDING)
        if not mine.update(state=DecisionState.EXPIRED, decided_at=timezone.now()):
            return False  # a person was quicker
        decision.state = DecisionState.EXPIRED
        log_change(decision, "expired", None, before={"state": "pending"})
        kind = find_kind(decision.kind)
        if kind and kind.refuse:
            kind.refuse(decision, None)
    return True


def prune_receipts(limit: int = 100_000) -> int:
    """Delete automatic receipts past RECEIPT_DAYS. What a person decided is kept for ever."""
    oldest = timezone.now() - timedelta(days=settings.RECEIPT_DAYS)
    old = Decision.objects.filter(state=DecisionState.AUTOMATIC, created_at__lt=oldest)
    return _delete_in_chunks(old, limit)


def prune_jobs(limit: int = 100_000) -> int:
    """Delete finished jobs past JOB_DAYS, except those that a model run names."""
    oldest = timezone.now() - timedelta(days=settings.JOB_DAYS)
    old = Job.objects.filter(state__in=FINISHED, finished_at__lt=oldest, model_runs=None)
    return _delete_in_chunks(old.exclude(steps__model_runs__isnull=False), limit)


def sweep_artefacts() -> int:
    """Delete model files that no run names, and what killed trainings left half-written."""
    named = set(ModelRun.objects.exclude(artefact="").values_list("artefact", flat=True))
    folder = Path(settings.ARTEFACT_DIR)
    before = time.time() - ORPHAN_SECONDS
    swept = 0
    for path in folder.glob("*/*") if folder.is_dir() else ():
        known = path.relative_to(folder).as_posix() in named
        if path.is_file() and not known and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _delete_in_chunks(rows, limit: int) -> int:
    """Short transactions: on SQLite a long one keeps the shop from selling."""
    deleted = 0
    while deleted < limit:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not keys:
            break
        rows.model.objects.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted
