"""EASE, the closed-form linear autoencoder: dense for some items, in overlapping blocks for many."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from .interactions import Interactions
from .sources import HistoryRule, Neighbours, decayed_values
from .sparse_rows import spread_out, strongest

EASE_ITEMS = 16_000  # a dense float32 inverse of this size takes 1 GB
BLOCK = 512  # items whose weights are read from one inverse
CONTEXT = 2_000  # items in that inverse: the block and what is bought most with it; 16 MB
MOST_ITEMS = 100_000  # 200 inverses, minutes
NEIGHBOURS = 500  # kept per item; the truncated matrix is what is measured and what serves


def fit_ease(train: Interactions, params: dict, seed: int) -> Neighbours:
    """The linear item-item model that predicts each history best from its other items.

    B = −P / diag(P) with P = (XᵀX + Λ)⁻¹ and Λ = λ + dropout/(1 − dropout) · diag(XᵀX).
    Past EASE_ITEMS items each item's column is solved over its block's CONTEXT items alone, which
    is the same where the context holds all items.
    params: penalty (λ), dropout, user_norm (each user's row is divided by its size to this
    power), by_weight, half_life_days, most_items (only so many best sellers are in it; None:
    all), recency_baskets, recency_rows.
    Source: Steck, WWW 2019 (EASE); Steck, NeurIPS 2020 (the dropout penalty).
    """
    values = decayed_values(train, params["by_weight"], params["half_life_days"])
    matrix = train.histories.matrix(values, train.n_items)
    if params["user_norm"]:
        sizes = np.maximum(np.diff(train.histories.indptr), 1).astype(np.float32)
        scale = (sizes / sizes.mean()) ** (-params["user_norm"] / 2)
        matrix = sparse.diags(scale) @ matrix
    sold = _best_sellers(train, params["most_items"])
    matrix = matrix.tocsc()[:, sold]
    if len(sold) <= EASE_ITEMS:
        weights = strongest(ease_weights(matrix, params), NEIGHBOURS)
    else:
        weights = weights_by_blocks(matrix, params)
    rule = HistoryRule.of(params)
    return Neighbours(spread_out(weights, sold, train.n_items), rule)


def _best_sellers(train: Interactions, most: int | None) -> np.ndarray:
    """int64, ascending: items that were sold, the best sellers where there are more than `most`."""
    users = train.item_users()
    sold = np.flatnonzero(users)
    if most is None or len(sold) <= most:
        return sold
    return np.sort(sold[np.argsort(-users[sold], kind="stable")[:most]])


def ease_weights(matrix: sparse.csc_matrix, params: dict) -> np.ndarray:
    """Dense float32 (n, n) with a zero diagonal, from users × items."""
    gram = np.asarray((matrix.T @ matrix).todense(), dtype=np.float32)
    dropout = params["dropout"]
    diagonal = np.diag(gram) * (1 + dropout / (1 - dropout)) + params["penalty"]
    np.fill_diagonal(gram, diagonal)
    factor, problem = linalg.lapack.spotrf(gram.T, lower=0, overwrite_a=1)
    if problem:
        raise ValueError("the penalised Gram matrix is not positive definite")
    inverse, _problem = linalg.lapack.spotri(factor, lower=0, overwrite_c=1)
    inverse = np.triu(inverse)
    inverse += np.triu(inverse, 1).T
    weights = inverse / -np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    return weights


def weights_by_blocks(
    matrix: sparse.csc_matrix, params: dict, *, block: int = BLOCK, context: int = CONTEXT
) -> sparse.csr_matrix:
    """CSR float32 (n, n): the columns of each block of items, solved over the block's context.

    A block is the best seller not yet in one and what is bought most with it; its context is
    what is bought most with the block. Memory: two `context`² matrices and the result.
    """
    n_items = matrix.shape[1]
    norms = np.sqrt(np.maximum(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel(), 1e-12))
    left = norms.copy()  # 0 for what has been in a block
    columns = []
    while left.any():
        first = _alike(matrix, np.array([left.argmax()]), norms) * (left > 0)
        # What was never bought with it follows by sales: a block is full as long as items are left.
        order = np.lexsort((-left, -first))[:block]
        chosen = np.sort(order[left[order] > 0])
        left[chosen] = 0
        near = _alike(matrix, chosen, norms)
        near[chosen] = np.inf
        inside = np.sort(np.lexsort((-norms, -near))[:context])
        weights = ease_weights(matrix[:, inside], params)[:, np.searchsorted(inside, chosen)]
        kept = strongest(np.ascontiguousarray(weights.T), NEIGHBOURS).tocoo()
        columns.append((inside[kept.col], chosen[kept.row], kept.data))
    rows, cols, data = (np.concatenate(part) for part in zip(*columns, strict=True))
    return sparse.csr_matrix((data, (rows, cols)), (n_items, n_items))


def _alike(matrix: sparse.csc_matrix, chosen: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """float64 (n_items,): each item's cosine with each of the chosen ones, added up."""
    users = matrix[:, chosen] @ (1 / norms[chosen])
    return (matrix.T @ users) / norms
