"""What is known of customers before a message goes out: six figures from their orders."""

from __future__ import annotations

import numpy as np

NAMES = (
    "days_since_last_order", "orders", "spent_minor", "days_since_first_order",
    "orders_of_90_days", "days_between_orders",
)  # fmt: skip
DAY = 86_400.0


def order_features(
    wanted: np.ndarray,
    customer: np.ndarray,
    placed_at: np.ndarray,
    amount_minor: np.ndarray,
    *,
    as_of: float,
) -> np.ndarray:
    """(len(wanted), 6) float in the order of NAMES.

    wanted: customer keys, each once. customer, placed_at (epoch seconds), amount_minor: parallel, one entry per
    order before `as_of`, in any order. NaN where a figure does not exist: no order, no second one.
    """
    order = np.argsort(wanted)
    place = np.searchsorted(wanted, customer, sorter=order)
    place = np.minimum(place, len(wanted) - 1)
    row = order[place]
    mine = wanted[row] == customer
    row, at, amount = row[mine], placed_at[mine], amount_minor[mine].astype(float)
    n = len(wanted)
    count = np.bincount(row, minlength=n).astype(float)
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, row, at)
    np.maximum.at(last, row, at)
    some = count > 0
    found = np.full((n, len(NAMES)), np.nan)
    found[some, 0] = (as_of - last[some]) / DAY
    found[:, 1] = count
    found[:, 2] = np.bincount(row, weights=amount, minlength=n)
    found[some, 3] = (as_of - first[some]) / DAY
    found[:, 4] = np.bincount(row[at >= as_of - 90 * DAY], minlength=n)
    twice = count > 1
    found[twice, 5] = (last[twice] - first[twice]) / DAY / (count[twice] - 1)
    return found
