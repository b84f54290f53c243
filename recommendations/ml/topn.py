"""The best items of every user by the product of factors, what they have seen left out."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .als import in_threads, threads_here

USERS = 128  # a tile of scores is USERS × ITEMS float32: 512 kB, within the second cache
ITEMS = 1_024


def top_items(
    user_factors: np.ndarray,
    item_factors: np.ndarray,
    seen: sparse.csr_matrix,
    k: int,
    threads: int | None = None,
) -> np.ndarray:
    """int32 (n_users, k): unseen items by falling score, −1 after the last one.

    seen: CSR (n_users, n_items); its entries are never listed. Of exactly equal scores the later
    item stands first, as `implicit` has it, so that both give the same lists. The scores are
    made a tile at a time and never exist as a whole. Needs numba.
    """
    from threadpoolctl import threadpool_limits

    users = np.ascontiguousarray(user_factors, dtype=np.float32)
    items = np.ascontiguousarray(item_factors, dtype=np.float32)
    seen = seen if seen.has_sorted_indices else seen.sorted_indices()
    arrays = (seen.indptr.astype(np.int64), seen.indices.astype(np.int32, copy=False))
    best = np.full((len(users), k), -1, dtype=np.int32)

    def rank(span: tuple[int, int]) -> None:
        _rank(slice(*span), users, items, arrays, best)

    starts = range(0, len(users), USERS * 8)
    spans = [(begin, min(begin + USERS * 8, len(users))) for begin in starts]
    with threadpool_limits(1, "blas"):  # the users are shared out already
        in_threads(rank, spans, threads or threads_here())
    return best


def _rank(
    rows: slice,
    users: np.ndarray,
    items: np.ndarray,
    seen: tuple[np.ndarray, np.ndarray],
    best: np.ndarray,
) -> None:
    from .kernels import keep_best

    indptr, indices = seen
    tile = np.empty(USERS * ITEMS, dtype=np.float32)
    values = np.empty((USERS, best.shape[1]), dtype=np.float32)
    for begin in range(rows.start, rows.stop, USERS):
        end = min(begin + USERS, rows.stop)
        left = (indptr[begin:end].copy(), indptr[begin + 1 : end + 1], indices)
        values[:] = -np.inf
        for first in range(0, len(items), ITEMS):
            some = items[first : first + ITEMS]
            shape = (end - begin, len(some))
            scores = tile[: shape[0] * shape[1]].reshape(shape)
            np.matmul(users[begin:end], some.T, out=scores)
            keep_best(scores, first, left, best[begin:end], values[: shape[0]])
