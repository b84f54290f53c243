"""The best orders of one SKU at given prices of everything shared: exact dynamic programming.

A state is what has arrived in all, in steps. Expected shortage, holding and waste depend on the
state alone, what an order costs on its size; so the best way through the weeks is a shortest path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from .problem import STATES, Problem, steps_of


@dataclass(frozen=True)
class Tables:
    """Expected money and stock by item, week and state, all (n, W, STATES + 1); step (n,) units."""

    step: np.ndarray
    money: np.ndarray
    waste: np.ndarray
    on_hand: np.ndarray


@dataclass(frozen=True)
class Prices:
    """What the shared limits cost at the moment.

    fixed:  (m, W) money for ordering at all in a week; inf = may not.
    spent:  (W,) money for each unit of money spent in a week.
    unit:   (m, W) money for each unit ordered (its litres and kilos in the delivery).
    space:  (P, W) money for each litre on the shelf.
    """

    fixed: np.ndarray
    spent: np.ndarray
    unit: np.ndarray
    space: np.ndarray


@dataclass(frozen=True)
class Schedules:
    """steps (n, W): steps that arrive in each week; offer (n, W): from whom, −1 = nobody."""

    steps: np.ndarray
    offer: np.ndarray


def make_tables(problem: Problem) -> Tables:
    items = problem.items
    step = steps_of(problem)
    money, waste, on_hand = _tables(
        np.ascontiguousarray(items.net), step.astype(float), items.price, items.holding,
        items.cost, items.life_weeks.astype(np.int64), items.weekly,
    )  # fmt: skip
    return Tables(step, money, waste, on_hand)


def best_schedules(
    problem: Problem, tables: Tables, prices: Prices, rows: np.ndarray | None = None
) -> tuple[np.ndarray, Schedules]:
    """Cheapest schedule of each item (of `rows`, default all) and its value at these prices."""
    offers, items = problem.offers, problem.items
    rows = np.arange(len(items.price)) if rows is None else np.asarray(rows, dtype=np.int64)
    value, steps, offer = _best(
        rows, (tables.step, tables.money, tables.waste, tables.on_hand),
        (problem.first_offer, offers.lead_weeks, offers.moq, offers.pack, offers.break_units,
         offers.break_cost), (items.cost, items.litres, items.place),
        (np.where(offers.may_order, prices.fixed, np.inf), prices.spent, prices.unit, prices.space),
    )  # fmt: skip
    return value, Schedules(steps, offer)


def order_units(problem: Problem, tables: Tables, found: Schedules) -> np.ndarray:
    """(m, W) units ordered, by offer and week of ordering."""
    units = np.zeros((len(problem.offers.item), problem.weeks), dtype=np.int64)
    item, week = np.nonzero(found.offer >= 0)
    offer = found.offer[item, week]
    at = week - problem.offers.lead_weeks[offer]
    np.add.at(units, (offer, at), found.steps[item, week] * tables.step[item])
    return units


def spending(problem: Problem, units: np.ndarray) -> np.ndarray:
    """(m, W) money of those orders, with price breaks."""
    offers = problem.offers
    cost = np.broadcast_to(offers.break_cost[:, :1], units.shape).copy()
    for number in range(1, offers.break_units.shape[1]):
        there = units >= offers.break_units[:, number : number + 1]
        cost = np.where(there, offers.break_cost[:, number : number + 1], cost)
    return cost * units


def true_costs(problem: Problem, tables: Tables, found: Schedules) -> np.ndarray:
    """(n,) expected money of each schedule without any price of what is shared."""
    count, weeks = found.steps.shape
    state = np.cumsum(found.steps, axis=1)
    rows, columns = np.arange(count)[:, None], np.arange(weeks)[None, :]
    total = tables.money[rows, columns, state].sum(axis=1)
    before = state - found.steps
    total += (tables.waste[rows, columns, state] - tables.waste[rows, columns, before]).sum(axis=1)
    units = order_units(problem, tables, found)
    usual = problem.items.cost[problem.offers.item][:, None] * units
    dearer = (spending(problem, units) - usual).sum(axis=1)
    return total + np.bincount(problem.offers.item, dearer, count)


@njit(cache=True)
def _tables(net, step, price, holding, cost, life, weekly):  # noqa: PLR0913
    count, columns, cases = net.shape
    weeks = columns - 1
    shape = (count, weeks, STATES + 1)
    money, waste, on_hand = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for item in range(count):
        for week in range(weeks):
            end = week + life[item]
            past = max(end - weeks + 1, 0) * weekly[item]
            until = min(end, weeks - 1) + 1
            for state in range(STATES + 1):
                level = state * step[item]
                short, before, left, spoilt = 0.0, 0.0, 0.0, 0.0
                for case in range(cases):
                    gap = net[item, week + 1, case] - level
                    short += max(gap, 0.0)
                    left += max(-gap, 0.0)
                    before += max(net[item, week, case] - level, 0.0)
                    if life[item] > 0:
                        spoilt += max(level - net[item, until, case] - past, 0.0)
                on_hand[item, week, state] = left / cases
                money[item, week, state] = (
                    price[item] * (short - before) + holding[item] * left
                ) / cases
                waste[item, week, state] = cost[item] * spoilt / cases
    return money, waste, on_hand


@njit(cache=True)
def _best(rows, tables, offers, items, prices):
    step, money, waste, on_hand = tables
    cost, litres, place = items
    weeks = money.shape[1]
    values = np.zeros(len(rows))
    steps = np.zeros((len(rows), weeks), np.int64)
    chosen = np.full((len(rows), weeks), -1, np.int64)
    best = np.empty((weeks + 1, STATES + 1))
    came = np.zeros((weeks, STATES + 1), np.int64)
    who = np.full((weeks, STATES + 1), -1, np.int64)
    order = np.empty(STATES + 1)
    for number in range(len(rows)):
        item = rows[number]
        best[0, :] = np.inf
        best[0, 0] = 0.0
        for week in range(weeks):
            _order_costs(order, who[week], (item, week, step[item], cost[item]), offers, prices)
            shelf = prices[3][place[item], week] * litres[item]
            for state in range(STATES + 1):
                low, size = best[week, state], 0
                for taken in range(1, state + 1):
                    if order[taken] == np.inf:
                        continue
                    before = state - taken
                    total = best[week, before] + order[taken]
                    total += waste[item, week, state] - waste[item, week, before]
                    if total < low:
                        low, size = total, taken
                came[week, state] = size
                best[week + 1, state] = (
                    low + money[item, week, state] + shelf * on_hand[item, week, state]
                )
        state = int(np.argmin(best[weeks]))
        values[number] = best[weeks, state]
        for week in range(weeks - 1, -1, -1):
            size = came[week, state]
            steps[number, week] = size
            if size > 0:
                chosen[number, week] = who[week, size]
            state -= size
    return values, steps, chosen


@njit(cache=True)
def _order_costs(order, who, place, offers, prices):
    """What each size of an arrival costs with its cheapest supplier, into `order` and `who`."""
    item, week, step, usual = place
    first, lead, moq, pack, break_units, break_cost = offers
    fixed, spent, unit, _space = prices
    order[:] = np.inf
    who[:] = -1
    for offer in range(first[item], first[item + 1]):
        at = week - lead[offer]
        if at < 0 or fixed[offer, at] == np.inf:
            continue
        for taken in range(1, len(order)):
            units = taken * step
            if units < moq[offer] or units % pack[offer]:
                continue
            each = break_cost[offer, 0]
            for number in range(1, break_units.shape[1]):
                if units >= break_units[offer, number]:
                    each = break_cost[offer, number]
            total = fixed[offer, at] + units * (each - usual + spent[at] * each + unit[offer, at])
            if total < order[taken]:
                order[taken] = total
                who[taken] = offer
