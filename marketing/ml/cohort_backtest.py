"""Would the forward figures have been right? The history is cut, foreseen from there, compared.

The value model is fitted anew on what was known at each cut, every cohort of LEAST customers is
foreseen for the coming periods, and what came is laid beside it. Three things come of that: the
errors beside those of a plain baseline (older cohorts at the same age), how often what came lay in
the 80 % interval, and the `shock`: by how much, relative to the figure, the interval must be wider so
that at every cut 80 in 100 figures would have lain inside. The shock of all cuts widens what is shown
now; the coverage that is told of it is judged cut by cut, with the shock learned from the other cuts.

A season or a campaign moves all cohorts of a cut together, so that a cut is one look, however many
cohorts it has. If the coming periods are to the past cuts what these are to each other, n cuts
promise 80 in 100 inside with a chance of n in n + 1, whatever the distribution.
Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005 (conformal prediction);
Dunn, Wasserman, Ramdas, Distribution-free prediction sets for two-layer hierarchical models, JASA
2023 (groups that move together).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .cohort_forecast import Foreseen, foreseen, groups_of, play, widened
from .cohorts import first_days, period_of, start_day
from .likelihood import NoFitError
from .order_days import OrderDays
from .value_backtest import LEAST_CUSTOMERS, LEAST_REPEATS
from .value_model import HIGH, LOW, ValueModel, fit_value_model

AHEAD = {"month": 3, "week": 6}  # periods that are foreseen
LEAST_DAYS = {"month": 180, "week": 90}  # of orders before a cut
LEAST = 30  # customers of a cohort that is judged
LEAST_CELLS = 12  # fewer say nothing of a forecast
MOST_CUTS = 3
MEASURES = ("retention", "revenue")
LEVEL = HIGH - LOW  # of the intervals: 80 %


class ShortHistoryError(ValueError):
    """missing: {"days": n} of orders, {"customers": n} or {"repeats": n} that a first cut needs, or
    {"cells": n} cohorts and periods to compare."""

    def __init__(self, missing: dict[str, int]):
        super().__init__(f"missing {missing}")
        self.missing = missing


@dataclass(frozen=True)
class Judged:
    """One measure. error: root of the mean squared error over the mean of what came, over cohorts,
    periods and cuts, weighted by customers (an absolute error would reward whoever foresees too
    little of what is rare); bias: Σ foreseen / Σ came − 1; coverage: share within the plain 80 %
    interval; widened_coverage: within the widened one, None with a single cut; cells: how many."""

    cells: int
    error: float
    baseline_error: float
    bias: float
    coverage: float
    widened_coverage: float | None
    shock: float

    @property
    def is_better(self) -> bool:
        return self.error < self.baseline_error


@dataclass(frozen=True)
class Verdict:
    """cuts: last days (since 1970) of what was known; measures: name → figures."""

    unit: str
    cuts: tuple[int, ...]
    measures: dict[str, Judged]

    def to_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "cuts": list(self.cuts),
            "measures": {name: asdict(one) for name, one in self.measures.items()},
        }


def from_json(stored: dict[str, Any]) -> Verdict:
    measures = {name: Judged(**one) for name, one in stored["measures"].items()}
    return Verdict(stored["unit"], tuple(stored["cuts"]), measures)


@dataclass(frozen=True)
class _Cells:
    """One row per cut, cohort and coming period; parallel arrays."""

    cut: np.ndarray
    weight: np.ndarray
    said: Foreseen
    plain: np.ndarray
    came: np.ndarray


def judge(days: OrderDays, end_day: int, unit: str, *, seed: int) -> Verdict:
    """days: of one population until `end_day`. Raises ShortHistoryError."""
    cuts = cut_days(days, end_day, unit)
    found: dict[str, list[_Cells]] = {name: [] for name in MEASURES}
    for number, cut in enumerate(cuts):
        for name, cells in _judge_cut(days, cut, unit, number=number, seed=seed).items():
            found[name].append(cells)
    joined = {name: _joined(parts) for name, parts in found.items() if parts}
    compared = joined["retention"].came.size
    if compared < LEAST_CELLS:
        raise ShortHistoryError({"cells": LEAST_CELLS - compared})
    measures = {name: _judged(one) for name, one in joined.items()}
    return Verdict(unit, tuple(cuts), measures)


def cut_days(days: OrderDays, end_day: int, unit: str) -> list[int]:
    """At most MOST_CUTS, newest first, each AHEAD periods before the next; the newest leaves AHEAD
    whole periods to compare with. Raises ShortHistoryError where not even one is possible."""
    now = int(period_of(np.array([end_day]), unit)[0])
    cuts = [
        int(start_day(np.array([now - AHEAD[unit] * (number + 1)]), unit)[0]) - 1
        for number in range(MOST_CUTS)
    ]
    first = int(days.day.min()) if days.day.size else end_day
    missing = {"days": LEAST_DAYS[unit] - (cuts[0] - first + 1)}
    good = []
    for cut in cuts:
        if cut - first + 1 < LEAST_DAYS[unit]:
            break
        early = days.until(cut)
        repeats = early.day.size - early.customers
        if early.customers < LEAST_CUSTOMERS:
            missing = {"customers": LEAST_CUSTOMERS - early.customers}
            break
        if repeats < LEAST_REPEATS:
            missing = {"repeats": LEAST_REPEATS - repeats}
            break
        good.append(cut)
    if not good:
        raise ShortHistoryError(missing)
    return good


def _judge_cut(
    days: OrderDays, cut: int, unit: str, *, number: int, seed: int
) -> dict[str, _Cells]:
    early = days.until(cut)
    try:
        model = fit_value_model(early, cut, seed=seed)
    except NoFitError as error:
        raise ShortHistoryError({"repeats": LEAST_REPEATS}) from error
    came = _what_came(days, cut, unit)
    first = period_of(first_days(early), unit)
    cohorts, group = np.unique(first, return_inverse=True)
    sizes = np.bincount(group)
    played = _played(model, early, cut, unit, group=group, seed=seed)
    plain = _baseline(early, cut, unit, cohorts)
    cells = {}
    for place, name in enumerate(MEASURES):
        sums = played.active if name == "retention" else played.spend
        if sums is None:
            continue
        use = sizes >= LEAST
        said = foreseen(sums[:, use], sizes[use])
        actual = _by_cohort(came[place], group)[use]
        width = actual.shape[1]
        cells[name] = _Cells(
            np.full(actual.size, number),
            np.repeat(sizes[use], width).astype(float),
            Foreseen(said.value.ravel(), said.low.ravel(), said.high.ravel()),
            plain[place][use].ravel(), actual.ravel(),
        )  # fmt: skip
    return cells


def _played(
    model: ValueModel, early: OrderDays, cut: int, unit: str, *, group: np.ndarray, seed: int
):
    unknown = np.full(early.customers, np.nan)
    groups = groups_of(model, early, group, since=cut + 1, margin_rate=unknown)
    ends = start_day(_next_periods(cut, unit) + 1, unit) - 1 - cut
    return play(model, model.seen(early), groups, ends, seed=seed)


def _next_periods(cut: int, unit: str) -> np.ndarray:
    return int(period_of(np.array([cut + 1]), unit)[0]) + np.arange(AHEAD[unit])


def _what_came(days: OrderDays, cut: int, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Per customer known at the cut: ordered in each coming period; spent, cumulated."""
    known = days.known_at(cut)
    row = np.full(days.customers, -1)
    row[known] = np.arange(known.size)
    step = period_of(days.day, unit) - _next_periods(cut, unit)[0]
    use = (step >= 0) & (step < AHEAD[unit]) & (row[days.customer_idx] >= 0)
    ordered = np.zeros((known.size, AHEAD[unit]))
    spent = np.zeros((known.size, AHEAD[unit]))
    ordered[row[days.customer_idx[use]], step[use]] = 1
    np.add.at(spent, (row[days.customer_idx[use]], step[use]), days.amount[use])
    return ordered, spent.cumsum(axis=1)


def _by_cohort(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    size = np.bincount(group)
    return np.stack([np.bincount(group, column) / size for column in values.T], axis=1)


def _baseline(
    early: OrderDays, cut: int, unit: str, cohorts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What cohorts brought on average when they were as old: (share, amount per customer, cumulated).

    An age that no cohort had reached is that of the oldest age reached.
    """
    first = period_of(first_days(early), unit)
    last = int(period_of(np.array([cut]), unit)[0])
    oldest = last - int(first.min())
    age = period_of(early.day, unit) - first[early.customer_idx]
    reached = np.array([(first <= last - k).sum() for k in range(oldest + 1)])
    pairs = np.unique(early.customer_idx * (oldest + 1) + age) % (oldest + 1)
    share = np.bincount(pairs, minlength=oldest + 1) / reached
    amount = np.bincount(age, early.amount, oldest + 1) / reached
    ages = last + 1 - cohorts[:, None] + np.arange(AHEAD[unit])[None, :]
    ages = np.minimum(ages, oldest)
    return share[ages], amount[ages].cumsum(axis=1)


def _joined(parts: list[_Cells]) -> _Cells:
    def of(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    said = Foreseen(
        *(np.concatenate([getattr(p.said, end) for p in parts]) for end in ("value", "low", "high"))
    )
    return _Cells(of("cut"), of("weight"), said, of("plain"), of("came"))


def _judged(cells: _Cells) -> Judged:
    total = float((cells.weight * cells.came).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        bias = float((cells.weight * (cells.said.value - cells.came)).sum() / total)
    return Judged(
        cells=int(cells.came.size),
        error=_error(cells, cells.said.value),
        baseline_error=_error(cells, cells.plain),
        bias=bias,
        coverage=float(_within(cells, cells.said).mean()),
        widened_coverage=_widened_coverage(cells),
        shock=_shock(cells, np.ones(cells.came.size, bool)),
    )


def _error(cells: _Cells, said: np.ndarray) -> float:
    mean = float(np.average(cells.came, weights=cells.weight))
    squared = float(np.average((said - cells.came) ** 2, weights=cells.weight))
    return float(np.sqrt(squared) / mean) if mean > 0 else float("inf")


def _within(cells: _Cells, said: Foreseen) -> np.ndarray:
    return (cells.came >= said.low - 1e-9) & (cells.came <= said.high + 1e-9)


def _shock(cells: _Cells, use: np.ndarray) -> float:
    """The largest of what each cut would have needed."""
    cuts = np.unique(cells.cut[use])
    return max((_needed(cells, use & (cells.cut == cut)) for cut in cuts), default=0.0)


def _needed(cells: _Cells, use: np.ndarray) -> float:
    """The least shock with which LEVEL of these cells lie inside, counting one more that does not
    (the conformal quantile). Cells of which nothing was foreseen tell nothing of a relative figure."""
    use = use & (cells.said.value > 0)
    if not use.any():
        return 0.0
    value, low, high = (getattr(cells.said, end)[use] for end in ("value", "low", "high"))
    missed = cells.came[use] - value
    own = np.where(missed > 0, high - value, value - low)
    needed = np.sort(np.sqrt(np.maximum(missed**2 - own**2, 0.0)) / value)
    place = int(np.ceil(LEVEL * (needed.size + 1))) - 1
    return float(needed[min(place, needed.size - 1)])


def _widened_coverage(cells: _Cells) -> float | None:
    cuts = np.unique(cells.cut)
    if cuts.size < 2:
        return None
    shock = np.empty(cells.came.size)
    for cut in cuts:
        shock[cells.cut == cut] = _shock(cells, cells.cut != cut)
    return float(_within(cells, widened(cells.said, shock)).mean())
