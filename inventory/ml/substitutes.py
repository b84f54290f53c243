"""What people take instead of a SKU that is out: counted in visits, drawn to likeness.

For a SKU a and another SKU b, over visits:

    n_a   visits that looked at a while it was out
    k_ab  of them, those that took b afterwards (cart or purchase)
    p_ab  the base rate: visits that looked at a while it was there and took b afterwards

The excess q_ab − p_ab is what being out moved to b. Its prior is learned from the whole shop: the
pooled excess, spread over a's other sizes and over similar items in proportion to likeness. Most
pairs are no substitutes and a few are good ones, so the prior has two parts (spike and slab:
Mitchell & Beauchamp, JASA 83, 1988), whose size, strength and dependence on likeness are those
with the largest marginal likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

SIZES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)  # of what a substitute takes beyond its base
STRENGTHS = (10.0, 50.0)  # of a substitute's prior, in visits
NONE_STRENGTH = 1000.0  # of the base of a pair that is no substitute
MOST_SURE, MOST_MOVED = 0.9, 0.8
SHARPNESS = (0.5, 1.0, 2.0, 4.0)  # likeness to this power
LIKE_AT_MOST = 60  # similar items that a SKU's prior is spread over
VIEWS_MISTRUSTED = 5.0  # co-views of rarely seen items are chance
BASE_STRENGTH = 50.0
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Visits:
    """What happened in visits; arrays of one entry per event, in no order.

    visit, row: int64 (n,): which visit, which SKU; at: float64 (n,) epoch seconds;
    was_out, taken: bool (n,): a look while the SKU was out; a cart addition or purchase. The rest
    are looks at what was there.
    """

    visit: np.ndarray
    row: np.ndarray
    at: np.ndarray
    was_out: np.ndarray
    taken: np.ndarray


@dataclass(frozen=True)
class Shelf:
    """int64 (rows,): the product and the category of every SKU; category −1 where it has none."""

    product: np.ndarray
    category: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Substitutes, by SKU and best first; arrays (pairs,).

    item, other: rows. lost_visits n, taken_visits k, base_rate p, taken_rate: posterior mean of the
    excess; low, high: its 0.1 and 0.9 quantile. likeness: float, 0 for another size.
    """

    item: np.ndarray
    other: np.ndarray
    lost_visits: np.ndarray
    taken_visits: np.ndarray
    base_rate: np.ndarray
    taken_rate: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Learned:
    """pairs, and what the prior came to. moved_rate: share of looks in vain that took something
    else instead, to another size of the product and to another product."""

    pairs: Pairs
    lost_visits: np.ndarray
    to_sibling_rate: float
    to_similar_rate: float
    sharpness: float


def learn_substitutes(visits: Visits, shelf: Shelf, *, most: int = 10) -> Learned:
    """Substitutes of every SKU that was looked at or has likenesses; at most `most` each.

    Only pairs with a positive excess are kept. Deterministic: equal excesses are ordered by row.
    """
    rows = len(shelf.product)
    lost, lost_taken = _followed(visits, visits.was_out & ~visits.taken, rows)
    seen, seen_taken = _followed(visits, ~visits.was_out & ~visits.taken, rows)
    item, other, likeness = _candidates(visits, shelf, lost_taken)
    counted = _Counted(
        item=item,
        other=other,
        n=lost[item],
        k=_entries(lost_taken, item, other),
        base=_base_rate(visits, seen[item], _entries(seen_taken, item, other), other),
        sibling=shelf.product[item] == shelf.product[other],
        likeness=likeness,
        rows=rows,
    )
    prior = _fit_prior(counted, float(lost.sum()))
    pairs = _posterior(counted, prior, most)
    return Learned(pairs, lost, *prior.rates, prior.sharpness)


@dataclass(frozen=True)
class _Counted:
    """Candidate pairs, arrays (pairs,): see the module's notation."""

    item: np.ndarray
    other: np.ndarray
    n: np.ndarray
    k: np.ndarray
    base: np.ndarray
    sibling: np.ndarray
    likeness: np.ndarray
    rows: int


def _entries(matrix: sparse.csr_matrix, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """float64: the entries at these places; scipy's own answer changes its type when empty."""
    entries = matrix.tocoo()
    key = entries.row.astype(np.int64) * matrix.shape[1] + entries.col
    order = np.argsort(key)
    if not len(key):
        return np.zeros(len(row))
    wanted = row * matrix.shape[1] + column
    place = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    return np.where(key[order][place] == wanted, entries.data[order][place], 0.0)


def _followed(
    visits: Visits, looked: np.ndarray, rows: int
) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Visits that looked at each SKU, int64 (rows,); and those that took another one afterwards,
    (rows, rows)."""
    visit, row, first = _first_looks(visits, looked, rows)
    count = np.bincount(row, minlength=rows)
    taken_visit, taken_row, taken_at = _last_takes(visits, rows)
    # Each look is joined with what its visit took.
    start = np.searchsorted(taken_visit, visit, side="left")
    length = np.searchsorted(taken_visit, visit, side="right") - start
    look = np.repeat(np.arange(len(visit)), length)
    take = np.repeat(start - (np.cumsum(length) - length), length) + np.arange(length.sum())
    after = (taken_at[take] >= first[look]) & (taken_row[take] != row[look])
    ones = np.ones(int(after.sum()))
    pairs = (row[look][after], taken_row[take][after])
    return count, sparse.coo_matrix((ones, pairs), shape=(rows, rows)).tocsr()


def _first_looks(
    visits: Visits, looked: np.ndarray, rows: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(visit, row, when first) of the distinct looks."""
    key = visits.visit[looked] * rows + visits.row[looked]
    order = np.lexsort((visits.at[looked], key))
    every, first = np.unique(key[order], return_index=True)
    return every // rows, every % rows, visits.at[looked][order][first]


def _last_takes(visits: Visits, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(visit, row, when last) of what was taken, visits ascending."""
    key = visits.visit[visits.taken] * rows + visits.row[visits.taken]
    order = np.lexsort((-visits.at[visits.taken], key))
    every, last = np.unique(key[order], return_index=True)
    return every // rows, every % rows, visits.at[visits.taken][order][last]


def _candidates(
    visits: Visits, shelf: Shelf, lost_taken: sparse.csr_matrix
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(item, other, likeness) of other sizes, the most alike of the category, and what was taken."""
    rows = len(shelf.product)
    alike = likenesses(visits, shelf)
    product_of = sparse.csr_matrix(
        (np.ones(rows), (np.arange(rows), shelf.product)), shape=(rows, alike.shape[0])
    )
    between = (product_of @ alike @ product_of.T).tocsr()
    siblings = (product_of @ product_of.T).tocsr()
    wanted = (between + siblings + lost_taken).tocoo()
    off = wanted.row != wanted.col
    item, other = wanted.row[off].astype(np.int64), wanted.col[off].astype(np.int64)
    order = np.lexsort((other, item))
    item, other = item[order], other[order]
    return item, other, _entries(between, item, other)


def likenesses(visits: Visits, shelf: Shelf) -> sparse.csr_matrix:
    """float (products, products): how alike two products of one category are looked at.

    Cosine of their visits, drawn to 0 where they are few: c_ab / √((c_a + m)(c_b + m)).
    The LIKE_AT_MOST largest of each product; zero diagonal.
    """
    products = int(shelf.product.max()) + 1 if len(shelf.product) else 0
    looked = ~visits.taken
    count = int(visits.visit.max()) + 1 if len(visits.visit) else 0
    views = sparse.coo_matrix(
        (
            np.ones(int(looked.sum())),
            (visits.visit[looked], shelf.product[visits.row[looked]]),
        ),
        shape=(count, products),
    ).tocsr()
    views.data[:] = 1.0
    together = (views.T @ views).tocoo()
    own = np.asarray(views.sum(axis=0)).ravel() + VIEWS_MISTRUSTED
    category = np.full(products, -1)
    category[shelf.product] = shelf.category
    kept = (together.row != together.col) & (category[together.row] == category[together.col])
    kept &= category[together.row] >= 0
    row, column = together.row[kept], together.col[kept]
    value = together.data[kept] / np.sqrt(own[row] * own[column])
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    start = np.searchsorted(row, row, side="left")
    best = np.arange(len(row)) - start < LIKE_AT_MOST
    shape = (products, products)
    return sparse.coo_matrix((value[best], (row[best], column[best])), shape=shape).tocsr()


def _base_rate(
    visits: Visits, seen: np.ndarray, taken: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """Share of visits that looked at the item while it was there and took the other one, drawn to
    how often the other one is taken in visits that found nothing out."""
    calm = ~np.isin(visits.visit, visits.visit[visits.was_out])
    count = max(len(np.unique(visits.visit[calm])), 1)
    rows = int(max(other.max(initial=0), visits.row.max(initial=0))) + 1
    bought = calm & visits.taken
    every = np.unique(np.stack([visits.visit[bought], visits.row[bought]], axis=1), axis=0)
    popular = np.bincount(every[:, 1], minlength=rows) / count
    return (taken + BASE_STRENGTH * popular[other]) / (seen + BASE_STRENGTH)


@dataclass(frozen=True)
class _Prior:
    """Before a pair's own visits are seen: with chance `chance` it is a substitute, which takes
    `size` more than its base, Beta of `strength` visits; else it takes its base.

    chance, size: float64 (pairs,). rates: share of looks in vain that moves to another size, and
    to another product.
    """

    chance: np.ndarray
    size: np.ndarray
    strength: float
    sharpness: float
    rates: tuple[float, float]

    def none(self, counted: _Counted) -> tuple[np.ndarray, np.ndarray]:
        """Parameters of the Beta of a pair that is no substitute, its visits seen."""
        return _beta(counted, np.zeros(len(self.size)), NONE_STRENGTH)

    def real(self, counted: _Counted) -> tuple[np.ndarray, np.ndarray]:
        """The same for one that is."""
        return _beta(counted, self.size, self.strength)


def _fit_prior(counted: _Counted, lost_visits: float) -> _Prior:
    """Moments for how much moves, marginal likelihood for where to, and whether few take much or
    many a little."""
    item, sibling, rows = counted.item, counted.sibling, counted.rows
    moved = counted.k - counted.n * counted.base
    # One invented visit in twenty keeps a shop without any look in vain above zero.
    to_sibling, to_similar = (
        max(float(moved[which].sum()) + 1.0, 0.1) / (lost_visits + 20.0)
        for which in (sibling, ~sibling)
    )
    own = _shares(item, sibling.astype(float), rows) * to_sibling
    none = _log_marginal(counted, np.zeros(len(item)), NONE_STRENGTH)
    found = []
    for sharpness in SHARPNESS:
        likeness = np.where(sibling, 0.0, np.maximum(counted.likeness, 0.0) ** sharpness)
        excess = np.minimum(own + _shares(item, likeness, rows) * to_similar, MOST_MOVED)
        for size in SIZES:
            sizes = np.maximum(size, excess / MOST_SURE)  # the prior's mean stays the excess
            chance = np.maximum(excess / sizes, 1e-6)
            for strength in STRENGTHS:
                real = _log_marginal(counted, sizes, strength)
                value = np.logaddexp(np.log1p(-chance) + none, np.log(chance) + real).sum()
                rates = (to_sibling, to_similar)
                found.append((float(value), _Prior(chance, sizes, strength, sharpness, rates)))
    return max(found, key=lambda one: one[0])[1]


def _shares(item: np.ndarray, weight: np.ndarray, rows: int) -> np.ndarray:
    """weight over the sum of its item's weights; 0 where that is 0."""
    total = np.bincount(item, weight, rows)[item]
    return np.divide(weight, total, out=np.zeros(len(weight)), where=total > 0)


def _log_marginal(counted: _Counted, size: np.ndarray, strength: float) -> np.ndarray:
    """float64 (pairs,): log chance of k of n under Beta(s·m, s·(1 − m)), m = base + size."""
    mean = np.clip(counted.base + size, 1e-6, 1 - 1e-6)
    a, b = _beta(counted, size, strength)
    return special.betaln(a, b) - special.betaln(strength * mean, strength * (1 - mean))


def _beta(counted: _Counted, size: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of the posterior under that prior."""
    mean = np.clip(counted.base + size, 1e-6, 1 - 1e-6)
    n, k = counted.n, counted.k
    return strength * mean + k, strength * (1 - mean) + np.maximum(n - k, 0)


def _posterior(counted: _Counted, prior: _Prior, most: int) -> Pairs:
    """The `most` largest excesses of each SKU, if above zero; ties by row."""
    none, real = prior.none(counted), prior.real(counted)
    gain = _log_marginal(counted, prior.size, prior.strength)
    gain = gain - _log_marginal(counted, np.zeros(len(gain)), NONE_STRENGTH)
    sure = special.expit(special.logit(prior.chance) + gain)
    means = [a / (a + b) for a, b in (none, real)]
    base, item, other = counted.base, counted.item, counted.other
    rate = (1 - sure) * means[0] + sure * means[1] - base
    order = np.lexsort((other, -rate, item))
    start = np.searchsorted(item[order], item[order], side="left")
    best = order[(np.arange(len(order)) - start < most) & (rate[order] > 0)]
    mixture = [(one[0][best], one[1][best]) for one in (none, real)]
    low, high = (_quantile(level, sure[best], mixture) - base[best] for level in (LOW, HIGH))
    counts = (counted.n[best], counted.k[best], base[best])
    return Pairs(item[best], other[best], *counts, rate[best], low, high)


def _quantile(
    level: float, sure: np.ndarray, mixture: list[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Of two Betas, the second with chance `sure`, by halving: 40 times is beyond a float's use."""
    low, high = np.zeros(len(sure)), np.ones(len(sure))
    (a0, b0), (a1, b1) = mixture
    for _halving in range(40):
        middle = (low + high) / 2
        below = (1 - sure) * special.betainc(a0, b0, middle) + sure * special.betainc(
            a1, b1, middle
        )
        low, high = np.where(below < level, middle, low), np.where(below < level, high, middle)
    return high
