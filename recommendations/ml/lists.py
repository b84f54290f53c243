"""From scores to ranked lists."""

from __future__ import annotations

import numpy as np

from .interactions import Histories
from .sources import Source


def top_lists(scores: np.ndarray, seen: Histories, popularity: np.ndarray, k: int) -> np.ndarray:
    """int32 (n, k): best items not bought yet first; −1 after the last one.

    Equal scores (a customer without history, a neighbour list that ran out) are ordered by
    popularity, then by item index, so that the same data always gives the same list.
    popularity: (n_items,), not negative.
    """
    scale = np.maximum(np.abs(scores).max(axis=1, keepdims=True), 1e-30).astype(np.float64)
    tie = popularity / max(float(popularity.max()), 1e-30) * 1e-9
    total = scores / scale + tie
    total[seen.row_user[seen.bought], seen.item_idx[seen.bought]] = -np.inf
    return _top(total, min(k, total.shape[1]))


def _top(total: np.ndarray, k: int) -> np.ndarray:
    """int32 (n, k): the columns of the k largest finite values, the lower index first at a tie.

    The k-th largest of the maxima of disjoint blocks cannot be above the k-th largest value: one
    pass that compares with it leaves little to sort (4 times argpartition's speed).
    """
    bound = _kth_block_maximum(total, k)
    row, column = np.nonzero((total >= bound[:, None]) & (total > -np.inf))
    value = total[row, column]
    order = np.lexsort((column, -value, row))
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(len(total)))[row]
    kept = place < k
    best = np.full((len(total), k), -1, dtype=np.int32)
    best[row[kept], place[kept]] = column[order[kept]]
    return best


def _kth_block_maximum(total: np.ndarray, k: int) -> np.ndarray:
    n, width = total.shape
    height = max(1, width // (4 * k))
    blocks = width // height
    maxima = total[:, : blocks * height].reshape(n, height, blocks).max(axis=1)
    return -np.partition(-maxima, k - 1, axis=1)[:, k - 1]


def lists_for(
    source: Source, histories: Histories, popularity: np.ndarray, k: int, batch: int = 512
) -> np.ndarray:
    """int32 (n, k) for all histories, a batch at a time so that memory stays flat.

    A list shorter than k (fewer unseen items than that) is filled up with −1.
    """
    result = np.full((len(histories), k), -1, dtype=np.int32)
    for start in range(0, len(histories), batch):
        part = histories.take(np.arange(start, min(start + batch, len(histories))))
        found = top_lists(source.scores(part), part, popularity, k)
        result[start : start + len(found), : found.shape[1]] = found
    return result
