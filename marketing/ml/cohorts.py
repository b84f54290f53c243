"""Cohorts of customers by the period of their first order: who came back, and what they brought.

A cohort's period 0 is the calendar month or ISO week of its first orders, period k the k-th after it.
Retention of period k ≥ 1 is the share of the cohort with an order day in that period. Revenue and
margin are per customer of the cohort, cumulated from her first order on. Everything is computed from
order days of one population, so the figures of a table fit each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from .order_days import OrderDays

UNITS = ("month", "week")
MOST_COHORTS, MOST_PERIODS = 24, 12
# A mean of fewer customers' money is not shown: one large order would be all it says.
LEAST_CUSTOMERS = 10
# Where costs of less of the revenue are known, margin is not shown.
LEAST_KNOWN_RATE = 0.95
LEVEL = 0.95


def period_of(day: np.ndarray, unit: str) -> np.ndarray:
    """Whole periods since 1970 of days since 1970; weeks begin on Monday. Shape and order kept."""
    if unit == "week":
        return (np.asarray(day, np.int64) + 3) // 7  # 1970-01-01 was a Thursday
    return np.asarray(day, np.int64).astype("M8[D]").astype("M8[M]").astype(np.int64)


def start_day(period: np.ndarray, unit: str) -> np.ndarray:
    """The first day, since 1970, of a period."""
    if unit == "week":
        return np.asarray(period, np.int64) * 7 - 3
    return np.asarray(period, np.int64).astype("M8[M]").astype("M8[D]").astype(np.int64)


def first_days(days: OrderDays) -> np.ndarray:
    """Day of each customer's first order, shape (customers,)."""
    starts = np.ones(days.customer_idx.size, bool)
    starts[1:] = np.diff(days.customer_idx) != 0
    return days.day[starts]


@dataclass(frozen=True)
class Money:
    """Per customer, cumulated, minor units: mean with the ends of a 95 % t interval, each of shape
    (cohorts, periods + 1). NaN: not begun yet, too few customers, or costs unknown."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class CohortTable:
    """Rows are cohorts, oldest first; column k is the k-th period after the first order's.

    cohort: int64 period of the first orders (n,); customers: int64 (n,).
    active: int64 (n, K + 1), customers with an order in period k; -1 in column 0 and where the
    period has not begun. is_complete: bool, the period is over. low, high: Wilson's 95 % interval
    of the share, NaN where `active` is -1. known_cost_rate: (n,), of revenue; NaN without revenue.
    """

    unit: str
    cohort: np.ndarray
    customers: np.ndarray
    active: np.ndarray
    is_complete: np.ndarray
    low: np.ndarray
    high: np.ndarray
    revenue: Money
    margin: Money
    known_cost_rate: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """active over customers, NaN where it is not known."""
        return np.where(
            self.active >= 0, self.active / np.maximum(self.customers, 1)[:, None], np.nan
        )

    def pooled(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All cohorts for which period k is over: (share, low, high, customers), shape (K + 1,)."""
        use = self.is_complete & (self.active >= 0)
        customers = np.where(use, self.customers[:, None], 0).sum(axis=0)
        active = np.where(use, self.active, 0).sum(axis=0)
        low, high = wilson(active, customers)
        share = np.where(customers > 0, active / np.maximum(customers, 1), np.nan)
        return share, low, high, customers


def wilson(
    active: np.ndarray, customers: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share, elementwise; NaN without customers.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    z = norm.ppf(0.5 + level / 2)
    n = np.where(customers > 0, customers, np.nan).astype(float)
    rate = active / n
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def t_interval(
    sums: np.ndarray, squares: np.ndarray, customers: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low, high from Σx and Σx² of `customers` values; NaN under LEAST_CUSTOMERS of them."""
    n = np.where(customers >= LEAST_CUSTOMERS, customers, np.nan).astype(float)
    mean = sums / n
    variance = np.maximum(squares / n - mean**2, 0) * n / (n - 1)
    half = student.ppf(0.5 + level / 2, n - 1) * np.sqrt(variance / n)
    return mean, mean - half, mean + half


def cohort_table(
    days: OrderDays, margin: np.ndarray, today: int, unit: str, *, most: int = MOST_COHORTS
) -> CohortTable:
    """The newest `most` cohorts.

    days: order days, amounts net revenue; margin: parallel to them, NaN with a unit of unknown cost,
    which is taken at the known rate of its cohort. today: the day of "now", whose period is not over.
    """
    first = period_of(first_days(days), unit) if days.day.size else np.zeros(0, np.int64)
    cohorts, row = np.unique(first, return_inverse=True)
    kept = cohorts[-most:] if most else cohorts
    row = row - (cohorts.size - kept.size)
    size = kept.size
    customers = np.bincount(row[row >= 0], minlength=size).astype(np.int64)
    now = int(period_of(np.array([today]), unit)[0])
    age = now - kept[:, None] - np.arange(MOST_PERIODS + 1)[None, :]  # periods since column k
    begun, is_complete = age >= 0, age > 0

    who, since = days.customer_idx, period_of(days.day, unit) - first[days.customer_idx]
    inside = (row[who] >= 0) & (since <= MOST_PERIODS)
    who, since, spent, earned = (one[inside] for one in (who, since, days.amount, margin))
    active = _active(who, since, row, size)
    active = np.where(begun & (np.arange(MOST_PERIODS + 1) > 0), active, -1)
    low, high = wilson(np.where(active >= 0, active, np.nan), customers[:, None])
    known, rate = _known(row[who], spent, earned, size)
    filled = np.where(np.isfinite(earned), earned, spent * rate[row[who]])
    has_costs = (known >= LEAST_KNOWN_RATE)[:, None]
    return CohortTable(
        unit, kept, customers, active, is_complete, low, high,
        _money((who, since, spent), row, customers, begun),
        _money((who, since, filled), row, customers, begun & has_costs),
        known,
    )  # fmt: skip


def only(days: OrderDays, keep: np.ndarray) -> OrderDays:
    """Of the customers that `keep` (bool, (customers,)) names; their numbers become dense again."""
    inside = keep[days.customer_idx]
    number = np.cumsum(keep) - 1
    return OrderDays(number[days.customer_idx[inside]], days.day[inside], days.amount[inside])


def margin_rates(days: OrderDays, margin: np.ndarray, *, shrink_orders: int = 3) -> np.ndarray:
    """Each customer's margin over revenue, drawn to the shop's by `shrink_orders` mean order days;
    NaN for everybody where no cost is known. Shape (customers,)."""
    known = np.isfinite(margin) & (days.amount > 0)
    revenue = np.bincount(days.customer_idx[known], days.amount[known], days.customers)
    earned = np.bincount(days.customer_idx[known], margin[known], days.customers)
    if not known.any():
        return np.full(days.customers, np.nan)
    shop = earned.sum() / revenue.sum()
    weight = shrink_orders * revenue.sum() / known.sum()
    return (earned + weight * shop) / (revenue + weight)


def _active(who: np.ndarray, since: np.ndarray, row: np.ndarray, size: int) -> np.ndarray:
    """Customers with an order day in each period, (cohorts, K + 1)."""
    width = MOST_PERIODS + 1
    pairs = np.unique(who * width + since)
    flat = row[pairs // width] * width + pairs % width
    return np.bincount(flat, minlength=size * width).reshape(size, width)


def _known(
    row: np.ndarray, spent: np.ndarray, earned: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of each cohort: share of revenue with known costs, and the margin rate on that part."""
    known = np.isfinite(earned)
    total = np.bincount(row, spent, size)
    with_cost = np.bincount(row[known], spent[known], size)
    margin = np.bincount(row[known], earned[known], size)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, with_cost / total, np.nan), np.where(
            with_cost > 0, margin / with_cost, np.nan
        )


def _money(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
    row: np.ndarray,
    customers: np.ndarray,
    use: np.ndarray,
) -> Money:
    who, since, amount = rows
    per_customer = np.zeros((row.size, MOST_PERIODS + 1))
    np.add.at(per_customer, (who, since), np.nan_to_num(amount))
    np.cumsum(per_customer, axis=1, out=per_customer)
    inside, size = row >= 0, customers.size
    sums, squares = (
        np.stack([np.bincount(row[inside], column[inside], size) for column in table.T], axis=1)
        for table in (per_customer, per_customer**2)
    )
    found = t_interval(sums, squares, customers[:, None])
    return Money(*(np.where(use, one, np.nan) for one in found))
