"""Order days of customers, and what of them the models of buying read.

All orders of a customer on one date count as one order day (as in the literature on these models:
two parcels on a Tuesday are one visit); their amounts are added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class OrderDays:
    """One row per customer and date, sorted by customer, then date; parallel arrays.

    customer_idx: int64, 0 … n_customers − 1; day: int64 days since 1970; amount: float64, any one
    currency, NaN where the file has none.
    """

    customer_idx: np.ndarray
    day: np.ndarray
    amount: np.ndarray

    @property
    def customers(self) -> int:
        return int(self.customer_idx.max()) + 1 if self.customer_idx.size else 0

    def until(self, day: int) -> OrderDays:
        """What was known at the end of `day`; customers without an order by then drop out."""
        return self._where(self.day <= day)

    def of_every(self, step: int) -> OrderDays:
        """Each `step`-th customer, numbered anew."""
        return self._where(self.customer_idx % step == 0)

    def _where(self, keep: np.ndarray) -> OrderDays:
        _ids, place = np.unique(self.customer_idx[keep], return_inverse=True)
        return OrderDays(place.astype(np.int64), self.day[keep], self.amount[keep])

    def known_at(self, day: int) -> np.ndarray:
        """Customers with an order by the end of `day`, ascending: row i of `until(day)` is known[i]."""
        return np.unique(self.customer_idx[self.day <= day])

    def counts_between(self, after: int, until: int) -> np.ndarray:
        """Order days in (after, until] per customer, shape (customers,), int64."""
        inside = (self.day > after) & (self.day <= until)
        return np.bincount(self.customer_idx[inside], minlength=self.customers)


def order_days(customer_idx: np.ndarray, day: np.ndarray, amount: np.ndarray) -> OrderDays:
    """Merge the rows of a customer on one date. All shape (n,), any order; indices dense from 0."""
    order = np.lexsort((day, customer_idx))
    who, when, paid = customer_idx[order], day[order], amount[order]
    is_first = np.ones(who.size, dtype=bool)
    is_first[1:] = (np.diff(who) != 0) | (np.diff(when) != 0)
    starts = np.flatnonzero(is_first)
    sums = np.add.reduceat(paid, starts) if starts.size else paid
    return OrderDays(who[starts].astype(np.int64), when[starts].astype(np.int64), sums)


@dataclass(frozen=True)
class Histories:
    """One entry per customer, in the order of `customer_idx`; times in units of `unit_days`.

    repeats: order days after the first (x); last: first to last order (t_x, 0 without a repeat);
    age: first order to the end of the observation (T); log_gaps: sum of ln of the gaps between
    order days (0 without a repeat); spend: mean amount of the repeat order days, NaN without one.
    """

    repeats: np.ndarray
    last: np.ndarray
    age: np.ndarray
    log_gaps: np.ndarray
    spend: np.ndarray
    unit_days: float

    @property
    def size(self) -> int:
        return int(self.repeats.size)


class Clock(Protocol):
    """Days as the customers' rates count them; rate_clock.RateClock."""

    def time(self, day: np.ndarray | float) -> np.ndarray: ...


def histories(
    days: OrderDays, end_day: int, unit_days: float = 7.0, *, clock: Clock | None = None
) -> Histories:
    """What was observed by the end of `end_day`, in the clock's days where there is one.

    Raises ValueError for an order after `end_day`.
    """
    if days.day.size and days.day.max() > end_day:
        raise ValueError("an order lies after the end of the observation")
    who, n = days.customer_idx, days.customers
    first, last = np.full(n, np.iinfo(np.int64).max), np.zeros(n, dtype=np.int64)
    np.minimum.at(first, who, days.day)
    np.maximum.at(last, who, days.day)
    repeats = np.bincount(who, minlength=n) - 1
    is_repeat = np.zeros(who.size, dtype=bool)
    is_repeat[1:] = np.diff(who) == 0
    places = np.flatnonzero(is_repeat)
    time = np.asarray if clock is None else clock.time
    gaps = (time(days.day[places]) - time(days.day[places - 1])) / unit_days
    log_gaps = np.bincount(who[places], weights=np.log(gaps), minlength=n)
    paid = np.bincount(who[places], weights=days.amount[places], minlength=n)
    spend = np.where(repeats > 0, paid / np.maximum(repeats, 1), np.nan)
    return Histories(
        repeats.astype(np.float64),
        (time(last) - time(first)) / unit_days,
        (time(end_day) - time(first)) / unit_days,
        log_gaps,
        spend,
        unit_days,
    )
