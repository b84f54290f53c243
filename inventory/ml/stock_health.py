"""Turns, GMROI, ageing and the risk of running out. Pure."""

from __future__ import annotations

import numpy as np

DAYS_PER_YEAR = 365
AGE_LIMITS = (30, 90, 180, 365)  # days; what is older is the last bucket


def turns(cogs_minor: float, average_stock_minor: float, days: int) -> float | None:
    """How often a year the stock is sold through: cost of goods sold over average stock at cost.

    None without any stock: nothing turned. Source: Silver, Pyke & Thomas, 4th ed., 1.3.
    """
    if average_stock_minor <= 0:
        return None
    return cogs_minor * DAYS_PER_YEAR / days / average_stock_minor


def gmroi(margin_minor: float, average_stock_minor: float, days: int) -> float | None:
    """Gross margin a year for each unit of money in stock at cost; None without stock."""
    if average_stock_minor <= 0:
        return None
    return margin_minor * DAYS_PER_YEAR / days / average_stock_minor


def age_units(on_hand: int, arrivals: list[tuple[int, int]]) -> list[int]:
    """Units on hand by age, first in first out: what is left came last.

    arrivals: (days ago, units), the newest first. What no arrival explains is of the oldest age.
    returns:  units up to AGE_LIMITS days old, and older; together on_hand.
    """
    buckets = [0] * (len(AGE_LIMITS) + 1)
    left = max(on_hand, 0)
    for days_ago, units in arrivals:
        taken = min(units, left)
        buckets[int(np.searchsorted(AGE_LIMITS, days_ago))] += taken
        left -= taken
    buckets[-1] += left
    return buckets


def out_risk(cumulative: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """(H,) chance that demand has reached the supply on or before each day.

    cumulative: (draws, H) units wanted up to and including each day.
    supply:     (H,) units available now and arriving up to and including each day.
    Once sold out counts as sold out, also if goods arrive later.
    """
    return np.maximum.accumulate(cumulative >= np.maximum(supply, 0), axis=1).mean(axis=0)


def daily_average(opening: np.ndarray, change: np.ndarray) -> np.ndarray:
    """(n,) mean evening stock. opening (n,) before the first day, change (n, D) a day; never below 0."""
    return np.maximum(opening[:, None] + np.cumsum(change, axis=1), 0).mean(axis=1)
