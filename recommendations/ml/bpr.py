"""BPR: factors by which what somebody bought stands above what she did not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .interactions import Interactions
from .sources import Factors, HistoryRule

PASSES = 5  # over all pairs, in what the search calls an epoch: one pass takes a tenth of a second
START = 0.1  # spread of the factors at first


class BprTrainer:
    """Trains pass after pass; the same in one go or in several.

    params: factors, rate (step size), penalty, tries (how many drawn items the one to learn
    against is the hardest of; 1 is BPR as published), alpha, regularization and recency_baskets
    (of the fold-in, by `Factors`: users' own factors are not kept. The fold-in ranks better than
    they do, docs/recommendations.md). Needs numba.
    Source: Rendle et al., UAI 2009 (BPR); Zhang et al., SIGIR 2013 (the hardest of several).
    """

    def __init__(self, train: Interactions, params: dict, seed: int):
        history = train.histories
        self.params = params
        self.rng = np.random.default_rng(seed)
        self.state = self.rng.integers(1, 2**63, 1, dtype=np.uint64)
        self.pairs = history.row_user, history.item_idx.astype(np.int64)
        ascending = np.lexsort((history.item_idx, history.row_user))
        self.known = history.indptr.astype(np.int64), self.pairs[1][ascending]
        shape = params["factors"]
        self.users = self.rng.normal(0, START, (train.n_users, shape)).astype(np.float32)
        self.items = self.rng.normal(0, START, (train.n_items, shape)).astype(np.float32)
        self.bias = np.zeros(train.n_items, dtype=np.float32)
        self.sold = train.item_users() > 0

    def run(self, epochs: int, may_go_on: Callable[[], bool] = lambda: True) -> bool:
        """Train on; False when it was told to stop before the last pass."""
        # Lazily: numba takes half a second, and a process that only serves has no use for it.
        from .bpr_loops import pairs_learned

        numbers = np.float32(self.params["rate"]), np.float32(self.params["penalty"])
        options = (*numbers, self.params["tries"])
        factors = self.users, self.items, self.bias
        for _pass in range(epochs * PASSES):
            if not may_go_on():
                return False
            order = self.rng.permutation(len(self.pairs[0]))
            pairs_learned(order, self.pairs, self.known, factors, self.state, options)
        return True

    def source(self) -> Factors:
        """The items' factors as they stand; 0 for items that nobody has."""
        items = np.where(self.sold[:, None], self.items, np.float32(0))
        rule = HistoryRule.of(self.params)
        return Factors.of(items, self.params["alpha"], self.params["regularization"], rule)


def fit_bpr(train: Interactions, params: dict, seed: int) -> Factors:
    """BPR after `epochs` times PASSES passes; the rest as BprTrainer says."""
    trainer = BprTrainer(train, params, seed)
    trainer.run(params["epochs"])
    return trainer.source()
