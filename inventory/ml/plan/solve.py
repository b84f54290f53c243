"""One plan over all SKUs and suppliers: simple rule, bound, search of orders, programme, best of all.

No step looks at a clock: the same problem gives the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bound import lower_bound
from .greedy import greedy, over_limits
from .master import Pool, choose, limit_prices
from .problem import Problem
from .schedules import (
    Prices,
    Schedules,
    Tables,
    best_schedules,
    make_tables,
    order_units,
    true_costs,
)
from .usage import Row, group_orders, item_usage, limit_rows, order_cost, prices_of

ROUNDS = 40  # of the bound
SWEEPS = 3  # over all possible orders, opening and closing one at a time
COLUMN_ROUNDS = 6  # of new schedules at the programme's own prices
TRIES = 2  # of the programme: again with schedules made for the orders that it opened
MOST_TIES = 3_000  # rows between schedules and orders; with more the searched orders are kept


@dataclass(frozen=True)
class Plan:
    """units (m, W) ordered by offer and week, and what is known of the plan's money.

    cost: expected lost margin, holding, waste, dearer purchase and order cost; bound: no plan costs
    less. duals (R,): money that one more of each of `rows` would earn; used (R,).
    broken: rows that cannot be kept, and by how much.
    """

    units: np.ndarray
    steps: np.ndarray
    method: str
    cost: float
    bound: float
    greedy_cost: float
    nothing_cost: float
    rows: list[Row]
    used: np.ndarray
    duals: np.ndarray
    broken: list[tuple[Row, float]]


def solve(problem: Problem) -> Plan:
    """The plan, never worse than the simple rule, with what no plan can beat."""
    tables, rows = make_tables(problem), limit_rows(problem)
    simple = greedy(problem, tables)
    nothing = Schedules(np.zeros_like(simple.steps), np.full_like(simple.offer, -1))
    simple_cost = plan_cost(problem, tables, simple)
    bound = lower_bound(problem, tables, rows, target=simple_cost, rounds=ROUNDS)
    open_orders, searched = _search_orders(problem, tables, (rows, bound.duals))
    pool = Pool()
    for known in (nothing, simple, searched, *bound.seen):
        pool.add(problem, tables, known, rows)
    found = [("greedy", simple), ("milp", searched)]
    duals = np.zeros(len(rows))
    for _try in range(TRIES):
        duals = _grow(problem, tables, (pool, rows, open_orders))
        programme = _programme(problem, pool, rows, open_orders)
        if programme is None:
            break
        found.insert(0, ("milp", programme))
        worth = group_orders(problem, order_units(problem, tables, programme))
        open_orders = worth > 0
    method, best = min(found, key=lambda one: _rank(problem, tables, one[1]))
    used = item_usage(problem, tables, best, rows).sum(axis=1)
    caps = np.array([row.limit for row in rows])
    again, _schedules = best_schedules(
        problem, tables, prices_of(problem, rows, duals, bound.fixed)
    )
    cost = plan_cost(problem, tables, best)
    return Plan(
        units=order_units(problem, tables, best),
        steps=tables.step,
        method=method,
        cost=cost,
        bound=min(max(bound.value, float(again.sum() - duals @ caps)), cost),
        greedy_cost=simple_cost,
        nothing_cost=plan_cost(problem, tables, nothing),
        rows=rows,
        used=used,
        duals=duals,
        broken=over_limits(problem, tables, best),
    )


def plan_cost(problem: Problem, tables: Tables, found: Schedules) -> float:
    units = order_units(problem, tables, found)
    return float(true_costs(problem, tables, found).sum()) + order_cost(problem, units)


def _rank(problem: Problem, tables: Tables, found: Schedules) -> tuple[float, float]:
    """First what is broken, in shares of its limit, then money."""
    broken = over_limits(problem, tables, found)
    share = sum(over / max(row.limit, 1.0) for row, over in broken)
    worth = group_orders(problem, order_units(problem, tables, found))
    small = (worth > 0) & (worth < problem.limits.minimum[:, None] - 1e-6)
    return round(share + float(small.sum()), 9), plan_cost(problem, tables, found)


def _programme(
    problem: Problem, pool: Pool, rows: list[Row], open_orders: np.ndarray
) -> Schedules | None:
    ties = sum(len(worth) for worth in pool.worth)
    if ties <= MOST_TIES:
        return choose(problem, pool, rows)
    if rows or (problem.limits.minimum > 0).any():
        return choose(problem, pool, rows, open_orders)
    return None


def _grow(problem: Problem, tables: Tables, known: tuple) -> np.ndarray:
    """Add the schedules that the programme's own prices ask for; returns the last prices."""
    pool, rows, open_orders = known
    duals = np.zeros(len(rows))
    for _round in range(COLUMN_ROUNDS if rows else 0):
        duals = limit_prices(problem, pool, rows, open_orders)
        fixed = _fixed(problem, open_orders)
        _value, found = best_schedules(problem, tables, prices_of(problem, rows, duals, fixed))
        if not pool.add(problem, tables, found, rows):
            break
    return duals


def _fixed(problem: Problem, open_orders: np.ndarray) -> np.ndarray:
    return np.where(open_orders[problem.offers.group], 0.0, np.inf)


def _search_orders(
    problem: Problem, tables: Tables, priced: tuple[list[Row], np.ndarray]
) -> tuple[np.ndarray, Schedules]:
    """(G, W) orders worth their cost: each is opened or closed while that saves money."""
    rows, duals = priced
    possible = np.zeros((len(problem.limits.order_cost), problem.weeks), dtype=bool)
    np.logical_or.at(possible, problem.offers.group, problem.offers.may_order)
    open_orders = possible.copy()
    prices = prices_of(problem, rows, duals, _fixed(problem, open_orders))
    value, found = best_schedules(problem, tables, prices)
    open_orders &= group_orders(problem, order_units(problem, tables, found)) > 0
    value, found = best_schedules(problem, tables, _with(prices, _fixed(problem, open_orders)))
    members = [
        np.unique(problem.offers.item[problem.offers.group == group])
        for group in range(len(possible))
    ]
    for _sweep in range(SWEEPS):
        changed = False
        for group in np.flatnonzero(problem.limits.order_cost > 0):
            for week in np.flatnonzero(possible[group]):
                changed |= _flip(
                    problem, tables, (open_orders, value, members, prices), (int(group), int(week))
                )
        if not changed:
            break
    return _large_enough(problem, tables, open_orders, prices)


def _flip(problem: Problem, tables: Tables, state: tuple, at: tuple[int, int]) -> bool:
    """Open or close one order if that saves money; `open_orders` and `value` are changed in place."""
    open_orders, value, members, prices = state
    mine = members[at[0]]
    open_orders[at] = not open_orders[at]
    fixed = _with(prices, _fixed(problem, open_orders))
    trial, _found = best_schedules(problem, tables, fixed, mine)
    cost = problem.limits.order_cost[at[0]] * (1 if open_orders[at] else -1)
    if trial.sum() + cost < value[mine].sum() - 1e-6:
        value[mine] = trial
        return True
    open_orders[at] = not open_orders[at]
    return False


def _large_enough(
    problem: Problem, tables: Tables, open_orders: np.ndarray, prices: Prices
) -> tuple[np.ndarray, Schedules]:
    """Close orders that stay below their supplier's minimum, the smallest first."""
    while True:
        priced = _with(prices, _fixed(problem, open_orders))
        _value, found = best_schedules(problem, tables, priced)
        worth = group_orders(problem, order_units(problem, tables, found))
        open_orders &= worth > 0
        small = (worth > 0) & (worth < problem.limits.minimum[:, None])
        if not small.any():
            return open_orders, found
        group = int(np.flatnonzero(small.any(axis=1))[0])
        shortfall = np.where(small[group], worth[group], np.inf)
        open_orders[group, int(np.argmin(shortfall))] = False


def _with(prices: Prices, fixed: np.ndarray) -> Prices:
    return Prices(fixed, prices.spent, prices.unit, prices.space)
