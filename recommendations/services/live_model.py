"""The model that serves in this process: mapped once, changed when another one is promoted."""

from __future__ import annotations

from decisions.models import LivePeriod, ModelRun, RunState
from recommendations.models import TASK
from recommendations.services import mapped_models
from recommendations.services.mapped_models import UNUSABLE, Named, Serving, shelf_of

__all__ = [
    "Named",
    "Serving",
    "live_run",
    "loaded_model",
    "named_runs",
    "refused_run",
    "serving_model",
    "serving_of",
    "serving_of_arm",
    "serving_of_request",
    "shelf_of",
]

_current: dict[Named, Serving] = {}


def live_run() -> Named | None:
    """The run that is live, its checksum, and no baseline."""
    period = LivePeriod.objects.filter(task=TASK, ended_at__isnull=True)
    live = period.values_list("run_id", "run__artefact_sha256").first()
    return (*live, "") if live else None


def refused_run() -> Named | None:
    """The newest run that was refused, whose baseline serves while none is live."""
    refused = ModelRun.objects.filter(task=TASK, state=RunState.REFUSED).exclude(artefact="")
    return refused.values_list("pk", "artefact_sha256", "baseline").first()


def named_runs(run_ids: set[int]) -> dict[int, Named]:
    """Runs that are to serve with their own weights, those that are gone left out; one query."""
    if not run_ids:
        return {}
    found = ModelRun.objects.filter(pk__in=run_ids).values_list("pk", "artefact_sha256")
    return {pk: (pk, sha256, "") for pk, sha256 in found}


def serving_model() -> Serving | None:
    """The live model; else the baseline of the newest run that was refused; else none."""
    return serving_of_request(live_run() or refused_run())


def loaded_model() -> Serving | None:
    """What this process served last, without a question to the database whether it still should."""
    return next(iter(_current.values()), None)


def serving_of_request(named: Named | None) -> Serving | None:
    """The model that a request found to be live: soon after a promotion.

    While a new file is mapped and checked, requests go on with the model before it; only where there
    is none before, the first requests of a process wait. A file that is missing or broken stops no
    request either: it is logged, and the model before it serves.
    """
    if named is None:
        return None
    found = _current.get(named)
    if found is not None:
        return found
    before = loaded_model()
    if before is None:
        found = _or_none(named)
    else:
        mapped_models.load_soon(named)
        found = mapped_models.known(named)
    if found is None:
        return before
    _current_is(named, found)
    return found


def serving_of_arm(named: Named | None) -> Serving | None:
    """The model of an experiment's arm; None where it cannot serve now. Never loads in a web process:
    `mapped_models.keep` has it loaded as soon as the experiment is known."""
    if named is None:
        return None
    mapped_models.load_soon(named)
    return mapped_models.known(named)


def serving_of(run_id: int, baseline: str) -> Serving:
    """Serve a run with its own weights, or with one baseline alone.

    Raises one of `mapped_models.UNUSABLE`, such as ArtefactError where the file is missing or was
    changed.
    """
    sha256 = ModelRun.objects.values_list("artefact_sha256", flat=True).get(pk=run_id)
    return mapped_models.mapped((run_id, sha256, baseline))


def _or_none(named: Named) -> Serving | None:
    if mapped_models.has_failed(named):
        return None
    try:
        return mapped_models.mapped(named)
    except UNUSABLE:
        mapped_models.note_failure(named)
        return None


def _current_is(named: Named, serving: Serving) -> None:
    global _current
    _current = {named: serving}  # one assignment: a reader sees the old one or the new one
