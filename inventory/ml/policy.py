"""Classes of SKUs, and what a promise to a class means for one SKU's level and its price of a shortage."""

from __future__ import annotations

import numpy as np

SHARE_A, SHARE_B = 0.80, 0.95  # of the money, the usual cuts; Silver, Pyke & Thomas, 4th ed., 2.3
STEADY, VARIABLE = 0.5, 1.0  # coefficient of variation of a week's demand, the usual cuts of XYZ
LEAST_LEVEL, MOST_LEVEL = 0.5, 0.999


def abc_xyz(money: np.ndarray, variation: np.ndarray) -> list[str]:
    """(n,) "AX" … "CZ": by share of the money, dearest first, and by the variation of a week.

    money: (n,) expected sales of the same time, NaN = unknown counts as nothing. variation: (n,)
    standard deviation over mean of a week's demand; NaN (no demand) is Z.
    """
    known = np.nan_to_num(money)
    order = np.argsort(-known, kind="stable")
    before = np.cumsum(known[order]) - known[order]
    share = np.empty(len(known))
    share[order] = before / max(known.sum(), 1e-12)
    first = np.where(share < SHARE_A, "A", np.where(share < SHARE_B, "B", "C"))
    first = np.where(known > 0, first, "C")
    second = np.where(variation <= STEADY, "X", np.where(variation <= VARIABLE, "Y", "Z"))
    return [a + b for a, b in zip(first.tolist(), second.tolist(), strict=True)]


def level_for_fill_rate(cycle: np.ndarray, lead: np.ndarray, fill_rate: float) -> float:
    """The cycle service level whose stock loses at most 1 − fill_rate of a cycle's mean demand.

    cycle, lead: (draws,) demand until the next delivery and until this one, the same draws.
    Shortage of a cycle = E(cycle − S)⁺ − E(lead − S)⁺.
    Source: Silver, Pyke & Thomas, 4th ed., 6.9 (periodic review, fraction of demand).
    """
    mean = float(cycle.mean() - lead.mean())
    if mean <= 0:
        return LEAST_LEVEL
    levels = np.sort(cycle)
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        at = levels[middle]
        short = np.maximum(cycle - at, 0).mean() - np.maximum(lead - at, 0).mean()
        if short <= (1 - fill_rate) * mean:
            high = middle
        else:
            low = middle + 1
    return float(np.clip((low + 1) / len(levels), LEAST_LEVEL, MOST_LEVEL))


def shortage_price(
    level: float, *, holding: float, margin: float, shortage_rate: float, review_weeks: float
) -> float:
    """Money of a lost unit: what it really costs, or what its service target makes of it if more.

    A level is optimal when level = price / (price + holding of a review period), so the target's
    price is holding · level / (1 − level). Source: the newsvendor's critical ratio, Snyder & Shen,
    Fundamentals of Supply Chain Theory, 2nd ed., 4.3.
    """
    implied = holding * review_weeks * level / (1 - level)
    return max(margin * shortage_rate, implied)


def newsvendor_level(underage: float, overage: float) -> float:
    """Critical ratio: the chance with which the best order covers demand."""
    return underage / (underage + overage)


def economic_order_units(demand: float, *, order_cost: float, holding: float) -> float:
    """√(2·K·λ/h); demand and holding of the same time. Source: Harris (1913)."""
    return float(np.sqrt(2 * order_cost * demand / holding))


def economic_order_with_breaks(
    demand: float, *, order_cost: float, holding_rate: float, breaks: list[tuple[float, float]]
) -> tuple[float, float]:
    """(units, cost of the same time) under an all-units discount; breaks [(from units, unit cost)].

    The best of each price's economic order, raised to where the price begins.
    Source: Snyder & Shen, 2nd ed., 3.4.1.
    """
    found = []
    for number, (least, cost) in enumerate(breaks):
        units = max(
            economic_order_units(demand, order_cost=order_cost, holding=holding_rate * cost), least
        )
        if number + 1 < len(breaks) and units >= breaks[number + 1][0]:
            continue
        total = cost * demand + order_cost * demand / units + holding_rate * cost * units / 2
        found.append((total, units))
    total, units = min(found)
    return units, total


def best_reorder_levels(
    chances: np.ndarray, *, holding: float, shortage: float, order_cost: float
) -> tuple[int, int, float]:
    """(s, S, cost per period) of the best (s, S) policy without lead time, by looking at every pair.

    chances: (d + 1,) chance of a period's demand 0 … d. The plan itself weighs its own weeks; this
    is the textbook's figure to hold it against.
    Source: Zheng & Federgruen, Operations Research 39 (1991), equations 1 to 5.
    """
    units = np.arange(len(chances))
    top = 4 * len(chances)
    levels = np.arange(-len(chances), top)
    short = np.maximum(units[None, :] - levels[:, None], 0) @ chances
    left = np.maximum(levels[:, None] - units[None, :], 0) @ chances
    period = holding * left + shortage * short
    visits = np.zeros(top + len(chances))
    visits[0] = 1 / (1 - chances[0])
    for gap in range(1, len(visits)):
        reach = min(gap, len(chances) - 1)
        past = visits[gap - reach : gap][::-1]
        visits[gap] = chances[1 : reach + 1] @ past / (1 - chances[0])
    best = (0, 0, np.inf)
    for upper in range(1, len(levels)):
        spent = np.cumsum(visits[:upper] * period[upper:0:-1])
        cost = (order_cost + spent) / np.cumsum(visits[:upper])
        gap = int(np.argmin(cost))
        if cost[gap] < best[2] - 1e-12:
            best = (int(levels[upper - gap - 1]), int(levels[upper]), float(cost[gap]))
    return best
