"""The mixed-integer programme over whole schedules (HiGHS): one schedule a SKU, all limits kept.

Limits may be broken at a price far above all else, so that an impossible plan still has an answer
and says which limit is broken and by how much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .problem import Problem
from .schedules import Schedules, Tables, order_units, spending, true_costs
from .usage import Row, item_usage

BREAKING = 100.0  # times the dearest unit: no plan that can keep a limit breaks it
NODES = 200  # of branch and bound: bounded by work, not by the clock, so that it can be repeated
GAP = 1e-4


@dataclass
class Pool:
    """Schedules to choose from, each once: item, steps (W,), offer (W,), cost and use of rows."""

    item: list[int] = field(default_factory=list)
    steps: list[np.ndarray] = field(default_factory=list)
    offer: list[np.ndarray] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    used: list[np.ndarray] = field(default_factory=list)
    worth: list[dict[int, float]] = field(default_factory=list)
    known: set[bytes] = field(default_factory=set)

    def add(self, problem: Problem, tables: Tables, found: Schedules, rows: list[Row]) -> int:
        """How many were new."""
        cost = true_costs(problem, tables, found)
        used = item_usage(problem, tables, found, rows)
        bought = _worth_by_item(problem, tables, found)
        before = len(self.item)
        for item in range(len(cost)):
            key = b"%d:" % item + found.steps[item].tobytes() + found.offer[item].tobytes()
            if key in self.known:
                continue
            self.known.add(key)
            self.item.append(item)
            self.steps.append(found.steps[item].copy())
            self.offer.append(found.offer[item].copy())
            self.cost.append(float(cost[item]))
            self.used.append(used[:, item])
            self.worth.append(bought[item])
        return len(self.item) - before

    def chosen(self, problem: Problem, columns: np.ndarray) -> Schedules:
        shape = (len(problem.items.price), problem.weeks)
        steps, offer = np.zeros(shape, dtype=np.int64), np.full(shape, -1, dtype=np.int64)
        for column in columns:
            steps[self.item[column]] = self.steps[column]
            offer[self.item[column]] = self.offer[column]
        return Schedules(steps, offer)


def limit_prices(
    problem: Problem, pool: Pool, rows: list[Row], open_orders: np.ndarray
) -> np.ndarray:
    """(R,) duals of the limits while exactly these orders (G, W) may be placed."""
    from scipy.optimize import linprog

    model = _model(problem, pool, rows, open_orders)
    if not rows:
        return np.zeros(0)
    found = linprog(
        model.cost, A_ub=model.limits, b_ub=model.caps, A_eq=model.one,
        b_eq=np.ones(len(problem.items.price)), bounds=(0, None), method="highs-ds",
    )  # fmt: skip
    if found.x is None:
        return np.zeros(len(rows))
    return np.maximum(-found.ineqlin.marginals[: len(rows)] / model.scale, 0.0)


def choose(
    problem: Problem, pool: Pool, rows: list[Row], open_orders: np.ndarray | None = None
) -> Schedules | None:
    """The best whole choice from the pool; None if the nodes ran out before a first one.

    open_orders: (G, W) orders that are placed; None = the programme opens orders itself.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix, hstack

    model = _model(problem, pool, rows, open_orders)
    count, slack = len(model.columns), len(rows)
    orders, fixed, link = [], np.zeros(0), []
    if open_orders is None:
        orders, fixed, link = _order_rows(problem, pool, slack)
    blocks = []
    for block, low, high in ((model.one, 1, 1), (model.limits, -np.inf, model.caps)):
        if block.shape[0]:
            more = csr_matrix((block.shape[0], len(orders)))
            blocks.append(LinearConstraint(hstack([block, more]).tocsr(), low, high))
    blocks += [LinearConstraint(row.tocsr(), low, high) for row, low, high in link if row.shape[0]]
    top = np.concatenate([np.ones(count), np.full(slack, np.inf), np.ones(len(orders))])
    found = milp(
        np.concatenate([model.cost, fixed]),
        constraints=blocks,
        integrality=np.concatenate([np.ones(count), np.zeros(slack), np.ones(len(orders))]),
        bounds=Bounds(np.zeros(len(top)), top),
        options={"node_limit": NODES, "mip_rel_gap": GAP},
    )
    if found.x is None:
        return None
    return pool.chosen(problem, model.columns[found.x[:count] > 0.5])


@dataclass(frozen=True)
class _Model:
    """Columns of the pool that may be used, then one variable per limit for breaking it."""

    columns: np.ndarray
    cost: np.ndarray
    one: Any
    limits: Any
    caps: np.ndarray
    scale: np.ndarray


def _model(problem: Problem, pool: Pool, rows: list[Row], open_orders: np.ndarray | None) -> _Model:
    """Rows: the limits, scaled; and where orders are given, the minimum of each that has one."""
    from scipy.sparse import csr_matrix, vstack

    columns = np.arange(len(pool.item))
    if open_orders is not None:
        flat = open_orders.ravel()
        columns = np.array([c for c in columns if all(flat[key] for key in pool.worth[c])])
    count, slack = len(columns), len(rows)
    owner = np.array(pool.item)[columns]
    shape = (len(problem.items.price), count + slack)
    one = csr_matrix((np.ones(count), (owner, np.arange(count))), shape=shape)
    used = np.array([pool.used[c] for c in columns]).T.reshape(slack, count)
    scale = np.maximum(np.abs(used).max(axis=1, initial=0), 1.0)
    limits = csr_matrix(np.hstack([used / scale[:, None], -np.eye(slack)]))
    caps = np.array([row.limit for row in rows]) / scale
    if open_orders is not None:
        least, floor = _least_rows(problem, pool, (columns, slack), open_orders)
        limits, caps = vstack([limits, -least]).tocsr(), np.concatenate([caps, -floor])
    breaking = BREAKING * _dearest(problem, rows) * scale
    cost = np.concatenate([np.array(pool.cost)[columns], breaking])
    return _Model(columns, cost, one, limits, caps, scale)


def _least_rows(
    problem: Problem, pool: Pool, shape: tuple[np.ndarray, int], open_orders: np.ndarray
):
    """An open order of a supplier with a minimum is worth that minimum."""
    from scipy.sparse import csr_matrix

    columns, slack = shape
    wanted = open_orders & (problem.limits.minimum > 0)[:, None]
    place = {int(key): number for number, key in enumerate(np.flatnonzero(wanted.ravel()))}
    entries: tuple[list, list, list] = ([], [], [])
    for number, column in enumerate(columns):
        for key, money in pool.worth[column].items():
            if key in place:
                _put(entries, place[key], number, money)
    size = (len(place), len(columns) + slack)
    floor = np.repeat(problem.limits.minimum[:, None], problem.weeks, axis=1).ravel()
    return csr_matrix((entries[2], (entries[0], entries[1])), shape=size), floor[list(place)]


def _dearest(problem: Problem, rows: list[Row]) -> np.ndarray:
    """(R,) the most that a unit of each limit could ever earn."""
    items = problem.items
    size = {
        "budget": np.maximum(items.cost, 1.0),
        "container_litres": items.litres,
        "container_kg": items.kilos,
        "shelf": items.litres,
    }
    best = {}
    for kind, per_unit in size.items():
        takes = per_unit > 0
        earns = items.price[takes] * problem.weeks / per_unit[takes]
        best[kind] = float(max(earns.max(initial=0.0), 1.0))
    return np.array([best[row.kind] for row in rows])


def _order_rows(problem: Problem, pool: Pool, slack: int):
    """Order variables (group and week), what they cost, and the rows that tie schedules to them."""
    from scipy.sparse import coo_matrix

    limits, weeks = problem.limits, problem.weeks
    matters = np.flatnonzero((limits.order_cost > 0) | (limits.minimum > 0))
    orders = [(g, week) for g in matters.tolist() for week in range(weeks)]
    place = {g * weeks + week: number for number, (g, week) in enumerate(orders)}
    count, fixed = len(pool.item), limits.order_cost[[g for g, _week in orders]]
    width = count + slack + len(orders)
    ties: dict[tuple[int, int], int] = {}
    tie: tuple[list, list, list] = ([], [], [])
    least: tuple[list, list, list] = ([], [], [])
    for column, worth in enumerate(pool.worth):
        for key, money in worth.items():
            if key in place:
                row = ties.setdefault((pool.item[column], key), len(ties))
                _put(tie, row, column, 1.0)
                _put(least, place[key], column, money)
    for (_item, key), row in ties.items():
        _put(tie, row, count + slack + place[key], -1.0)
    for number, (g, _week) in enumerate(orders):
        _put(least, number, count + slack + number, -float(limits.minimum[g]))
    rows = [
        (coo_matrix((tie[2], (tie[0], tie[1])), shape=(len(ties), width)), -np.inf, 0.0),
        (coo_matrix((least[2], (least[0], least[1])), shape=(len(orders), width)), 0.0, np.inf),
    ]
    return orders, fixed, rows


def _put(lists: tuple[list, list, list], row: int, column: int, value: float) -> None:
    for place, entry in zip(lists, (row, column, value), strict=True):
        place.append(entry)


def _worth_by_item(problem: Problem, tables: Tables, found: Schedules) -> list[dict[int, float]]:
    """Per item: group · W + week → money ordered there."""
    units = order_units(problem, tables, found)
    spent = spending(problem, units)
    worth: list[dict[int, float]] = [{} for _item in problem.items.price]
    for offer, week in zip(*np.nonzero(units), strict=True):
        key = int(problem.offers.group[offer]) * problem.weeks + int(week)
        mine = worth[problem.offers.item[offer]]
        mine[key] = mine.get(key, 0.0) + float(spent[offer, week])
    return worth
