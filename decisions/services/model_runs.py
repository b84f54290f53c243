"""The life of a model: recorded once, live only if it beats its baseline, rolled back in one step."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from access.figures import figure
from decisions.jobs import Progress
from decisions.models import LivePeriod, ModelRun, RunState
from decisions.services.artefacts import ArtefactError, artefact_path
from decisions.services.leases import current_lease
from decisions.text import sentence
from decisions.version import code_version

BEATS = gettext_noop(
    "%(model)s beats %(baseline)s: %(metric)s %(value)s against %(baseline_value)s."
)
LOSES = gettext_noop(
    "%(model)s does not beat %(baseline)s: %(metric)s %(value)s against %(baseline_value)s."
)
BEATS_BASELINE = gettext_noop("beats its baseline")
UNDEFINED = gettext_noop("%(metric)s could not be measured on this history, so nothing changes.")


class NotFitError(Exception):
    """A run that lost against its baseline must not serve."""


class LiveChangedError(Exception):
    """Two people, or a person and a training, changed what is live at the same moment."""


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
    """SHA-256 over bytes, arrays (type, shape and buffer) and JSON-able values, in order.

    Raises TypeError for an array of objects: its buffer holds addresses, not values.
    """
    digest = hashlib.sha256()
    for part in parts:
        if hasattr(part, "tobytes"):
            if part.dtype.hasobject:
                raise TypeError("an array of objects has no stable bytes")
            digest.update(f"{part.dtype.str}{part.shape}".encode() + part.tobytes())
        elif isinstance(part, bytes):
            digest.update(part)
        else:
            digest.update(json.dumps(part, sort_keys=True, default=str).encode())
        digest.update(b"\x00")
    return digest.hexdigest()


def existing_run(task: str, digest: str) -> ModelRun | None:
    """The run that already learned from exactly this data: training again would change nothing.

    None when its file is missing or damaged: then training again brings it back.
    """
    run = ModelRun.objects.filter(task=task, data_hash=digest).first()
    return run if run and (not run.artefact or _file_is_there(run)) else None


def live_run(task: str, at: datetime | None = None) -> ModelRun | None:
    """What serves a task now, or served it at a time."""
    periods = LivePeriod.objects.filter(task=task).select_related("run")
    if at is None:
        period = periods.filter(ended_at__isnull=True).first()
    else:
        period = periods.filter(began_at__lte=at).exclude(ended_at__lte=at).first()
    return period.run if period else None


def publish_run(
    trained: Trained, progress: Progress | None = None, *, goes_live: bool = True
) -> ModelRun:
    """Record the run and make it live if it beats its baseline, in one transaction.

    goes_live: False leaves it a candidate, for a caller that asks more of it before it serves.
    Called twice with the same data (a second attempt, a redelivered message) it returns the
    first run unchanged. Within a job (or with `progress`), an attempt that has lost the job
    writes nothing: raises LeaseLostError.
    """
    progress = progress or current_lease()
    run = _unsaved_run(trained)
    if run.job_id is None and progress is not None:
        run.job_id = progress.job_id
    run.state = RunState.CANDIDATE if run.beats_baseline else RunState.REFUSED
    run.verdict = _verdict(run)
    try:
        with transaction.atomic():
            if progress is not None:
                progress.still_mine()
            known = ModelRun.objects.filter(task=run.task, data_hash=run.data_hash).first()
            if known:
                return _with_file(known, run)
            run.save()
            if run.beats_baseline and goes_live:
                make_live(run, reason=BEATS_BASELINE)
    except IntegrityError:  # a rival published the same data between our read and our write
        winner = ModelRun.objects.filter(task=run.task, data_hash=run.data_hash).first()
        if winner is None:
            raise
        return winner
    return run


def make_live(run: ModelRun, *, reason: str, by: Any = None) -> LivePeriod:
    """End the present live period and open one for `run`. Rollback is the same call.

    Raises NotFitError for a run that lost against its baseline, ArtefactError for one whose
    file is gone, LiveChangedError when somebody else changed what is live at the same moment.
    """
    if not run.beats_baseline:
        raise NotFitError(
            _("%(run)s did not beat its baseline, so it must not serve.") % {"run": run}
        )
    if run.artefact:
        run.refresh_from_db(fields=["file_deleted_at"])
        artefact_path(run)
    with transaction.atomic():
        now = timezone.now()
        present = LivePeriod.objects.filter(task=run.task, ended_at__isnull=True).first()
        if present:
            if present.run_id == run.pk:
                return present
            open_still = LivePeriod.objects.filter(pk=present.pk, ended_at__isnull=True)
            if not open_still.update(ended_at=now):
                raise LiveChangedError(_("What serves has just changed; look again."))
            ModelRun.objects.filter(pk=present.run_id).update(state=RunState.RETIRED)
        # The night may have let its file go since we looked.
        there = ModelRun.objects.filter(pk=run.pk, file_deleted_at__isnull=True)
        if not there.update(state=RunState.LIVE):
            run.refresh_from_db(fields=["file_deleted_at"])
            artefact_path(run)
        run.state = RunState.LIVE
        return _open_period(run, now, reason, by)


def _open_period(run: ModelRun, now: datetime, reason: str, by: Any) -> LivePeriod:
    try:
        with transaction.atomic():
            return LivePeriod.objects.create(
                task=run.task, run=run, began_at=now, reason=reason[:200], changed_by=by
            )
    except IntegrityError as error:  # one_live_run_per_task
        raise LiveChangedError(_("What serves has just changed; look again.")) from error


def _with_file(known: ModelRun, again: ModelRun) -> ModelRun:
    """The first run; if its file was lost (a database restored without its files), with a new one."""
    if not known.artefact or _file_is_there(known):
        return known
    names = ["artefact", "artefact_sha256", "artefact_bytes", "file_deleted_at"]
    for name in names:
        setattr(known, name, getattr(again, name))
    known.save(update_fields=names)
    return known


def _file_is_there(run: ModelRun) -> bool:
    try:
        artefact_path(run)
    except ArtefactError:
        return False
    return True


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
        metrics=_defined(trained.metrics),
        metric=trained.metric,
        higher_is_better=trained.higher_is_better,
        value=_defined(trained.value),
        baseline=trained.baseline,
        baseline_value=_defined(trained.baseline_value),
        artefact=artefact,
        artefact_sha256=sha256,
        artefact_bytes=size,
        device=trained.device,
        duration_seconds=trained.duration_seconds,
    )


def _defined(figure: Any) -> Any:
    """NaN and infinity are no JSON and no figure: undefined is null, never 0."""
    if isinstance(figure, dict):
        return {name: _defined(value) for name, value in figure.items()}
    if isinstance(figure, list):
        return [_defined(value) for value in figure]
    return None if isinstance(figure, float) and not math.isfinite(figure) else figure


def _verdict(run: ModelRun) -> dict:
    if run.value is None or run.baseline_value is None:
        return sentence(UNDEFINED, metric=run.metric)
    return sentence(
        BEATS if run.beats_baseline else LOSES,
        model=run.model,
        baseline=run.baseline,
        metric=run.metric,
        value=figure(run.value, 4),
        baseline_value=figure(run.baseline_value, 4),
    )
