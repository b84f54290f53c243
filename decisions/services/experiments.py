"""The one assignment service and the one statistics module; other apps import them from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from access.figures import significant
from decisions.ml.assignment import (
    arm,
    free_slice,
    in_share,
    in_slice,
    position,
    weighted_arm,
)
from decisions.ml.bandit import thompson_shares
from decisions.ml.bayes import chance_above
from decisions.ml.comparison import (
    CANNOT_TELL,
    LOSE,
    MIN_UNITS,
    WIN,
    Comparison,
    TooFewUnitsError,
    compare_means,
    compare_moments,
    compare_proportions,
    sample_ratio_p,
    wilson,
)
from decisions.ml.effects import (
    WINSOR_QUANTILE,
    Effect,
    adjusted_effect,
    mean_effect,
    pooled_effect,
    ratio_effect,
    units_behind,
    winsorised,
)
from decisions.ml.moments import Moments
from decisions.ml.power import (
    detectable_with,
    holdout_rate_for,
    units_needed,
    units_needed_always_valid,
)
from decisions.ml.sequential import (
    Interval,
    always_valid,
    ratio_p_always_valid,
)
from decisions.ml.verdicts import (
    Reading,
    corrected_level,
    guardrail,
    kept_verdict,
    read,
    verdict_of,
)
from decisions.models import Experiment, ExperimentState

MOST_ARMS = 4

__all__ = [
    "CANNOT_TELL",
    "LOSE",
    "MIN_UNITS",
    "WIN",
    "WINSOR_QUANTILE",
    "Arm",
    "Comparison",
    "Effect",
    "ExperimentError",
    "Interval",
    "Moments",
    "Reading",
    "TooFewUnitsError",
    "adjusted_effect",
    "always_valid",
    "arm",
    "arm_of",
    "chance_above",
    "compare_means",
    "compare_moments",
    "compare_proportions",
    "corrected_level",
    "detectable_with",
    "free_key",
    "guardrail",
    "holdout_rate_for",
    "in_global_holdout",
    "in_share",
    "in_slice",
    "kept_verdict",
    "mean_effect",
    "pooled_effect",
    "position",
    "ratio_effect",
    "ratio_p_always_valid",
    "read",
    "sample_ratio_p",
    "save_experiment",
    "start_experiment",
    "stop_experiment",
    "takes_part",
    "thompson_shares",
    "units_behind",
    "units_needed",
    "units_needed_always_valid",
    "verdict_of",
    "wilson",
    "winsorised",
]


class ExperimentError(Exception):
    """The experiment cannot be that, or cannot take this step."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class Arm:
    """share: the probability with which this unit got it. batch: of the shares; 0 for fixed ones."""

    name: str
    settings: dict
    share: float = 0.0
    batch: int = 0


def in_global_holdout(unit: str) -> bool:
    """Whether this unit is kept out of every experiment and campaign, so that all of them together
    can be measured. unit: `customer:7` or `visitor:…`. A new EXPERIMENT_HOLDOUT_KEY draws anew."""
    rate = settings.EXPERIMENT_HOLDOUT_RATE
    return rate > 0 and in_share(f"holdout:{settings.EXPERIMENT_HOLDOUT_KEY}", unit, rate)


def takes_part(experiment: Experiment, unit: str) -> bool:
    """Not held out from everything, and in this experiment's part of its layer."""
    if in_global_holdout(unit):
        return False
    if not experiment.layer:
        rate = experiment.traffic_rate
        return rate >= 1 or in_share(f"traffic:{experiment.key}", unit, rate)
    return in_slice(experiment.layer, unit, experiment.layer_from, experiment.traffic_rate)


def arm_of(experiment: Experiment, unit: str) -> Arm:
    """The arm of this unit: always the same one while the shares stay. Ask `takes_part` before."""
    shares = getattr(experiment, "shares_now", None) or {
        given["name"]: given["share"] for given in experiment.arms
    }
    name = weighted_arm(f"experiment:{experiment.key}", unit, shares)
    given = next(given for given in experiment.arms if given["name"] == name)
    batch = getattr(experiment, "batch_now", None) or 0
    return Arm(name, given["settings"], shares[name], batch)


def save_experiment(experiment: Experiment) -> Experiment:
    """Write a draft. Raises ExperimentError for arms that cannot be, or once it has begun."""
    _check_arms(experiment.arms)
    if not 0 < experiment.traffic_rate <= 1:
        raise ExperimentError(_("The share that takes part lies above 0 and at most at 100 %."))
    if experiment.ends_at and experiment.ends_at <= (experiment.starts_at or timezone.now()):
        raise ExperimentError(_("It would be over before it begins: choose a later end."))
    with transaction.atomic():
        known = Experiment.objects.select_for_update().filter(pk=experiment.pk).first()
        if known and known.state != ExperimentState.DRAFT:
            raise ExperimentError(
                _("It has begun: arms that change spoil what was measured. Make a new experiment.")
            )
        experiment.save()
    return experiment


def start_experiment(experiment: Experiment, *, at: datetime | None = None) -> Experiment:
    """Let it run from its start, or from now. What is over in its place is stopped first.

    Raises ExperimentError when another one runs there, or when it has run already.
    """
    now = at or timezone.now()
    _check_arms(experiment.arms)
    begins = max(experiment.starts_at or now, now)
    if experiment.ends_at and experiment.ends_at <= begins:
        raise ExperimentError(_("Its end has passed: choose a later one."))
    there = Experiment.objects.filter(place=experiment.place, state=ExperimentState.RUNNING)
    try:
        with transaction.atomic():
            there.filter(ends_at__lte=now).update(state=ExperimentState.STOPPED, stopped_at=now)
            part = _part_of_layer(experiment, now)
            mine = Experiment.objects.filter(pk=experiment.pk, state=ExperimentState.DRAFT)
            if not mine.update(state=ExperimentState.RUNNING, starts_at=begins, layer_from=part):
                raise ExperimentError(_("It has run already. Make a new experiment."))
    except IntegrityError as error:  # one_running_experiment_per_place
        raise ExperimentError(
            _("Another experiment runs here. Stop that one first, or wait for its end.")
        ) from error
    experiment.refresh_from_db()
    return experiment


def stop_experiment(experiment: Experiment, *, at: datetime | None = None) -> bool:
    """Everybody gets what stands in the settings again. False when it did not run."""
    running = Experiment.objects.filter(pk=experiment.pk, state=ExperimentState.RUNNING)
    return bool(running.update(state=ExperimentState.STOPPED, stopped_at=at or timezone.now()))


def _part_of_layer(experiment: Experiment, now: datetime) -> float:
    """Where its part of the layer begins. Call within a transaction: two starts in one layer lock
    the same rows, in the same order. Raises ExperimentError when the layer is full."""
    if not experiment.layer:
        return 0.0
    layer = Experiment.objects.select_for_update().filter(layer=experiment.layer).order_by("pk")
    taken = [
        (other.layer_from, other.traffic_rate)
        for other in layer
        if other.state == ExperimentState.RUNNING and not (other.ends_at and other.ends_at <= now)
    ]
    part = free_slice(taken, experiment.traffic_rate)
    if part is None:
        raise ExperimentError(
            _(
                "The layer “%(layer)s” has no room for %(rate)s %% more customers. Stop one of its experiments, or take a smaller share."
            )
            % {"layer": experiment.layer, "rate": significant(100 * experiment.traffic_rate)}
        )
    return part


def free_key(slug: str) -> str:
    """A key that no experiment has yet, made from a label's slug."""
    base = slug[:50] or "experiment"
    taken = set(Experiment.objects.filter(key__startswith=base).values_list("key", flat=True))
    numbered = (f"{base}-{number}" for number in range(2, 10_000))
    return base if base not in taken else next(key for key in numbered if key not in taken)


def _check_arms(arms: Any) -> None:
    names = [given["name"] for given in arms]
    if not 2 <= len(names) <= MOST_ARMS or len({*names}) < len(names) or not all(names):
        raise ExperimentError(_("An experiment has two to four arms, each with its own name."))
    if any(given["share"] <= 0 for given in arms):
        raise ExperimentError(_("Every arm needs a share above zero."))
    if abs(sum(given["share"] for given in arms) - 1) > 1e-6:
        raise ExperimentError(_("The shares of the arms must add up to 100 %."))
