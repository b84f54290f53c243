"""A look a night at every experiment that runs: the curve, and the next batch of shares."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.utils import timezone

from decisions.jobs import Progress
from decisions.models import Experiment, ExperimentState
from decisions.services import bandits, looks
from recommendations.services import trial_snapshots
from recommendations.services.trial_attributed import TooManyExposuresError
from recommendations.services.trial_results import measure, rule_of
from recommendations.services.trial_snapshots import subject_of
from recommendations.services.trials import PLACE


def look_at_experiments(progress: Progress | None, as_of: datetime) -> dict:
    """Write how each stands at `as_of`, and draw new shares where they follow what earns.

    Run twice it writes the same. What is too large to be read person by person is counted.
    """
    started = Experiment.objects.filter(
        state=ExperimentState.RUNNING, place__startswith=PLACE, starts_at__lt=as_of
    ).order_by("pk")
    on = timezone.localtime(as_of - timedelta(microseconds=1)).date()
    found = {"experiments": 0, "too_large": 0, "batches": 0}
    for experiment in started:
        began = time.perf_counter()
        try:
            measured = measure(experiment, as_of)
        except TooManyExposuresError:
            found["too_large"] += 1
            continue
        if progress is not None:
            progress.still_mine()
        trial_snapshots.keep(experiment, measured, as_of, time.perf_counter() - began)
        known = {arm.name: arm.moments for arm in measured.arms if arm.moments is not None}
        looks.record_looks(
            subject_of(experiment), experiment.metric, on, known, rule_of(experiment)
        )
        found["experiments"] += 1
        if bandits.next_batch(experiment, known, at=as_of):
            found["batches"] += 1
    return found


def count_again(experiment_id: int, at: datetime | None = None) -> dict:
    """Count one experiment as it stands now; what is gone, or too large to be read, is said."""
    experiment = Experiment.objects.filter(pk=experiment_id).first()
    if experiment is None:
        return {"counted": False}
    at, began = at or timezone.now(), time.perf_counter()
    try:
        measured = measure(experiment, at)
    except TooManyExposuresError:
        return {"counted": False}
    seconds = time.perf_counter() - began
    trial_snapshots.keep(experiment, measured, at, seconds)
    return {"counted": True, "seconds": round(seconds, 1)}
