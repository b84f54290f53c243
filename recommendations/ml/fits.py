"""Fit each source on a training part. Parameters are plain dictionaries, kept with the run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from . import als
from .attention_training import fit_attention
from .bpr import fit_bpr
from .complements import fit_complements, fit_trend
from .content import fit_content
from .ease import fit_ease
from .interactions import Interactions
from .item2vec import fit_item2vec
from .sources import Factors, HistoryRule, Neighbours, Popular, Source, decayed_values
from .sparse_rows import strongest_sparse, without_diagonal
from .walks import fit_walks

NEIGHBOURS = 500  # kept per item; the truncated matrix is what is measured and what serves


def fit_popularity(train: Interactions, params: dict, seed: int) -> Popular:
    """How many users touched each item, each counting 2^(−age / half life).

    params: half_life_days or None; ages run back from the newest interaction of the part.
    """
    values = decayed_values(train, by_weight=False, half_life_days=params["half_life_days"])
    counts = np.bincount(train.histories.item_idx, weights=values, minlength=train.n_items)
    return Popular(counts.astype(np.float32))


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
    return Neighbours(without_diagonal(similarity), HistoryRule.of(params))


def fit_als(train: Interactions, params: dict, seed: int) -> Factors:
    """Implicit ALS: on the GPU where `implicit` has one, else by the loops of `als`.

    params: factors, regularization, alpha, iterations, by_weight, half_life_days, by_frequency,
    recency_baskets. The confidence is 1 + alpha · value, the value as `decayed_values` says.
    """
    values = decayed_values(train, params["by_weight"], params["half_life_days"])
    confidence = train.histories.matrix(1 + params["alpha"] * values, train.n_items)
    gpu = has_cuda()
    item_factors = als_item_factors(confidence, params, seed, gpu=gpu)
    # `implicit` has one penalty for all rows.
    own = not gpu and als.compiled_here()
    scale = als.Scale.of(confidence, als_options(params, seed)) if own else None
    rule = HistoryRule.of(params)
    return Factors.of(item_factors, params["alpha"], params["regularization"], rule, scale)


def als_options(params: dict, seed: int) -> als.AlsParams:
    """What a source's parameters say; before `by_frequency` was there they did not name it."""
    return als.AlsParams(
        params["factors"],
        params["regularization"],
        params["iterations"],
        seed,
        params.get("by_frequency", False),
        1 / params["alpha"],  # an entry weighs α more than none
    )


def has_cuda() -> bool:
    import implicit.gpu

    return bool(implicit.gpu.HAS_CUDA)


def als_item_factors(
    confidence: sparse.csr_matrix, params: dict, seed: int, *, gpu: bool
) -> np.ndarray:
    """float32 (n_items, factors), by the fastest solver there is: docs/performance.md."""
    if gpu or not als.compiled_here():
        return _by_implicit(confidence, params, seed, gpu=gpu)
    return als.fit_factors(confidence, als_options(params, seed))[1]


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


def fit_transitions(train: Interactions, params: dict, seed: int) -> Neighbours:
    """Decayed counts of what comes after (or with) what, per source item's popularity.

    params: lag_baskets and lag_rows (e-folding of a pair's distance; None: no matter how far),
    backward (weight of the earlier item given the later one), item_norm (divide by the target's
    popularity to this power), shrink (a pair seen once between rare items is weak evidence),
    recency_baskets, recency_rows. Items of one basket count in both directions. Pairs are at most
    WINDOW rows apart, so a long basket costs what it is long, not its square.
    """
    first, second, distance, rows = _close_pairs(train)
    weight = np.exp(-distance / params["lag_baskets"]).astype(np.float32)
    if params["lag_rows"] is not None:
        weight *= np.exp((1 - rows) / params["lag_rows"]).astype(np.float32)
    back = np.where(distance == 0, 1.0, params["backward"]).astype(np.float32) * weight
    shape = (train.n_items, train.n_items)
    counts = sparse.coo_matrix((weight, (first, second)), shape=shape).tocsr()
    if back.any():
        counts = counts + sparse.coo_matrix((back, (second, first)), shape=shape).tocsr()
    users = np.maximum(train.item_users(), 1)
    left = sparse.diags((1 / (users + params["shrink"])).astype(np.float32))
    right = sparse.diags((users ** -params["item_norm"]).astype(np.float32))
    weights = strongest_sparse((left @ counts @ right).tocsr(), NEIGHBOURS)
    return Neighbours(without_diagonal(weights), HistoryRule.of(params))


WINDOW = 30


def _close_pairs(train: Interactions) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Earlier item, later item, baskets and rows between, for all rows at most WINDOW apart."""
    history = train.histories
    user, item, ago = history.row_user, history.item_idx, history.baskets_ago
    parts = []
    for lag in range(1, min(WINDOW, len(user) - 1) + 1):
        same = user[lag:] == user[:-lag]
        apart = np.full(int(same.sum()), lag, dtype=np.int32)
        parts.append((item[:-lag][same], item[lag:][same], (ago[:-lag] - ago[lag:])[same], apart))
    if not parts:
        empty = np.zeros(0, dtype=np.int32)
        return empty, empty, empty, empty
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore


FITS: dict[str, Callable[..., Source]] = {
    "popularity": fit_popularity,
    "item_knn": fit_item_knn,
    "als": fit_als,
    "ease": fit_ease,
    "transitions": fit_transitions,
    "bpr": fit_bpr,
    "complements": fit_complements,
    "trend": fit_trend,
    "content": fit_content,
    "walks": fit_walks,
    "item2vec": fit_item2vec,
    "sasrec": fit_attention,
}


def fit(name: str, train: Interactions, params: dict, seed: int) -> Source:
    """Fit one source by its name. Raises KeyError for an unknown one."""
    return FITS[name](train, params, seed)
