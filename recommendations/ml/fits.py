"""Fit each source on a training part. Parameters are plain dictionaries, kept with the run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg, sparse

from . import als
from .attention_training import fit_attention
from .interactions import Interactions
from .sources import Factors, HistoryRule, Neighbours, Popular, Source, history_values
from .sparse_rows import strongest, strongest_sparse, without_diagonal

SECONDS_A_DAY = 86_400.0
EASE_ITEMS = 16_000  # a dense float32 inverse of this size takes 1 GB
NEIGHBOURS = 500  # kept per item; the truncated matrix is what is measured and what serves


def fit_popularity(train: Interactions, params: dict, seed: int) -> Popular:
    """How many users touched each item, each counting 2^(−age / half life).

    params: half_life_days or None; ages run back from the newest interaction of the part.
    """
    values = decayed_values(train, by_weight=False, half_life_days=params["half_life_days"])
    counts = np.bincount(train.histories.item_idx, weights=values, minlength=train.n_items)
    return Popular(counts.astype(np.float32))


def decayed_values(
    train: Interactions, by_weight: bool, half_life_days: float | None
) -> np.ndarray:
    """float32 per pair: its strength, halved for every half life before the newest pair.

    Without times, or with no half life, nothing decays.
    """
    values = history_values(train.histories.weight, by_weight)
    if half_life_days is None or train.at is None or not len(train.at):
        return values
    age_days = (train.at.max() - train.at) / SECONDS_A_DAY
    return (values * np.exp2(-age_days / half_life_days)).astype(np.float32)


def fit_item_knn(train: Interactions, params: dict, seed: int) -> Neighbours:
    """Item to item similarity of `implicit`: the k nearest by cosine, TF-IDF or BM25.

    params: similarity, k.
    """
    from implicit.nearest_neighbours import (
        ItemItemRecommender,
        bm25_weight,
        normalize,
        tfidf_weight,
    )

    values = decayed_values(train, by_weight=False, half_life_days=None)
    counts = train.histories.matrix(values, train.n_items).T.astype(np.float64)
    weigh = {
        "cosine": normalize,
        "tfidf": lambda matrix: normalize(tfidf_weight(matrix)),
        "bm25": bm25_weight,
    }
    model = ItemItemRecommender(K=params["k"] + 1)  # an item is its own first neighbour
    model.fit(weigh[params["similarity"]](counts).T.tocsr(), show_progress=False)
    similarity = model.similarity.tocsr().astype(np.float32)
    return Neighbours(without_diagonal(similarity), HistoryRule())


def fit_als(train: Interactions, params: dict, seed: int) -> Factors:
    """Implicit ALS: on the GPU where `implicit` has one, else by the loops of `als`.

    params: factors, regularization, alpha, iterations, by_weight, half_life_days,
    recency_baskets. The confidence is 1 + alpha · value, the value as `decayed_values` says.
    """
    values = decayed_values(train, params["by_weight"], params["half_life_days"])
    confidence = train.histories.matrix(1 + params["alpha"] * values, train.n_items)
    item_factors = als_item_factors(confidence, params, seed, gpu=has_cuda())
    rule = HistoryRule(params["recency_baskets"], params["by_weight"])
    return Factors.of(item_factors, params["alpha"], params["regularization"], rule)


def has_cuda() -> bool:
    import implicit.gpu

    return bool(implicit.gpu.HAS_CUDA)


def als_item_factors(
    confidence: sparse.csr_matrix, params: dict, seed: int, *, gpu: bool
) -> np.ndarray:
    """float32 (n_items, factors), by the fastest solver there is: docs/performance.md."""
    if gpu or not als.compiled_here():
        return _by_implicit(confidence, params, seed, gpu=gpu)
    options = als.AlsParams(params["factors"], params["regularization"], params["iterations"], seed)
    return als.fit_factors(confidence, options)[1]


def _by_implicit(
    confidence: sparse.csr_matrix, params: dict, seed: int, *, gpu: bool
) -> np.ndarray:
    from implicit.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    model = AlternatingLeastSquares(
        factors=params["factors"],
        regularization=params["regularization"],
        alpha=1.0,
        iterations=params["iterations"],
        use_gpu=gpu,
        random_state=seed,
        num_threads=0 if gpu else als.threads_here(),
    )
    with threadpool_limits(1, "blas"):  # implicit runs its own threads; BLAS's would fight them
        model.fit(confidence, show_progress=False)
    factors = model.item_factors
    return np.asarray(factors.to_numpy() if gpu else factors, dtype=np.float32)


def fit_ease(train: Interactions, params: dict, seed: int) -> Neighbours:
    """The linear item-item model that predicts each history best from its other items.

    B = −P / diag(P) with P = (XᵀX + Λ)⁻¹ and Λ = λ + dropout/(1 − dropout) · diag(XᵀX).
    params: penalty (λ), dropout, user_norm (each user's row is divided by its size to this
    power), by_weight, half_life_days, recency_baskets.
    Raises ValueError for more than EASE_ITEMS items: the dense inverse would not fit.
    Source: Steck, WWW 2019 (EASE); Steck, NeurIPS 2020 (the dropout penalty).
    """
    if train.n_items > EASE_ITEMS:
        raise ValueError(f"{train.n_items} items are more than {EASE_ITEMS}: too many for EASE")
    values = decayed_values(train, params["by_weight"], params["half_life_days"])
    matrix = train.histories.matrix(values, train.n_items)
    if params["user_norm"]:
        sizes = np.maximum(np.diff(train.histories.indptr), 1).astype(np.float32)
        scale = (sizes / sizes.mean()) ** (-params["user_norm"] / 2)
        matrix = sparse.diags(scale) @ matrix
    gram = np.asarray((matrix.T @ matrix).todense(), dtype=np.float32)
    diagonal = np.diag(gram).copy()
    dropout = params["dropout"]
    np.fill_diagonal(gram, diagonal * (1 + dropout / (1 - dropout)) + params["penalty"])
    weights = _ease_weights(gram)
    rule = HistoryRule(params["recency_baskets"], params["by_weight"])
    return Neighbours(strongest(weights, NEIGHBOURS), rule)


def _ease_weights(gram: np.ndarray) -> np.ndarray:
    """Dense float32 (n, n) with a zero diagonal; `gram` is used up."""
    factor, problem = linalg.lapack.spotrf(gram.T, lower=0, overwrite_a=1)
    if problem:
        raise ValueError("the penalised Gram matrix is not positive definite")
    inverse, _problem = linalg.lapack.spotri(factor, lower=0, overwrite_c=1)
    inverse = np.triu(inverse)
    inverse += np.triu(inverse, 1).T
    weights = inverse / -np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    return weights


def fit_transitions(train: Interactions, params: dict, seed: int) -> Neighbours:
    """Decayed counts of what comes after (or with) what, per source item's popularity.

    params: lag_baskets (e-folding of a pair's distance), backward (weight of the earlier item
    given the later one), item_norm (divide by the target's popularity to this power),
    recency_baskets. Items of one basket count in both directions. Pairs are at most WINDOW
    rows apart, so a long basket costs what it is long, not its square.
    """
    first, second, distance = _close_pairs(train)
    weight = np.exp(-distance / params["lag_baskets"]).astype(np.float32)
    back = np.where(distance == 0, 1.0, params["backward"]).astype(np.float32) * weight
    shape = (train.n_items, train.n_items)
    counts = sparse.coo_matrix((weight, (first, second)), shape=shape).tocsr()
    if back.any():
        counts = counts + sparse.coo_matrix((back, (second, first)), shape=shape).tocsr()
    users = np.maximum(train.item_users(), 1)
    # +5: a pair seen once between rare items is weak evidence; the shrinkage of item-kNN papers.
    left = sparse.diags((1 / (users + 5)).astype(np.float32))
    right = sparse.diags((users ** -params["item_norm"]).astype(np.float32))
    weights = strongest_sparse((left @ counts @ right).tocsr(), NEIGHBOURS)
    return Neighbours(without_diagonal(weights), HistoryRule(params["recency_baskets"]))


WINDOW = 30


def _close_pairs(train: Interactions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Earlier item, later item, baskets between, for all rows at most WINDOW apart."""
    history = train.histories
    user, item, ago = history.row_user, history.item_idx, history.baskets_ago
    parts = []
    for lag in range(1, min(WINDOW, len(user) - 1) + 1):
        same = user[lag:] == user[:-lag]
        parts.append((item[:-lag][same], item[lag:][same], (ago[:-lag] - ago[lag:])[same]))
    if not parts:
        empty = np.zeros(0, dtype=np.int32)
        return empty, empty, empty
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore


FITS: dict[str, Callable[..., Source]] = {
    "popularity": fit_popularity,
    "item_knn": fit_item_knn,
    "als": fit_als,
    "ease": fit_ease,
    "transitions": fit_transitions,
    "sasrec": fit_attention,
}


def fit(name: str, train: Interactions, params: dict, seed: int) -> Source:
    """Fit one source by its name. Raises KeyError for an unknown one."""
    return FITS[name](train, params, seed)
