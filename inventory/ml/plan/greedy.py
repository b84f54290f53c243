"""The simple rule: week by week, raise what is below its level, best money per money spent first.

What most shops do with a spreadsheet; the plan must not be worse, and falls back on it.
"""

from __future__ import annotations

import numpy as np

from .problem import STATES, Problem
from .schedules import Schedules, Tables, order_units
from .usage import Row, group_orders, item_usage, limit_rows


def greedy(problem: Problem, tables: Tables) -> Schedules:
    """(R, S) orders with each item's first offer, cut where a shared limit or a minimum says so."""
    count, weeks = len(problem.items.price), problem.weeks
    found = Schedules(
        np.zeros((count, weeks), dtype=np.int64), np.full((count, weeks), -1, dtype=np.int64)
    )
    listed = limit_rows(problem)
    rows = {(row.kind, row.where, row.week): number for number, row in enumerate(listed)}
    empty = item_usage(problem, tables, found, listed).sum(axis=1)
    left = np.array([row.limit for row in listed]) - empty
    offer = problem.first_offer[:-1]
    for week in range(weeks):
        wanted = _wanted(problem, tables, found, (offer, week))
        _take(problem, tables, found, (offer, week, wanted, rows, left))
    return _without_small_orders(problem, tables, found)


def _wanted(
    problem: Problem, tables: Tables, found: Schedules, at: tuple[np.ndarray, int]
) -> np.ndarray:
    """(n,) steps to the level that covers until the delivery after this one; 0 = enough."""
    offer, week = at
    offers, items, weeks = problem.offers, problem.items, problem.weeks
    arrival = week + offers.lead_weeks[offer]
    later = offers.may_order[offer] & (np.arange(weeks)[None, :] > week)
    following = np.where(later.any(axis=1), later.argmax(axis=1), weeks)
    cover = np.minimum(following + offers.lead_weeks[offer], weeks)
    rows = np.arange(len(offer))
    net = np.sort(items.net[rows, cover], axis=1)
    place = np.minimum((items.level * net.shape[1]).astype(int), net.shape[1] - 1)
    level = np.maximum(net[rows, place], 0)
    have = (found.steps.sum(axis=1)) * tables.step
    short = level - have
    units = np.maximum(short, offers.moq[offer])
    steps = np.ceil(units / tables.step).astype(int)
    allowed = offers.may_order[offer, week] & (arrival < weeks) & (short > 0)
    room = STATES - found.steps.sum(axis=1)
    return np.where(allowed, np.minimum(steps, room), 0)


def _take(problem: Problem, tables: Tables, found: Schedules, job: tuple) -> None:
    """Enter the wanted orders by money per money spent while every shared limit holds."""
    offer, week, wanted, rows, left = job
    items, offers = problem.items, problem.offers
    order = np.flatnonzero(wanted)
    arrival = week + offers.lead_weeks[offer]
    state = found.steps.sum(axis=1)
    after = np.minimum(state + wanted, STATES)
    gain = tables.money[order, arrival[order], state[order]]
    gain = gain - tables.money[order, arrival[order], after[order]]
    value = gain / np.maximum(items.cost[order] * wanted[order] * tables.step[order], 1)
    for item in order[np.argsort(-value, kind="stable")]:
        row, arrives = int(item), int(arrival[item])
        extra = _extra(problem, tables, (row, int(offer[row]), week, int(wanted[row])), found)
        numbers = [(rows[key], use) for key, use in extra.items() if key in rows]
        if all(use <= left[number] + 1e-9 for number, use in numbers):
            for number, use in numbers:
                left[number] -= use
            found.steps[row, arrives] = wanted[row]
            found.offer[row, arrives] = offer[row]


def _extra(
    problem: Problem, tables: Tables, order: tuple[int, int, int, int], found: Schedules
) -> dict[tuple[str, int, int], float]:
    """(kind, where, week) → what one more order uses; its item's later weeks are still empty."""
    item, offer, week, steps = order
    offers, items, limits = problem.offers, problem.items, problem.limits
    units = float(steps * tables.step[item])
    place = int(np.searchsorted(offers.break_units[offer], units, side="right")) - 1
    money = units * float(offers.break_cost[offer, max(place, 0)])
    group = int(offers.group[offer])
    extra = {
        ("container_litres", group, week): units * float(items.litres[item]),
        ("container_kg", group, week): units * float(items.kilos[item]),
    }
    for number, (first, last) in enumerate(limits.budget_weeks):
        if first <= week <= last:
            extra["budget", number, -1] = money
    if items.litres[item] > 0:
        state = int(found.steps[item].sum())
        for later in range(week + int(offers.lead_weeks[offer]), problem.weeks):
            more = tables.on_hand[item, later, state + steps] - tables.on_hand[item, later, state]
            extra["shelf", int(items.place[item]), later] = float(items.litres[item] * more)
    return extra


def _without_small_orders(problem: Problem, tables: Tables, found: Schedules) -> Schedules:
    """Orders below the supplier's minimum are not placed."""
    worth = group_orders(problem, order_units(problem, tables, found))
    small = (worth > 0) & (worth < problem.limits.minimum[:, None])
    item, arrival = np.nonzero(found.offer >= 0)
    offer = found.offer[item, arrival]
    at = arrival - problem.offers.lead_weeks[offer]
    gone = small[problem.offers.group[offer], at]
    found.steps[item[gone], arrival[gone]] = 0
    found.offer[item[gone], arrival[gone]] = -1
    return found


def over_limits(problem: Problem, tables: Tables, found: Schedules) -> list[tuple[Row, float]]:
    """Every row that is broken and by how much."""
    rows = limit_rows(problem)
    used = item_usage(problem, tables, found, rows).sum(axis=1)
    return [
        (row, float(use - row.limit))
        for row, use in zip(rows, used, strict=True)
        if use > row.limit * (1 + 1e-7) + 1e-6
    ]
