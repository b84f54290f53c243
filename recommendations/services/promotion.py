"""From a run that beat its baseline to one that serves: judged first by what was tried out.

The judging is one-sided. A night's model has learned from the very days it is judged by, which
flatters it: that it is better is therefore not believed, that it is clearly worse all the more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, override

from decisions.jobs import Progress
from decisions.models import Experiment, ExperimentState, ModelRun, RunState
from decisions.services.experiments import ExperimentError, save_experiment, start_experiment
from decisions.services.leases import current_lease
from decisions.services.model_runs import BEATS_BASELINE, live_run, make_live
from decisions.text import sentence
from recommendations.services import off_policy
from recommendations.services.trials import place_of
from recommendations.words import PLACEMENTS

LIVE, EXPERIMENT = "live", "experiment"  # of RECOMMENDER_PROMOTION
REFUSED, WAITS = "refused", "waits"
WORSE_P = 0.025  # one-sided, over all placements together
EXPERIMENT_PLACEMENT = "home"
EXPERIMENT_DAYS = 28

FIRST = gettext_noop("Nothing served before it, so there was nothing to compare it with.")
CANNOT_TELL = gettext_noop(
    "What was tried out in 28 days cannot tell whether it is better or worse than what is shown."
)
NOT_WORSE = gettext_noop(
    "By what was tried out in 28 days it is not clearly worse than what is shown."
)
WORSE = gettext_noop(
    "By what was tried out in 28 days it is clearly worse than what is shown (most on: %(placement)s). What serves stays. A person may still make it live."
)
TRIED = gettext_noop(
    "It is shown to half of the people on “home” in the experiment “%(experiment)s”; what serves stays until somebody decides."
)
WAITING = gettext_noop(
    "An experiment with it could not begin: another one runs there. What serves stays; a person may make it live."
)
LABEL = gettext_noop("Recommender %(number)s against %(before)s")


def promote(run: ModelRun, *, at: datetime, progress: Progress | None = None) -> ModelRun:
    """Decide once what becomes of a candidate, and write down why (`run.params["promotion"]`).

    Whoever dies here is run again and decides then: a run that has its decision is left alone.
    Raises ArtefactError, LeaseLostError.
    """
    if run.state != RunState.CANDIDATE or "promotion" in run.params:
        return run
    before = live_run(run.task)
    judged = off_policy.judge(run, at=at) if before else None
    with transaction.atomic():
        lease = progress or current_lease()
        if lease is not None:
            lease.still_mine()
        mine = ModelRun.objects.select_for_update().get(pk=run.pk)
        if mine.state == RunState.CANDIDATE and "promotion" not in mine.params:
            _decide(mine, before, judged)
    return ModelRun.objects.get(pk=run.pk)


def _decide(run: ModelRun, before: ModelRun | None, judged: dict[str, Any] | None) -> None:
    worse = clearly_worse(judged["placements"]) if judged else []
    if before is None or judged is None:
        decision, said = LIVE, sentence(FIRST)
    elif worse:
        name = PLACEMENTS.get(worse[0], worse[0])
        with override("en"):  # a message id, which is read in any language
            decision, said = REFUSED, sentence(WORSE, placement=sentence(str(name)))
    elif settings.RECOMMENDER_PROMOTION == EXPERIMENT:
        decision, said = _tried(run, before)
    elif any("refused" not in one for one in judged["placements"].values()):
        decision, said = LIVE, sentence(NOT_WORSE)
    else:
        decision, said = LIVE, sentence(CANNOT_TELL)
    run.params["promotion"] = {"decision": decision, "said": said, "judged": judged or {}}
    if decision == REFUSED:
        run.state, run.verdict = RunState.REFUSED, said
    run.save(update_fields=["params", "state", "verdict"])
    if decision == LIVE:
        make_live(run, reason=BEATS_BASELINE)


def clearly_worse(placements: dict[str, Any]) -> list[str]:
    """Placements in which it loses clicks, however many of them were looked at.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    judged = [(one["worse_p"], code) for code, one in placements.items() if "worse_p" in one]
    found = []
    for place, (worse_p, code) in enumerate(sorted(judged)):
        if worse_p > WORSE_P / (len(judged) - place):
            break
        found.append(code)
    return found


def _tried(run: ModelRun, before: ModelRun) -> tuple[str, dict[str, Any]]:
    """Half of the people see it, the others what served at this moment, whatever goes live."""
    begins = timezone.now()
    label = gettext(LABEL) % {"number": f"#{run.pk}", "before": f"#{before.pk}"}
    experiment = Experiment(
        key=f"recommender-run-{run.pk}",
        label=label,
        place=place_of(EXPERIMENT_PLACEMENT),
        arms=[
            {"name": "before", "share": 0.5, "settings": {"run": before.pk}},
            {"name": f"run-{run.pk}", "share": 0.5, "settings": {"run": run.pk}},
        ],
        ends_at=begins + timedelta(days=EXPERIMENT_DAYS),
    )
    try:
        with transaction.atomic():
            save_experiment(experiment)
            start_experiment(experiment)
    except ExperimentError:
        return WAITS, sentence(WAITING)
    assert experiment.state == ExperimentState.RUNNING
    return EXPERIMENT, sentence(TRIED, experiment=label)
