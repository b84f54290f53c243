"""Short random walks over who bought what: from an item to its users and on to their items."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .interactions import Interactions
from .sources import HistoryRule, Neighbours
from .sparse_rows import strongest_sparse, without_diagonal

NEIGHBOURS = 300  # kept per item


def fit_walks(train: Interactions, params: dict, seed: int) -> Neighbours:
    """How likely a walk item → user → item ends at each item, against how popular that is.

    weight(i → j) = Σ_u (1 / n_i)^alpha · (1 / n_u)^alpha / n_j^beta. params: alpha, beta,
    recency_baskets. Source: Paudel et al., ACM TiiS 7(1), 2016 (RP3β, P3α).
    """
    histories = train.histories
    sizes = np.maximum(np.diff(histories.indptr), 1).astype(np.float64)
    users = np.maximum(train.item_users(), 1)
    ones = np.ones(len(histories.item_idx), dtype=np.float32)
    matrix = histories.matrix(ones, train.n_items)
    through = sparse.diags((sizes ** -params["alpha"]).astype(np.float32))
    out = sparse.diags((users ** -params["alpha"]).astype(np.float32))
    back = sparse.diags((users ** -params["beta"]).astype(np.float32))
    weights = without_diagonal((out @ (matrix.T @ (through @ matrix)) @ back).tocsr())
    return Neighbours(strongest_sparse(weights, NEIGHBOURS), HistoryRule.of(params))
