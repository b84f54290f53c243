"""What nobody will ask for again: expired decisions, old automatic receipts, old files of models."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from decisions.jobs import Progress
from decisions.kinds import find_kind
from decisions.models import (
    Decision,
    DecisionState,
    Experiment,
    ExperimentState,
    Job,
    LivePeriod,
    ModelRun,
    RunState,
)
from decisions.models.jobs import FINISHED
from decisions.services.receipts import log_change

CHUNK = 500
# A training writes its file minutes before its row; a day is far on the safe side.
ORPHAN_SECONDS = 24 * 3600


def tidy(progress: Progress) -> dict:
    """Everything below, in chunks, each safe to repeat."""
    found = {}
    steps = (expire_decisions, prune_receipts, prune_jobs, retire_files, sweep_artefacts)
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


def retire_files() -> int:
    """Mark runs whose files may go; their rows stay. `sweep_artefacts` then deletes the files.

    Kept: of every task the newest MODEL_FILES_KEPT runs, and the newest in each state; what serves, or
    has served within MODEL_FILE_DAYS; what an experiment that is not over shows.
    """
    with_file = ModelRun.objects.filter(file_deleted_at__isnull=True).exclude(artefact="")
    kept = _shown_by_experiments()
    for task in list(with_file.order_by().values_list("task", flat=True).distinct()):
        mine = with_file.filter(task=task).order_by("-pk")
        kept |= set(mine.values_list("pk", flat=True)[: max(1, settings.MODEL_FILES_KEPT)])
        newest = mine.order_by().values("state").annotate(newest=Max("pk"))
        kept |= set(newest.values_list("newest", flat=True))
    since = timezone.now() - timedelta(days=settings.MODEL_FILE_DAYS)
    served = LivePeriod.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=since))
    old = with_file.exclude(state=RunState.LIVE).exclude(pk__in=served.values("run"))
    young = Q(created_at__gte=timezone.now() - timedelta(seconds=ORPHAN_SECONDS))
    return old.exclude(pk__in=kept).exclude(young).update(file_deleted_at=timezone.now())


def _shown_by_experiments() -> set[int]:
    """Runs that an arm names of an experiment that runs or is being set up."""
    going = Experiment.objects.exclude(state=ExperimentState.STOPPED)
    arms = [arm for found in going.values_list("arms", flat=True) for arm in found]
    return {arm["settings"]["run"] for arm in arms if "run" in arm.get("settings", {})}


def sweep_artefacts() -> int:
    """Delete model files that no run names any more, and what killed trainings left half-written."""
    there = ModelRun.objects.filter(file_deleted_at__isnull=True).exclude(artefact="")
    named = set(there.values_list("artefact", flat=True))
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
