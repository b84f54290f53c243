"""What no plan can beat: every shared limit priced instead of kept (Lagrange), SKU by SKU.

An order's fixed cost is shared out among the SKUs that could be on it. At any prices, what the
SKUs then pay at least, less what the limits are worth, is a bound; the best of some rounds counts.
Source: Fisher, The Lagrangian relaxation method, Management Science 27 (1981).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from .problem import Problem
from .schedules import Schedules, Tables, best_schedules, order_units
from .usage import Row, item_usage, prices_of

HALVE_AFTER = 4  # rounds without a better bound
KEPT = 12  # rounds whose schedules are kept


@dataclass
class Bound:
    """value: money that no plan can go below. fixed (m, W), duals (R,): the prices that show it.

    seen: schedules of the last rounds, each the best at some prices: what the programme mixes.
    """

    value: float
    fixed: np.ndarray
    duals: np.ndarray
    seen: list[Schedules] = field(default_factory=list)


def lower_bound(
    problem: Problem, tables: Tables, rows: list[Row], *, target: float, rounds: int
) -> Bound:
    """The best bound of so many rounds; target: the cost of a known plan, for the step's length."""
    fixed, duals = _equal_shares(problem), np.zeros(len(rows))
    caps = np.array([row.limit for row in rows])
    seen: deque[Schedules] = deque(maxlen=KEPT)
    best, length, waiting = Bound(-np.inf, fixed, duals), 1.0, 0
    shared = bool((problem.limits.order_cost > 0).any()) or len(rows) > 0
    for _round in range(rounds if shared else 1):
        value, found = best_schedules(problem, tables, prices_of(problem, rows, duals, fixed))
        total = float(value.sum() - duals @ caps)
        seen.append(found)
        if total > best.value + 1e-9:
            best, waiting = Bound(total, fixed, duals), 0
        else:
            waiting += 1
            if waiting >= HALVE_AFTER:
                length, waiting, fixed, duals = length / 2, 0, best.fixed, best.duals
                continue
        ordered = (order_units(problem, tables, found) > 0).astype(float)
        slope = ordered - _average(problem, ordered)
        over = item_usage(problem, tables, found, rows).sum(axis=1) - caps
        scale = np.maximum(np.abs(caps), 1.0)
        away = _size(problem, slope) + float(((over / scale) ** 2).sum())
        if away < 1e-12 or target <= best.value:
            break
        step = length * (target - total) / away
        fixed = _shares(problem, fixed + step * slope)
        duals = np.maximum(duals + step * over / scale**2, 0.0)
    return Bound(best.value, best.fixed, best.duals, list(seen))


def _equal_shares(problem: Problem) -> np.ndarray:
    members = np.bincount(problem.offers.group, minlength=len(problem.limits.order_cost))
    share = problem.limits.order_cost / np.maximum(members, 1)
    return np.repeat(share[problem.offers.group][:, None], problem.weeks, axis=1)


def _average(problem: Problem, ordered: np.ndarray) -> np.ndarray:
    """(m, W) the mean over each group: shares move against one another, never their sum."""
    count = len(problem.limits.order_cost)
    members = np.maximum(np.bincount(problem.offers.group, minlength=count), 1)
    total = np.zeros((count, ordered.shape[1]))
    np.add.at(total, problem.offers.group, ordered)
    return (total / members[:, None])[problem.offers.group]


def _size(problem: Problem, slope: np.ndarray) -> float:
    pays = problem.limits.order_cost[problem.offers.group] > 0
    return float((slope[pays] ** 2).sum())


def _shares(problem: Problem, wanted: np.ndarray) -> np.ndarray:
    """Each group's shares of a week made to be ≥ 0 and to sum to its order cost (nearest point)."""
    shares = np.zeros_like(wanted)
    for group, cost in enumerate(problem.limits.order_cost):
        members = np.flatnonzero(problem.offers.group == group)
        if cost <= 0 or not len(members):
            continue
        part = -np.sort(-wanted[members], axis=0)
        over = (np.cumsum(part, axis=0) - cost) / np.arange(1, len(members) + 1)[:, None]
        last = (part > over).sum(axis=0) - 1
        cut = over[last, np.arange(over.shape[1])]
        shares[members] = np.maximum(wanted[members] - cut, 0.0)
    return shares
