"""The best items of every user by the product of factors, what they have seen left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .als import in_threads, threads_here

USERS = 1_024  # a tile of scores is USERS × ITEMS float32: 1 MB, about the second cache
ITEMS = 256
ROUNDING = 1.0001  # a float32 product of 64 factors is off by less than a ten-thousandth of it


@dataclass(frozen=True)
class _Shelf:
    """Items in the order of scanning, with their keys and the length of the longest from each on."""

    factors: np.ndarray
    keys: np.ndarray
    longest: np.ndarray

    @staticmethod
    def by_length(items: np.ndarray) -> _Shelf:
        length = np.linalg.norm(items, axis=1)
        order = np.argsort(-length, kind="stable")
        return _Shelf(items[order], order.astype(np.int32), length[order] * ROUNDING)

    @staticmethod
    def as_given(items: np.ndarray) -> _Shelf:
        unbounded = np.full(len(items), 1e30)
        return _Shelf(items, np.arange(len(items), dtype=np.int32), unbounded)


def top_items(
    user_factors: np.ndarray,
    item_factors: np.ndarray,
    seen: sparse.csr_matrix,
    k: int,
    threads: int | None = None,
) -> np.ndarray:
    """int32 (n_users, k): unseen items by falling score, −1 after the last one.

    seen: CSR (n_users, n_items); its entries are never listed. Equal scores stand as `implicit` has
    them, so that both give the same lists. The scores are made a tile at a time, longest factors
    first, and a user is done when no item that is left is long enough for her list (Cauchy and
    Schwarz); that is exact. Needs numba.
    """
    from threadpoolctl import threadpool_limits

    users = np.ascontiguousarray(user_factors, dtype=np.float32)
    items = np.ascontiguousarray(item_factors, dtype=np.float32)
    seen = seen if seen.has_sorted_indices else seen.sorted_indices()
    starts, ends = seen.indptr[:-1].astype(np.int64), seen.indptr[1:].astype(np.int64)
    hidden = seen.indices.astype(np.int32, copy=False)
    best = np.full((len(users), k), -1, dtype=np.int32)
    shelf, plain = _Shelf.by_length(items), _Shelf.as_given(items)

    def rank(span: tuple[int, int]) -> None:
        rows = np.arange(*span)
        best[rows], torn = _rank(users[rows], shelf, (starts[rows], ends[rows], hidden), k)
        rows = rows[torn]
        if len(rows):  # which of equal scores `implicit` keeps depends on the order of the items
            best[rows], _torn = _rank(users[rows], plain, (starts[rows], ends[rows], hidden), k)

    spans = [(begin, min(begin + USERS, len(users))) for begin in range(0, len(users), USERS)]
    with threadpool_limits(1, "blas"):  # the users are shared out already
        in_threads(rank, spans, threads or threads_here())
    return best


Seen = tuple[np.ndarray, np.ndarray, np.ndarray]


def _rank(users: np.ndarray, shelf: _Shelf, seen: Seen, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Lists, and which of them an equal score at their end leaves undecided."""
    from .kernels import keep_best

    best = np.full((len(users), k), -1, dtype=np.int32)
    values = np.full((len(users), k), -np.inf, dtype=np.float32)
    torn = np.zeros(len(users), dtype=bool)
    length = np.linalg.norm(users, axis=1)
    tile = np.empty(len(users) * ITEMS, dtype=np.float32)
    rows = np.arange(len(users))
    for first in range(0, len(shelf.keys), ITEMS):
        rows = rows[values[rows, -1] <= length[rows] * shelf.longest[first]]
        if not len(rows):
            break
        some = shelf.factors[first : first + ITEMS]
        scores = tile[: len(rows) * len(some)].reshape(len(rows), len(some))
        np.matmul(users[rows], some.T, out=scores)
        keep_best(scores, shelf.keys[first : first + ITEMS], rows, seen, (best, values, torn))
    return best, torn
