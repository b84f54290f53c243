"""What came of a placement's experiment: arms side by side and a verdict in words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from access.figures import percent, points, significant, with_sign
from decisions.models import Allocation, Experiment, ExperimentMetric, ExperimentState, ShareBatch
from decisions.services import experiments as statistics
from decisions.services import looks
from inventory.profit_frames import ArmSums
from recommendations import report_frames as frames
from recommendations import trial_frames
from recommendations.ml.placement_report import credit
from recommendations.services import trial_snapshots
from recommendations.services.reporting import ATTRIBUTION_DAYS
from recommendations.services.trial_snapshots import ArmResult, Measured, Strata, subject_of
from recommendations.services.trials import PLACE
from shop.models import Event, EventKind
from shop.money import format_money

LEVEL = 0.95
# Below this the draw itself is broken, and no figure of the arms means anything.
BROKEN_RATIO = 0.001
MOST_EXPOSURES = 500_000
MONEY = (ExperimentMetric.PROFIT, ExperimentMetric.REVENUE)


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
    is enough and the intervals are the classic ones. unknown_cost_units: then profit is revenue."""

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


class TooManyExposuresError(Exception):
    """The attributed metrics read people one by one; this is more than they can."""


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
    )


def measure(experiment: Experiment, now: datetime) -> Measured:
    """The arms as they stand. Raises TooManyExposuresError for an attributed metric."""
    end = min(experiment.stopped_at or now, experiment.ends_at or now, now)
    if experiment.starts_at is None:
        empty = [ArmResult(one["name"], one["share"], 0, 0, None) for one in experiment.arms]
        return Measured(empty, 0)
    if experiment.metric == ExperimentMetric.PROFIT:
        return _measured_in_sql(experiment, end)
    found, crossed = _values(experiment, now)
    left = trial_frames.unsubscribes(trial_frames.members_of(experiment, end), end)
    arms = [
        ArmResult(
            one["name"], one["share"], len(values := found[one["name"]]),
            sum(1 for value in values if value > 0),
            statistics.Moments.of(values) if values else None, left.get(one["name"], 0),
        )
        for one in experiment.arms
    ]  # fmt: skip
    return Measured(arms, crossed)


def _measured_in_sql(experiment: Experiment, end: datetime) -> Measured:
    sums = trial_frames.profit_sums(experiment, end)
    unknown = sum(one.unknown_cost_units for one in sums.values())
    crossed = 0
    if experiment.allocation == Allocation.FIXED:
        crossed = trial_frames.shown(experiment, end).crossed
    left: dict[str, int] = defaultdict(int)
    members = trial_frames.members_of(experiment, end)
    for name, count in trial_frames.unsubscribes(members, end).items():
        left[name.split(trial_frames.JOINT)[0]] += count
    strata: dict[str, dict[str, statistics.Moments]] = defaultdict(dict)
    whole: dict[str, tuple[statistics.Moments, int]] = {}
    for name, one in sums.items():
        arm, _joint, batch = name.partition(trial_frames.JOINT)
        moments = _money_of(one, bool(unknown))
        strata[batch][arm] = moments
        before = whole.get(arm)
        whole[arm] = (
            (before[0] + moments, before[1] + one.buyers) if before else (moments, one.buyers)
        )
    arms = [
        ArmResult(
            given["name"], given["share"], found[0].n if found else 0, found[1] if found else 0,
            found[0] if found else None, left[given["name"]],
        )
        for given in experiment.arms
        for found in [whole.get(given["name"])]
    ]  # fmt: skip
    return Measured(arms, crossed, unknown, strata if len(strata) > 1 else {})


def _money_of(sums: ArmSums, cost_unknown: bool) -> statistics.Moments:
    """Profit; revenue for all arms as soon as one sold unit has no cost."""
    return sums.revenue if cost_unknown else sums.profit


def _values(experiment: Experiment, now: datetime) -> tuple[dict[str, list[float]], int]:
    found: dict[str, list[float]] = {arm["name"]: [] for arm in experiment.arms}
    crossed = 0
    people = frames.People()
    shown = _exposed(experiment, people)
    value = _metric_of(experiment, people, now) if shown else {}
    for person, arms in shown.items():
        if len(arms) > 1:
            crossed += 1
        elif (name := next(iter(arms))) in found:
            found[name].append(value.get(person, 0.0))
    return found, crossed


def _exposed(experiment: Experiment, people: frames.People) -> dict[int, set[str]]:
    """Person → the arms that she was shown."""
    events = Event.objects.filter(
        kind=EventKind.EXPOSURE,
        received_at__gte=experiment.starts_at,
        properties__experiment=experiment.key,
    ).order_by("received_at", "id")
    rows = list(
        events.values_list("customer_id", "visitor", "received_at", "properties")[
            : MOST_EXPOSURES + 1
        ]
    )
    if len(rows) > MOST_EXPOSURES:
        raise TooManyExposuresError
    numbers = people.numbers([(row[0] or row[1], row[2].timestamp()) for row in rows])
    arms: dict[int, set[str]] = defaultdict(set)
    for person, row in zip(numbers.tolist(), rows, strict=True):
        arms[person].add(row[3]["arm"])
    return arms


def _metric_of(experiment: Experiment, people: frames.People, now: datetime) -> dict[int, float]:
    """Person → what the metric says of her; who did nothing is absent."""
    begin = experiment.starts_at or now
    window = timedelta(days=ATTRIBUTION_DAYS)
    end = min(experiment.stopped_at or now, experiment.ends_at or now, now)
    seen = frames.seen_between(begin, end, people)
    touches = seen.touches
    here = np.array(seen.placement, dtype=object) == experiment.place.removeprefix(PLACE)
    value: dict[int, float] = defaultdict(float)
    if experiment.metric == ExperimentMetric.CLICKED:
        for person in touches.person[here & ~np.isnan(touches.clicked_at)].tolist():
            value[person] = 1.0
        return value
    bought = frames.sales_between(begin, min(end + window, now), np.unique(touches.product), people)
    due = credit(touches, bought.sales, window.total_seconds())
    for row in np.flatnonzero(due >= 0).tolist():
        if here[due[row]]:
            is_money = experiment.metric == ExperimentMetric.REVENUE
            value[int(touches.person[due[row]])] += bought.revenue_minor[row] if is_money else 1.0
    return value


def _against(
    experiment: Experiment, pair: tuple[ArmResult, ArmResult], final: bool,
    look: looks.Look | None, strata: Strata,
) -> Against:  # fmt: skip
    arm, control = pair
    fewest = min(arm.persons, control.persons)
    if arm.moments is None or control.moments is None or fewest < statistics.MIN_UNITS:
        return Against(arm.name, _too_few(arm, control), statistics.CANNOT_TELL, None)
    rule = rule_of(experiment)
    effect = effect_of(experiment, arm, control, strata)
    reading = statistics.read(
        effect, level=rule.level, planned=rule.planned, once=_shares(experiment, pair, rule.level)
    )
    interval = reading.once if final else reading.always
    alone = statistics.verdict_of(interval) if effect.error > 0 else statistics.CANNOT_TELL
    verdict = statistics.kept_verdict(look.verdict, alone) if look else alone
    moved = verdict != alone
    text = _text(reading, interval, verdict, pair, experiment.metric in MONEY, final)
    guardrail = _guardrail(experiment, pair, final, rule)
    return Against(arm.name, text, verdict, reading, interval, guardrail, moved)


def effect_of(
    experiment: Experiment, arm: ArmResult, control: ArmResult,
    strata: Strata,
) -> statistics.Effect:  # fmt: skip
    """What was spent before is taken out; batches with shares of their own are judged apart."""
    both = [
        statistics.adjusted_effect(one[arm.name], one[control.name])[0]
        for one in strata.values()
        if min((one[name].n if name in one else 0) for name in (arm.name, control.name)) > 1
    ]
    if both:
        return statistics.pooled_effect(both)
    return statistics.adjusted_effect(arm.counted, control.counted)[0]


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
    reading: statistics.Reading, interval: statistics.Interval | None, verdict: str,
    pair: tuple[ArmResult, ArmResult], is_money: bool, final: bool,
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
    level, step = (_money, _money) if is_money else (_share, _points)
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


def _money(value: float) -> str:
    return format_money(round(value))


def _share(value: float) -> str:
    return percent(value, 2)


def _points(value: float) -> str:
    return _("%(n)s points") % {"n": points(value, 2)}
