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
    k = min(k, total.shape[1])
    best = np.argpartition(-total, k - 1, axis=1)[:, :k]
    value = np.take_along_axis(total, best, axis=1)
    best, value = _settled(total, best, value)
    order = np.lexsort((best, -value), axis=1)
    best = np.take_along_axis(best, order, axis=1).astype(np.int32)
    best[np.isneginf(np.take_along_axis(value, order, axis=1))] = -1
    return best


def _settled(
    total: np.ndarray, best: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where the cut goes through equal totals, keep the lowest indices: a longer list of the
    same scores then begins with the shorter one."""
    last = value.min(axis=1)
    torn = ((total >= last[:, None]).sum(axis=1) > best.shape[1]) & ~np.isneginf(last)
    for row in np.flatnonzero(torn):
        found = np.flatnonzero(total[row] >= last[row])
        kept = found[np.lexsort((found, -total[row, found]))][: best.shape[1]]
        best[row], value[row] = kept, total[row, kept]
    return best, value


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
