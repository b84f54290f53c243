"""One order far beyond what a SKU's orders usually ask for is no sign of what comes next."""

from __future__ import annotations

import numpy as np

LEAST_LINES = 15  # of a SKU, before an unusual size can be told
TIMES_USUAL = 6.0  # beyond its 95 % quantile
SMALLEST_UNITS = 10
MOST_OF_A_KIND = 2  # a third such order makes it a habit of the SKU


def bulk_lines(row: np.ndarray, units: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(k,) bool: whether lines of that size are one-off bulk orders of their SKU.

    row (k,): SKU; units (k,): size of a line; times (k,): how many lines have it.
    A line is one when it is above ten units and six times what 95 of 100 lines of its SKU stay at
    or below, and its SKU has at most two such lines.
    """
    found = np.zeros(len(row), dtype=bool)
    order = np.lexsort((units, row))
    starts = np.flatnonzero(np.diff(row[order], prepend=-1))
    for place in np.split(order, starts[1:]):
        if not len(place):
            continue
        count = np.cumsum(times[place])
        if count[-1] < LEAST_LINES:
            continue
        usual = units[place[np.searchsorted(count, 0.95 * (count[-1] - MOST_OF_A_KIND))]]
        large = units[place] > max(TIMES_USUAL * usual, SMALLEST_UNITS)
        if times[place][large].sum() <= MOST_OF_A_KIND:
            found[place[large]] = True
    return found
