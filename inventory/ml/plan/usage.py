"""What schedules use of the shared limits, and by how much they break them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .problem import Problem
from .schedules import Prices, Schedules, Tables, order_units, spending


@dataclass(frozen=True)
class Row:
    """One limit: kind is budget, container_litres, container_kg, shelf or minimum_order.

    where: budget, group or warehouse number; week: of ordering, or on the shelf; −1 for a budget.
    """

    kind: str
    where: int
    week: int
    limit: float


def limit_rows(problem: Problem) -> list[Row]:
    """The limits that are finite, always in the same order; not the minimum orders."""
    limits, weeks = problem.limits, range(problem.weeks)
    rows = [Row("budget", b, -1, float(v)) for b, v in enumerate(limits.budgets)]
    for kind, caps in (("container_litres", limits.litres), ("container_kg", limits.kilos)):
        rows += [
            Row(kind, g, week, float(caps[g]))
            for g in np.flatnonzero(np.isfinite(caps)).tolist()
            for week in weeks
        ]
    rows += [
        Row("shelf", p, week, float(limits.space[p]))
        for p in np.flatnonzero(np.isfinite(limits.space)).tolist()
        for week in weeks
    ]
    return rows


def item_usage(problem: Problem, tables: Tables, found: Schedules, rows: list[Row]) -> np.ndarray:
    """(R, n) what each item's schedule uses of each row."""
    offers, items, count = problem.offers, problem.items, len(problem.items.price)
    units = order_units(problem, tables, found)
    spent = spending(problem, units)
    state = np.cumsum(found.steps, axis=1)
    on_hand = tables.on_hand[np.arange(count)[:, None], np.arange(problem.weeks)[None, :], state]
    per_unit = {"container_litres": items.litres, "container_kg": items.kilos}
    used = np.zeros((len(rows), count))
    for number, row in enumerate(rows):
        if row.kind == "budget":
            first, last = problem.limits.budget_weeks[row.where]
            used[number] = np.bincount(offers.item, spent[:, first : last + 1].sum(axis=1), count)
        elif row.kind == "shelf":
            used[number] = (items.place == row.where) * items.litres * on_hand[:, row.week]
        else:
            mine = (offers.group == row.where) * units[:, row.week]
            used[number] = np.bincount(offers.item, mine, count) * per_unit[row.kind]
    return used


def prices_of(problem: Problem, rows: list[Row], duals: np.ndarray, fixed: np.ndarray) -> Prices:
    """The prices of the rows as the dynamic programme reads them."""
    offers, items, weeks = problem.offers, problem.items, problem.weeks
    spent, unit = np.zeros(weeks), np.zeros((len(offers.item), weeks))
    space = np.zeros((len(problem.limits.space), weeks))
    for row, dual in zip(rows, duals, strict=True):
        if row.kind == "budget":
            first, last = problem.limits.budget_weeks[row.where]
            spent[first : last + 1] += dual
        elif row.kind == "shelf":
            space[row.where, row.week] += dual
        else:
            size = items.litres if row.kind == "container_litres" else items.kilos
            unit[:, row.week] += dual * size[offers.item] * (offers.group == row.where)
    return Prices(fixed, spent, unit, space)


def group_orders(problem: Problem, units: np.ndarray) -> np.ndarray:
    """(G, W) money that each group's order of each week is worth; 0 = no order."""
    offers = problem.offers
    worth = np.zeros((len(problem.limits.order_cost), problem.weeks))
    np.add.at(worth, offers.group, spending(problem, units))
    return worth


def order_cost(problem: Problem, units: np.ndarray) -> float:
    """Money for placing the orders."""
    placed = np.zeros((len(problem.limits.order_cost), problem.weeks), dtype=bool)
    np.logical_or.at(placed, problem.offers.group, units > 0)
    return float((placed * problem.limits.order_cost[:, None]).sum())
