"""The plan as arrays: SKUs, who sells them on what terms, what all must share. Weeks and minor units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STATES = 64  # steps between nothing and all that the weeks could need


@dataclass(frozen=True)
class Items:
    """One row per SKU and warehouse (n).

    net:       (n, W + 1, K) equally likely units that stock at hand and on order leave uncovered by
               the end of each week, in the same K cases throughout; column 0 is where the first
               order could arrive, and weeks before that repeat it. Negative = stock left.
    price:     (n,) money that a unit short costs: margin, or more where the service target asks it.
    holding:   (n,) money that a unit in stock costs per week.
    cost:      (n,) usual unit cost.
    litres, kilos: (n,) per unit, 0 = takes none.
    place:     (n,) warehouse 0 … P−1.
    life_weeks: (n,) from arrival to expiry, 0 = for ever.
    weekly:    (n,) mean demand of a week past the end.
    level:     (n,) cycle service level of the simple rule.
    """

    net: np.ndarray
    price: np.ndarray
    holding: np.ndarray
    cost: np.ndarray
    litres: np.ndarray
    kilos: np.ndarray
    place: np.ndarray
    life_weeks: np.ndarray
    weekly: np.ndarray
    level: np.ndarray


@dataclass(frozen=True)
class Offers:
    """One row per item and supplier who may deliver it (m), rows of an item together and in order.

    item, group: (m,) item; supplier at a warehouse 0 … G−1 (what shares an order).
    lead_weeks:  (m,) whole weeks from ordering to arrival.
    moq, pack:   (m,) units.
    break_units, break_cost: (m, B) from so many units on each costs so much, first from 0; rows
                 with fewer breaks repeat the last.
    may_order:   (m, W) bool, by the review period.
    """

    item: np.ndarray
    group: np.ndarray
    lead_weeks: np.ndarray
    moq: np.ndarray
    pack: np.ndarray
    break_units: np.ndarray
    break_cost: np.ndarray
    may_order: np.ndarray


@dataclass(frozen=True)
class Limits:
    """What all share; inf = no limit.

    order_cost, minimum, litres, kilos: (G,) of one order to a supplier and warehouse.
    budget_weeks: (D, 2) first and last week; budgets (D,) money of orders placed in them.
    space:        (P,) litres that a warehouse holds.
    """

    order_cost: np.ndarray
    minimum: np.ndarray
    litres: np.ndarray
    kilos: np.ndarray
    budget_weeks: np.ndarray
    budgets: np.ndarray
    space: np.ndarray


@dataclass(frozen=True)
class Problem:
    items: Items
    offers: Offers
    limits: Limits

    @property
    def weeks(self) -> int:
        return self.items.net.shape[1] - 1

    @property
    def first_offer(self) -> np.ndarray:
        """(n + 1,) row of each item's first offer, and the end."""
        counts = np.bincount(self.offers.item, minlength=len(self.items.price))
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def steps_of(problem: Problem) -> np.ndarray:
    """(n,) units between two states: whole packs of the first offer, so that STATES reach far enough.

    Far enough: the demand of all weeks in 99 of 100 cases and a smallest order more.
    """
    items, offers = problem.items, problem.offers
    first = problem.first_offer[:-1]
    need = np.maximum(np.quantile(items.net[:, -1], 0.99, axis=1), 0)
    need = need + np.maximum(offers.moq[first], offers.pack[first])
    pack = offers.pack[first]
    return (pack * np.maximum(np.ceil(need / (pack * STATES)), 1)).astype(np.int64)
