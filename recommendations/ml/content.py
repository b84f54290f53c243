"""Neighbours by what products are said to be: the way to items that nobody has bought yet."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .interactions import Interactions
from .sources import HistoryRule, Neighbours
from .sparse_rows import strongest

DIRECTIONS = 128  # kept of the vectors past MANY items, where full ones would cost minutes
MANY = 20_000
ROWS_AT_ONCE = 1_024


def fit_content(train: Interactions, params: dict, seed: int) -> Neighbours:
    """Items whose descriptions lie closest, bought or not.

    weight(i → j) = max(0, cos(i, j))^sharpness of the vectors less their mean, which is what all
    descriptions of a shop have in common; the k largest per item. Items without a description
    (a zero vector) have no neighbours and are nobody's. params: k, sharpness, recency_baskets.
    Raises ValueError for a training part without vectors.
    """
    if train.content is None:
        raise ValueError("the items have no descriptions to compare")
    weights = content_neighbours(train.content, params["k"], seed)
    weights.data **= np.float32(params["sharpness"])
    return Neighbours(weights, HistoryRule.of(params))


def content_neighbours(vectors: np.ndarray, k: int, seed: int) -> sparse.csr_matrix:
    """CSR float32 (n, n): the k largest positive cosines of each row, without the diagonal."""
    described = np.abs(vectors).max(axis=1) > 0
    centred = np.where(described[:, None], vectors - vectors[described].mean(axis=0), 0)
    if len(vectors) > MANY and vectors.shape[1] > DIRECTIONS:
        # A random projection keeps cosines to about 1 / √DIRECTIONS.
        # Source: Johnson & Lindenstrauss, Contemporary Mathematics 26, 1984.
        draws = np.random.default_rng(seed).normal(size=(vectors.shape[1], DIRECTIONS))
        centred = centred @ draws
    lengths = np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    unit = (centred / np.maximum(lengths, 1e-12)).astype(np.float32)
    rows = []
    for start in range(0, len(unit), ROWS_AT_ONCE):
        cosines = np.maximum(unit[start : start + ROWS_AT_ONCE] @ unit.T, 0)
        own = np.arange(len(cosines))
        cosines[own, start + own] = 0
        rows.append(strongest(cosines, k))
    return sparse.vstack(rows, format="csr")


def with_unsold(
    similar: Neighbours, content: Neighbours, item_users: np.ndarray, share: float = 0.5
) -> Neighbours:
    """`similar` with, for items that nobody has bought, what their descriptions say.

    Rows are brought to a largest weight of 1; links to and from unsold items count `share` of the
    content's weight, so that a new item stands beside what it is like, below what is proven.
    item_users: (n_items,), how many users touched each item.
    """
    matrix = similar.weights
    highest = np.maximum(matrix.max(axis=1).toarray().ravel(), 1e-12)
    proven = sparse.diags((1 / highest).astype(np.float32)) @ matrix
    unsold = sparse.diags((item_users == 0).astype(np.float32))
    links = content.weights
    new = unsold @ links + links @ unsold - unsold @ links @ unsold
    total = (proven + share * new).tocsr().astype(np.float32)
    total.eliminate_zeros()
    return Neighbours(total, similar.rule)
