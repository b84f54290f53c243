"""Figures of an experiment that are due to what was shown: read person by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from decisions.models import Experiment, ExperimentMetric
from decisions.services import experiments as statistics
from recommendations import report_frames as frames
from recommendations import trial_frames
from recommendations.ml.placement_report import credit
from recommendations.services import trial_stock
from recommendations.services.reporting import ATTRIBUTION_DAYS
from recommendations.services.trials import PLACE
from shop.models import Event, EventKind

MOST_EXPOSURES = 500_000


class TooManyExposuresError(Exception):
    """The attributed metrics read people one by one; this is more than they can."""


@dataclass
class _Valued:
    """Person → what the metric says of her, and how much of it is of SKUs that ran out later; who
    did nothing is absent. gone: SKU → when it ran out. sold: (person, SKU, whether after that) per
    sale of one of them."""

    value: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    scarce: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    gone: dict[int, datetime] = field(default_factory=dict)
    sold: list[tuple[int, int, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class Attributed:
    """values: arm → one per person, zeros included. crossed: people shown more than one arm."""

    values: dict[str, list[float]]
    crossed: int
    stock: trial_stock.Stock | None


def attributed(experiment: Experiment, now: datetime) -> Attributed:
    """Raises TooManyExposuresError."""
    people = frames.People()
    shown = _exposed(experiment, people)
    valued = _metric_of(experiment, people, now) if shown else _Valued()
    names = {arm["name"] for arm in experiment.arms}
    arm_of = {
        person: arm
        for person, arms in shown.items()
        if len(arms) == 1 and (arm := next(iter(arms))) in names
    }
    crossed = sum(1 for arms in shown.values() if len(arms) > 1)
    return Attributed(
        _by_arm(experiment, arm_of, valued.value), crossed, _stock(experiment, arm_of, valued)
    )


def _by_arm(
    experiment: Experiment, arm_of: Mapping[int, str], value: Mapping[int, float]
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {arm["name"]: [] for arm in experiment.arms}
    for person, arm in arm_of.items():
        found[arm].append(value.get(person, 0.0))
    return found


def _stock(
    experiment: Experiment, arm_of: Mapping[int, str], valued: _Valued
) -> trial_stock.Stock | None:
    if not valued.gone:
        return None
    units: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    after: dict[int, int] = defaultdict(int)
    for person, sku, is_after in valued.sold:
        if is_after:
            after[sku] += person in arm_of
        elif person in arm_of:
            units[sku][arm_of[person]] += 1
    without = {
        person: value - valued.scarce.get(person, 0.0) for person, value in valued.value.items()
    }
    return trial_stock.Stock(
        len(valued.gone),
        trial_stock.named(valued.gone, units, after),
        sum(after.values()),
        _figures(_by_arm(experiment, arm_of, valued.scarce)),
        _figures(_by_arm(experiment, arm_of, without)),
    )


def _figures(values: Mapping[str, list[float]]) -> trial_stock.Figures:
    return trial_stock.figures(
        {arm: statistics.Moments.of(each) for arm, each in values.items() if each}
    )


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


def _metric_of(experiment: Experiment, people: frames.People, now: datetime) -> _Valued:
    begin = experiment.starts_at or now
    window = timedelta(days=ATTRIBUTION_DAYS)
    end = min(experiment.stopped_at or now, experiment.ends_at or now, now)
    seen = frames.seen_between(begin, end, people)
    touches = seen.touches
    here = np.array(seen.placement, dtype=object) == experiment.place.removeprefix(PLACE)
    found = _Valued()
    if experiment.metric == ExperimentMetric.CLICKED:
        for person in touches.person[here & ~np.isnan(touches.clicked_at)].tolist():
            found.value[person] = 1.0
        return found
    until = min(end + window, now)
    bought = frames.sales_between(begin, until, np.unique(touches.product), people)
    due = credit(touches, bought.sales, window.total_seconds())
    mine = [row for row in np.flatnonzero(due >= 0).tolist() if here[due[row]]]
    found.gone = trial_frames.ran_out(bought.variant_ids[mine].tolist(), begin, until)
    is_money = experiment.metric == ExperimentMetric.REVENUE
    for row in mine:
        person, sku = int(touches.person[due[row]]), int(bought.variant_ids[row])
        _add(found, person, sku, bought.sales.at[row], bought.revenue_minor[row] if is_money else 1)
    return found


def _add(found: _Valued, person: int, sku: int, at: float, amount: float) -> None:
    """From the moment on when its SKU ran out a sale counts in no arm."""
    gone_at = found.gone.get(sku)
    is_after = gone_at is not None and at >= gone_at.timestamp()
    if not is_after:
        found.value[person] += float(amount)
    if gone_at is not None:
        found.sold.append((person, sku, is_after))
        if not is_after:
            found.scarce[person] += float(amount)
