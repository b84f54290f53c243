"""The life of a model: recorded once, live only if it beats its baseline, rolled back in one step."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.models import LivePeriod, ModelRun, RunState
from decisions.text import sentence
from decisions.version import code_version

BEATS = gettext_noop(
    "%(model)s beats %(baseline)s: %(metric)s %(value)s against %(baseline_value)s."
)
LOSES = gettext_noop(
    "%(model)s does not beat %(baseline)s: %(metric)s %(value)s against %(baseline_value)s."
)
UNDEFINED = gettext_noop("%(metric)s could not be measured on this history, so nothing changes.")


@dataclass(frozen=True)
class Trained:
    """What a training hands over; `publish_run` decides whether it goes live."""

    task: str
    model: str
    params: dict
    seed: int
    data_until: datetime
    row_count: int
    data_hash: str
    metrics: dict
    metric: str
    higher_is_better: bool
    value: float | None
    baseline: str
    baseline_value: float | None
    artefact: tuple[str, str, int] = ("", "", 0)
    data_from: datetime | None = None
    device: str = "cpu"
    duration_seconds: float = 0.0
    job_id: int | None = None
    extra: dict = field(default_factory=dict)


def data_hash(*parts: Any) -> str:
    """SHA-256 over bytes, arrays' buffers and JSON-able values, in the order given."""
    digest = hashlib.sha256()
    for part in parts:
        if hasattr(part, "tobytes"):
            digest.update(part.tobytes())
        elif isinstance(part, bytes):
            digest.update(part)
        else:
            digest.update(json.dumps(part, sort_keys=True, default=str).encode())
        digest.update(b"\x00")
    return digest.hexdigest()


def existing_run(task: str, digest: str) -> ModelRun | None:
    """The run that already learned from exactly this data: training again would change nothing."""
    return ModelRun.objects.filter(task=task, data_hash=digest).first()


def live_run(task: str, at: datetime | None = None) -> ModelRun | None:
    """What serves a task now, or served it at a time."""
    periods = LivePeriod.objects.filter(task=task).select_related("run")
    if at is None:
        period = periods.filter(ended_at__isnull=True).first()
    else:
        period = periods.filter(began_at__lte=at).exclude(ended_at__lte=at).first()
    return period.run if period else None


def publish_run(trained: Trained) -> ModelRun:
    """Record the run and make it live if it beats its baseline, in one transaction.

    Called twice with the same data (a second attempt, a redelivered message) it returns the
    first run unchanged.
    """
    known = existing_run(trained.task, trained.data_hash)
    if known:
        return known
    run = _unsaved_run(trained)
    wins = run.beats_baseline
    run.state = RunState.CANDIDATE if wins else RunState.REFUSED
    run.verdict = _verdict(run)
    try:
        with transaction.atomic():
            run.save()
            if wins:
                make_live(run, reason="beats its baseline")
    except IntegrityError:  # a rival attempt published the same data first
        winner = existing_run(trained.task, trained.data_hash)
        if winner is None:
            raise
        return winner
    return run


def make_live(run: ModelRun, *, reason: str, by: Any = None) -> LivePeriod:
    """End the present live period and open one for `run`. Rollback is the same call."""
    with transaction.atomic():
        now = timezone.now()
        open_periods = LivePeriod.objects.filter(task=run.task, ended_at__isnull=True)
        retired = list(open_periods.values_list("run_id", flat=True))
        if retired == [run.pk]:
            return open_periods.get()
        open_periods.update(ended_at=now)
        ModelRun.objects.filter(pk__in=retired).update(state=RunState.RETIRED)
        ModelRun.objects.filter(pk=run.pk).update(state=RunState.LIVE)
        run.state = RunState.LIVE
        return LivePeriod.objects.create(
            task=run.task, run=run, began_at=now, reason=reason, changed_by=by
        )


def _unsaved_run(trained: Trained) -> ModelRun:
    artefact, sha256, size = trained.artefact
    return ModelRun(
        task=trained.task,
        model=trained.model,
        job_id=trained.job_id,
        params=trained.params | trained.extra,
        seed=trained.seed,
        data_from=trained.data_from,
        data_until=trained.data_until,
        row_count=trained.row_count,
        data_hash=trained.data_hash,
        code_version=code_version(),
        metrics=trained.metrics,
        metric=trained.metric,
        higher_is_better=trained.higher_is_better,
        value=trained.value,
        baseline=trained.baseline,
        baseline_value=trained.baseline_value,
        artefact=artefact,
        artefact_sha256=sha256,
        artefact_bytes=size,
        device=trained.device,
        duration_seconds=trained.duration_seconds,
    )


def _verdict(run: ModelRun) -> dict:
    if run.value is None or run.baseline_value is None:
        return sentence(UNDEFINED, metric=run.metric)
    return sentence(
        BEATS if run.beats_baseline else LOSES,
        model=run.model,
        baseline=run.baseline,
        metric=run.metric,
        value=f"{run.value:.4f}",
        baseline_value=f"{run.baseline_value:.4f}",
    )
