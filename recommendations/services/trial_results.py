"""What came of a placement's experiment: arms side by side and a verdict in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from decisions.models import Experiment, ExperimentMetric, ExperimentState
from decisions.services import experiments as statistics
from recommendations import report_frames as frames
from recommendations.ml.placement_report import credit
from recommendations.services.reporting import ATTRIBUTION_DAYS
from recommendations.services.trials import PLACE
from shop.models import Event, EventKind
from shop.money import format_money

LEVEL = 0.95
# Below this the draw itself is broken, and no figure of the arms means anything.
BROKEN_RATIO = 0.001
MOST_EXPOSURES = 500_000


@dataclass(frozen=True)
class ArmResult:
    """One arm. values: what the metric is per person, in no order; zeros included."""

    name: str
    share: float
    values: list[float]

    @property
    def persons(self) -> int:
        return len(self.values)

    @property
    def hits(self) -> int:
        return sum(1 for value in self.values if value > 0)


@dataclass(frozen=True)
class Against:
    """One arm against the first. text: the verdict; comparison: None where there is too little."""

    arm: str
    text: str
    verdict: str
    comparison: statistics.Comparison | None


@dataclass(frozen=True)
class Results:
    """crossed: people who were shown more than one arm and are left out. ratio_p: how likely the
    arms' sizes are by chance; None without people. warning: why not to trust what follows.
    is_early: it still runs, and a verdict is for its end."""

    arms: list[ArmResult]
    crossed: int
    ratio_p: float | None
    against: list[Against]
    warning: str = ""
    is_early: bool = False


def trial_results(experiment: Experiment, *, at: datetime | None = None) -> Results:
    """Everybody who was shown an arm counts in it, whatever she did then."""
    now = at or timezone.now()
    arms, crossed = _values(experiment, now)
    sizes = [arm.persons for arm in arms]
    ratio = None
    if sum(sizes):
        ratio = statistics.sample_ratio_p(sizes, [arm.share for arm in arms])
    # Several arms against one are several chances to be fooled (Bonferroni).
    level = 1 - (1 - LEVEL) / max(1, len(arms) - 1)
    against = [_against(experiment, arm, arms[0], level) for arm in arms[1:]]
    return Results(arms, crossed, ratio, against, _warning(ratio), _is_running(experiment, now))


def _values(experiment: Experiment, now: datetime) -> tuple[list[ArmResult], int]:
    names = [arm["name"] for arm in experiment.arms]
    found: dict[str, list[float]] = {name: [] for name in names}
    crossed = 0
    if experiment.starts_at is not None:
        people = frames.People()
        shown = _exposed(experiment, people)
        value = _metric_of(experiment, people, now) if shown else {}
        for person, arms in shown.items():
            if len(arms) > 1:
                crossed += 1
            elif (name := next(iter(arms))) in found:
                found[name].append(value.get(person, 0.0))
    return [ArmResult(arm["name"], arm["share"], found[arm["name"]]) for arm in experiment.arms], (
        crossed
    )


def _exposed(experiment: Experiment, people: frames.People) -> dict[int, set[str]]:
    """Person → the arms that she was shown."""
    events = Event.objects.filter(
        kind=EventKind.EXPOSURE,
        received_at__gte=experiment.starts_at,
        properties__experiment=experiment.key,
    ).order_by("received_at", "id")
    rows = list(
        events.values_list("customer_id", "visitor", "received_at", "properties")[:MOST_EXPOSURES]
    )
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


def _against(experiment: Experiment, arm: ArmResult, control: ArmResult, level: float) -> Against:
    is_money = experiment.metric == ExperimentMetric.REVENUE
    try:
        if is_money:
            found = statistics.compare_means(arm.values, control.values, level=level)
        else:
            found = statistics.compare_proportions(
                (arm.hits, arm.persons), (control.hits, control.persons), level=level
            )
    except statistics.TooFewUnitsError:
        text = _(
            "Too few people: %(found)s in the smaller of “%(a)s” and “%(b)s”, at least %(least)s needed."
        )
        said = {
            "found": min(arm.persons, control.persons),
            "a": control.name,
            "b": arm.name,
            "least": statistics.MIN_UNITS,
        }
        return Against(arm.name, text % said, statistics.CANNOT_TELL, None)
    return Against(arm.name, _text(found, arm, control, is_money), found.verdict, found)


def _text(found: statistics.Comparison, arm: ArmResult, control: ArmResult, is_money: bool) -> str:
    msgid = {
        statistics.WIN: _("“%(b)s” is better than “%(a)s”: %(treated)s against %(control)s, a difference of %(difference)s (95 %%: %(low)s to %(high)s)."),
        statistics.LOSE: _("“%(b)s” is worse than “%(a)s”: %(treated)s against %(control)s, a difference of %(difference)s (95 %%: %(low)s to %(high)s)."),
        statistics.CANNOT_TELL: _("Cannot tell “%(b)s” from “%(a)s”: %(treated)s against %(control)s (difference %(low)s to %(high)s). So many people would show a difference of ±%(smallest)s or more."),
    }[found.verdict]  # fmt: skip
    level = _money if is_money else _percent
    step = _money if is_money else _points
    return msgid % {
        "a": control.name,
        "b": arm.name,
        "treated": level(found.treated),
        "control": level(found.control),
        "difference": _signed(found.difference, step),
        "low": _signed(found.low, step),
        "high": _signed(found.high, step),
        "smallest": step(found.smallest_detectable),
    }


def _warning(ratio: float | None) -> str:
    if ratio is None or ratio >= BROKEN_RATIO:
        return ""
    return _(
        "The arms' sizes do not fit their shares (p = %(p)s): something loses people of one arm. Do not trust the figures; look for what differs between the arms."
    ) % {"p": f"{ratio:.2g}"}


def _is_running(experiment: Experiment, now: datetime) -> bool:
    open_still = experiment.ends_at is None or experiment.ends_at > now
    return experiment.state == ExperimentState.RUNNING and open_still


def _signed(value: float, written: Callable[[float], str]) -> str:
    return f"{'+' if value >= 0 else '−'}{written(abs(value))}"


def _money(value: float) -> str:
    return format_money(round(value))


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def _points(value: float) -> str:
    return _("%(n)s points") % {"n": f"{100 * value:.2f}"}
