"""What came of a placement's experiment: arms side by side and a verdict in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from access.figures import significant, with_sign
from decisions.models import Allocation, Experiment, ExperimentMetric, ExperimentState, ShareBatch
from decisions.services import experiments as statistics
from decisions.services import looks
from inventory.profit_frames import arm_sums, limit_of
from recommendations import trial_frames
from recommendations.services import trial_snapshots, trial_stock
from recommendations.services.trial_attributed import attributed
from recommendations.services.trial_interference import Interference, interferences
from recommendations.services.trial_snapshots import ArmResult, Measured, Strata, subject_of
from recommendations.trial_words import MONEY, written_of

if TYPE_CHECKING:
    import numpy as np  # not at start-up

LEVEL = 0.95
# Below this the draw itself is broken, and no figure of the arms means anything.
BROKEN_RATIO = 0.001


@dataclass(frozen=True)
class Against:
    """One arm against the first. text: the verdict. reading: None where there is too little.
    guardrail: whether more people unsubscribed than are borne: harmed, unharmed, cannot tell."""

    arm: str
    text: str
    verdict: str
    reading: statistics.Reading | None
    interval: statistics.Interval | None = None
    guardrail: str = statistics.CANNOT_TELL
    has_moved: bool = False


@dataclass(frozen=True)
class Results:
    """crossed: people who were shown more than one arm and are left out. ratio_p: how likely the
    arms' sizes are by chance; None without people, or where shares change. warning: why not to
    trust what follows. is_early: it still runs. is_final: its planned end has passed, so one look
    is enough and the intervals are the classic ones. unknown_cost_units: then profit is revenue.
    stock: what ran out meanwhile and what of it counts; interferences: what that did to the arms.
    winsor_limit, winsorised: as measured."""

    arms: list[ArmResult]
    crossed: int
    ratio_p: float | None
    against: list[Against]
    warning: str = ""
    is_early: bool = False
    is_final: bool = False
    unknown_cost_units: int = 0
    batches: list[ShareBatch] = field(default_factory=list)
    as_of: datetime | None = None
    is_stored: bool = False
    is_refreshing: bool = False
    stock: trial_stock.Stock | None = None
    interferences: list[Interference] = field(default_factory=list)
    winsor_limit: float | None = None
    winsorised: int = 0


def rule_of(experiment: Experiment) -> looks.Rule:
    """Several arms against one are several chances to be fooled (Bonferroni)."""
    arms = len(experiment.arms)
    planned = (experiment.planned_units or 0) * 2 // max(2, arms)
    level = statistics.corrected_level(LEVEL, arms - 1)
    control = experiment.arms[0]["name"]
    return looks.Rule(control, level, planned) if planned else looks.Rule(control, level)


def trial_results(experiment: Experiment, *, at: datetime | None = None) -> Results:
    """Everybody who was shown an arm counts in it, whatever she did then. What is slow to count is
    judged as it stood when it was counted last; `as_of` says when."""
    now = at or timezone.now()
    measured, counted = trial_snapshots.measured(experiment, measure, now)
    final = _is_final(experiment, now)
    ratio, warning = _ratio(experiment, measured.arms, final)
    kept = {} if final else looks.newest_looks(subject_of(experiment), experiment.metric)
    strata = measured.strata
    control = measured.arms[0]
    against = [
        _against(experiment, (arm, control), final, kept.get(arm.name), strata)
        for arm in measured.arms[1:]
    ]
    return Results(
        measured.arms,
        measured.crossed,
        ratio,
        against,
        warning,
        _is_running(experiment, now),
        final,
        measured.unknown_cost_units,
        list(experiment.batches.all()[:10]) if experiment.pk else [],
        counted.as_of,
        counted.is_stored,
        counted.is_refreshing,
        measured.stock,
        interferences(experiment, measured.stock, rule_of(experiment), final=final),
        measured.winsor_limit,
        measured.winsorised,
    )


def measure(experiment: Experiment, now: datetime) -> Measured:
    """The arms as they stand. Raises TooManyExposuresError for an attributed metric."""
    end = min(experiment.stopped_at or now, experiment.ends_at or now, now)
    if experiment.starts_at is None:
        empty = [ArmResult(one["name"], one["share"], 0, 0, None) for one in experiment.arms]
        return Measured(empty, 0)
    if experiment.metric == ExperimentMetric.PROFIT:
        return _measured_in_sql(experiment, experiment.starts_at, end)
    found = attributed(experiment, now)
    values: Mapping[str, Sequence[float] | np.ndarray] = found.values
    limit, over = None, 0
    if experiment.metric in MONEY:
        values, limit, over = statistics.winsorised(found.values)
    left = trial_frames.unsubscribes(trial_frames.members_of(experiment, end), end)
    arms = [
        ArmResult(
            one["name"], one["share"], len(mine := values[one["name"]]),
            sum(1 for value in mine if value > 0),
            statistics.Moments.of(mine) if len(mine) else None, left.get(one["name"], 0),
        )
        for one in experiment.arms
    ]  # fmt: skip
    return Measured(arms, found.crossed, 0, {}, found.stock, limit, over)


def _measured_in_sql(experiment: Experiment, begin: datetime, end: datetime) -> Measured:
    members = trial_frames.members_of(experiment, end)
    window = trial_stock.window_of(members, begin, end)
    sums = arm_sums(members, window)
    unknown = sum(one.unknown_cost_units for one in sums.values())
    crossed = 0
    if experiment.allocation == Allocation.FIXED:
        crossed = trial_frames.shown(experiment, end).crossed
    left: dict[str, int] = defaultdict(int)
    buyers: dict[str, int] = defaultdict(int)
    for name, count in trial_frames.unsubscribes(members, end).items():
        left[name.partition(trial_frames.JOINT)[0]] += count
    for name, one in sums.items():
        buyers[name.partition(trial_frames.JOINT)[0]] += one.buyers
    found = trial_stock.figures(
        {name: trial_stock.money_of(one, bool(unknown)) for name, one in sums.items()}
    )
    arms = [
        ArmResult(
            given["name"], given["share"], moments.n if moments else 0, buyers[given["name"]],
            moments, left[given["name"]],
        )
        for given in experiment.arms
        for moments in [found.arms.get(given["name"])]
    ]  # fmt: skip
    stock = trial_stock.stock_of(members, window, is_revenue=bool(unknown))
    limit, over = limit_of(sums, is_revenue=bool(unknown))
    return Measured(arms, crossed, unknown, found.strata, stock, limit, over)


def _against(
    experiment: Experiment, pair: tuple[ArmResult, ArmResult], final: bool,
    look: looks.Look | None, strata: Strata,
) -> Against:  # fmt: skip
    arm, control = pair
    fewest = min(arm.persons, control.persons)
    if arm.moments is None or control.moments is None or fewest < statistics.MIN_UNITS:
        return Against(arm.name, _too_few(arm, control), statistics.CANNOT_TELL, None)
    rule = rule_of(experiment)
    found = trial_stock.Figures({one.name: one.counted for one in pair}, strata)
    effect = trial_stock.effect_between(found, arm.name, control.name)
    reading = statistics.read(
        effect, level=rule.level, planned=rule.planned, once=_shares(experiment, pair, rule.level)
    )
    interval = reading.once if final else reading.always
    alone = statistics.verdict_of(interval) if effect.error > 0 else statistics.CANNOT_TELL
    verdict = statistics.kept_verdict(look.verdict, alone) if look else alone
    moved = verdict != alone
    text = _text(experiment, reading, interval, verdict, pair, final)
    guardrail = _guardrail(experiment, pair, final, rule)
    return Against(arm.name, text, verdict, reading, interval, guardrail, moved)


def _shares(
    experiment: Experiment, pair: tuple[ArmResult, ArmResult], level: float
) -> statistics.Interval | None:
    """Newcombe's interval where the metric is yes or no."""
    if experiment.metric in MONEY or experiment.metric == ExperimentMetric.BOUGHT:
        return None
    arm, control = pair
    found = statistics.compare_proportions(
        (arm.hits, arm.persons), (control.hits, control.persons), level=level
    )
    return statistics.Interval(found.low, found.high)


def _guardrail(
    experiment: Experiment, pair: tuple[ArmResult, ArmResult], final: bool, rule: looks.Rule
) -> str:
    arms = [statistics.Moments.of_share(arm.unsubscribed, arm.persons) for arm in pair]
    reading = statistics.read(statistics.mean_effect(*arms), level=rule.level, planned=rule.planned)
    interval = reading.once if final else reading.always
    return statistics.guardrail(interval, experiment.guardrail_margin)


def _too_few(arm: ArmResult, control: ArmResult) -> str:
    return _(
        "Too few people: %(found)s in the smaller of “%(a)s” and “%(b)s”, at least %(least)s needed."
    ) % {
        "found": min(arm.persons, control.persons),
        "a": control.name,
        "b": arm.name,
        "least": statistics.MIN_UNITS,
    }


def _text(
    experiment: Experiment, reading: statistics.Reading, interval: statistics.Interval | None,
    verdict: str, pair: tuple[ArmResult, ArmResult], final: bool,
) -> str:  # fmt: skip
    arm, control = pair
    if interval is None:
        return _(
            "Too early to tell “%(b)s” from “%(a)s”: an interval that holds at every look needs 100 people in each arm and some who differ."
        ) % {"a": control.name, "b": arm.name}
    msgid = {
        statistics.WIN: _("“%(b)s” is better than “%(a)s”: %(treated)s against %(control)s, a difference of %(difference)s (95 %%: %(low)s to %(high)s)."),
        statistics.LOSE: _("“%(b)s” is worse than “%(a)s”: %(treated)s against %(control)s, a difference of %(difference)s (95 %%: %(low)s to %(high)s)."),
        statistics.CANNOT_TELL: _("Cannot tell “%(b)s” from “%(a)s”: %(treated)s against %(control)s (difference %(low)s to %(high)s). So many people would show a difference of ±%(smallest)s or more."),
    }[verdict]  # fmt: skip
    level, step = written_of(experiment)
    smallest = reading.smallest if final else reading.smallest_always
    return msgid % {
        "a": control.name,
        "b": arm.name,
        "treated": level(arm.mean or 0.0),
        "control": level(control.mean or 0.0),
        "difference": with_sign(reading.effect.difference, step),
        "low": with_sign(interval.low, step),
        "high": with_sign(interval.high, step),
        "smallest": step(smallest),
    }


def _ratio(experiment: Experiment, arms: list[ArmResult], final: bool) -> tuple[float | None, str]:
    """While it runs people look every day, so the test must hold at every look."""
    sizes = [arm.persons for arm in arms]
    if not sum(sizes) or experiment.allocation == Allocation.THOMPSON:
        return None, ""
    shares = [arm.share for arm in arms]
    chance = statistics.sample_ratio_p(sizes, shares)
    seen = chance if final else statistics.ratio_p_always_valid(sizes, shares)
    return seen, _warning(seen) if seen < BROKEN_RATIO else ""


def _warning(chance: float) -> str:
    return _(
        "The arms' sizes do not fit their shares (p = %(p)s): something loses people of one arm. Do not trust the figures; look for what differs between the arms."
    ) % {"p": significant(chance, 2)}


def _is_running(experiment: Experiment, now: datetime) -> bool:
    open_still = experiment.ends_at is None or experiment.ends_at > now
    return experiment.state == ExperimentState.RUNNING and open_still


def _is_final(experiment: Experiment, now: datetime) -> bool:
    """It reached the end that was named before it began: one look, at a time nobody chose."""
    ends = experiment.ends_at
    if ends is None or ends > now:
        return False
    return experiment.stopped_at is None or experiment.stopped_at >= ends
