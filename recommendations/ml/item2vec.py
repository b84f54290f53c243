"""item2vec: items as words, histories as sentences; near are those that stand among the same others."""

from __future__ import annotations

import numpy as np

from .content import content_neighbours
from .interactions import Interactions
from .sources import HistoryRule, Neighbours

NEIGHBOURS = 200
START = 0.5  # spread of the vectors at first, over their number


def fit_item2vec(train: Interactions, params: dict, seed: int) -> Neighbours:
    """Skip-gram with negative sampling over each user's rows in their order; then the nearest items.

    weight(i → j) = max(0, cos(i, j))^sharpness · n_j / (n_j + shrink) of the vectors less their mean, of n_j
    users of j: where an item that few have stands is luck. params: shrink, factors, window
    (rows on either side, drawn anew from 1 to it for each row), negatives, power (of an item's count, by which
    negatives are drawn), rate (falls to a tenth), epochs, sharpness, recency_baskets, recency_rows. Needs numba.
    Source: Mikolov et al., NeurIPS 2013; Barkan & Koenigstein, MLSP 2016; Caselles-Dupré, Lesaint &
    Royo-Letelier, RecSys 2018 (the power is worth a search).
    """
    vectors = item_vectors(train, params, seed)
    weights = content_neighbours(vectors, NEIGHBOURS, seed)
    counts = train.item_users()
    known = (counts / (counts + params["shrink"])).astype(np.float32)
    weights.data **= np.float32(params["sharpness"])
    weights.data *= known[weights.indices]
    return Neighbours(weights, HistoryRule.of(params))


def item_vectors(train: Interactions, params: dict, seed: int) -> np.ndarray:
    """float32 (n_items, factors); zeros for what nobody has. One thread: the same seed, the same bits."""
    from .item2vec_loops import rows_learned  # numba takes half a second

    rng = np.random.default_rng(seed)
    history, size = train.histories, params["factors"]
    counts = train.item_users()
    sold = counts > 0
    likely = np.where(sold, np.maximum(counts, 1) ** params["power"], 0.0)
    drawn = np.cumsum(likely) / max(likely.sum(), 1e-30)
    state = rng.integers(1, 2**63, 1, dtype=np.uint64)
    own = ((rng.random((train.n_items, size)) - 0.5) * (2 * START / size)).astype(np.float32)
    other = np.zeros((train.n_items, size), dtype=np.float32)
    rows = history.indptr.astype(np.int64), history.row_user, history.item_idx.astype(np.int64)
    for epoch in range(params["epochs"]):
        rate = params["rate"] * (1 - 0.9 * epoch / params["epochs"])
        options = np.float32(rate), params["window"], params["negatives"]
        order = rng.permutation(len(history.item_idx))
        rows_learned(order, rows, (own, other), drawn, state, options)
    return np.where(sold[:, None], own, np.float32(0))
