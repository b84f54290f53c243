"""What is bought together, and what sells better now than before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .interactions import Histories, Interactions
from .sources import SECONDS_A_DAY, HistoryRule, Neighbours
from .sparse_rows import strongest_sparse, without_diagonal

NEIGHBOURS = 200
BASKET_ITEMS = 100  # a reseller's order of everything says little of what belongs together
BEFORE = 8  # half lives: how much longer than "now" the time is that it is compared with


def fit_complements(train: Interactions, params: dict, seed: int) -> Neighbours:
    """Items of one basket: how much more often together than by chance, where seen often enough.

    weight(i → j) = n_ij / n_i · (n / n_j)^lift · n_ij / (n_ij + shrink), of n baskets with two
    items or more, of which n_i hold i. A basket counts 1 / (its items − 1) for each pair.
    params: lift (0: confidence, 1: lift), shrink (pairs), recency_baskets. Only purchases count; a
    repeated purchase counts in its latest basket. Source: Brin et al., SIGMOD 1997 (lift).
    """
    baskets = _baskets(train)
    sizes = np.diff(baskets.indptr)
    pairs = (baskets.T @ baskets).tocsr().astype(np.float32)
    spread = (baskets.T @ sparse.diags((1 / (sizes - 1)).astype(np.float32)) @ baskets).tocsr()
    holding = np.maximum(np.asarray(baskets.sum(axis=0)).ravel(), 1)
    spread.sort_indices(), pairs.sort_indices()
    spread.data *= pairs.data / (pairs.data + params["shrink"])
    left = sparse.diags((1 / holding).astype(np.float32))
    right = sparse.diags(((baskets.shape[0] / holding) ** params["lift"]).astype(np.float32))
    weights = without_diagonal((left @ spread @ right).tocsr())
    return Neighbours(strongest_sparse(weights, NEIGHBOURS), HistoryRule.of(params))


def _baskets(train: Interactions) -> sparse.csr_matrix:
    """0/1 float32 (baskets, n_items): all baskets with 2 to BASKET_ITEMS bought items."""
    history = train.histories
    bought = history.bought
    user, ago, item = (
        history.row_user[bought],
        history.baskets_ago[bought],
        history.item_idx[bought],
    )
    changes = np.ones(len(user), dtype=bool)
    changes[1:] = (user[1:] != user[:-1]) | (ago[1:] != ago[:-1])
    basket = np.cumsum(changes) - 1
    sizes = np.bincount(basket) if len(basket) else np.zeros(0, dtype=np.int64)
    right = (sizes >= 2) & (sizes <= BASKET_ITEMS)
    number = np.cumsum(right) - 1
    kept = right[basket]
    ones = np.ones(int(kept.sum()), dtype=np.float32)
    shape = (int(right.sum()), train.n_items)
    return sparse.csr_matrix((ones, (number[basket[kept]], item[kept])), shape)


@dataclass(frozen=True)
class Trending:
    """The same score for everybody: what sells now, the more so the faster it grows."""

    trend: np.ndarray
    personal = False

    def scores(self, histories: Histories) -> np.ndarray:
        return np.broadcast_to(self.trend, (len(histories), len(self.trend)))

    def contributions(self, history: Histories, items: np.ndarray) -> np.ndarray:
        return np.zeros((len(history.item_idx), len(items)), dtype=np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        return {"trend": self.trend}


def fit_trend(train: Interactions, params: dict, seed: int) -> Trending:
    """Users a day now, times their growth over before to the power of `growth`.

    now: each pair counts 2^(−age / half_life_days); before: the same with a half life BEFORE
    times as long. Growth is (now + 1) / (before + 1), so that one sale of a rare item is no trend.
    Without times nothing can grow: plain counts. params: half_life_days, growth.
    """
    item, n_items = train.histories.item_idx, train.n_items
    if train.at is None or not len(train.at):
        return Trending(np.bincount(item, minlength=n_items).astype(np.float32))
    age_days = (train.at.max() - train.at) / SECONDS_A_DAY
    half_life = params["half_life_days"]
    now = np.bincount(item, weights=np.exp2(-age_days / half_life), minlength=n_items)
    longer = np.exp2(-age_days / (BEFORE * half_life)) / BEFORE
    before = np.bincount(item, weights=longer, minlength=n_items)
    return Trending((now * ((now + 1) / (before + 1)) ** params["growth"]).astype(np.float32))
