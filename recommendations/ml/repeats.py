"""Which products are bought again by those who have them, and how soon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Chosen, not measured: of so many buyers at least a fifth came back for it.
LEAST_BUYERS, LEAST_RATE = 30, 0.2
EARLY = 0.25  # it is offered when a quarter of those who came back had done so


@dataclass(frozen=True)
class Repeats:
    """Of n groups. buyers: int64, distinct pairs of customer and product; came_back: int64, of them those
    with a purchase on a later day; gap_days: float64, in which a quarter of the returns had happened,
    NaN without any."""

    buyers: np.ndarray
    came_back: np.ndarray
    gap_days: np.ndarray

    @property
    def again_days(self) -> np.ndarray:
        """float64 (n,): after how many days it makes sense to offer it again; NaN: never."""
        usual = self.came_back >= LEAST_RATE * np.maximum(self.buyers, LEAST_BUYERS)
        return np.where(usual, np.ceil(self.gap_days), np.nan)


def repeats_of(
    customer: np.ndarray, product: np.ndarray, day: np.ndarray, group: np.ndarray, n_groups: int
) -> Repeats:
    """customer, product: int64 codes per purchase; day: int64, days since any date; group: int64 per
    product code, such as the product itself or its category, −1 for none."""
    order = np.lexsort((day, customer, product))
    customer, product, day = customer[order], product[order], day[order]
    same = np.zeros(len(day), dtype=bool)
    same[1:] = (customer[1:] == customer[:-1]) & (product[1:] == product[:-1])
    gap = np.diff(day, prepend=day[:1])
    returns = same & (gap > 0)
    first = np.flatnonzero(~same)
    pair = np.cumsum(~same) - 1
    came = np.bincount(pair[returns], minlength=len(first)) > 0
    of_pair = group[product[first]]
    buyers = np.bincount(of_pair[of_pair >= 0], minlength=n_groups)
    came_back = np.bincount(of_pair[(of_pair >= 0) & came], minlength=n_groups)
    return Repeats(buyers, came_back, _early(group[product[returns]], gap[returns], n_groups))


def _early(group: np.ndarray, gap: np.ndarray, n_groups: int) -> np.ndarray:
    """float64 (n_groups,): the EARLY quantile of each group's gaps, the lower of two."""
    order = np.lexsort((gap, group))
    group, gap = group[order], gap[order]
    starts = np.searchsorted(group, np.arange(n_groups))
    sizes = np.searchsorted(group, np.arange(n_groups), side="right") - starts
    found = np.full(n_groups, np.nan)
    some = np.flatnonzero(sizes)
    found[some] = gap[starts[some] + ((sizes[some] - 1) * EARLY).astype(np.int64)]
    return found


def again_of_products(own: Repeats, of_category: Repeats, category: np.ndarray) -> np.ndarray:
    """float64 (n products,), NaN: never. A product with too few buyers to tell goes by its category.

    category: int64 per product, an index into of_category, −1 for none.
    """
    theirs = np.append(of_category.again_days, np.nan)[category]
    return np.where(own.buyers >= LEAST_BUYERS, own.again_days, theirs)
