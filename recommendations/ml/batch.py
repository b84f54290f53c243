"""Lists for many people at once, block after block, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from .als import compiled_here, in_threads, threads_here
from .interactions import Histories
from .lists import top_lists

BLOCK = 128  # people scored at once by a thread: 10 MB per source at 20,000 items
AT_ONCE = 8_192  # people in one answer of the stream


class Scorer(Protocol):
    """A source, a blend or a ranker."""

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 (n, n_items); higher is better."""


def lists_in_blocks(
    source: Scorer, histories: Histories, popularity: np.ndarray, k: int, threads: int | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """(number of the first person, int32 (people, k)) for AT_ONCE people after the other.

    The lists are those of `lists.lists_for`: nothing bought, equal scores by popularity (float64
    (n_items,)), −1 after the last item.
    """
    threads = threads or threads_here()
    for first in range(0, len(histories), AT_ONCE):
        people = np.arange(first, min(first + AT_ONCE, len(histories)))
        lists = np.full((len(people), k), -1, dtype=np.int32)

        def rank(
            span: tuple[int, int], people: np.ndarray = people, out: np.ndarray = lists
        ) -> None:
            part = histories.take(people[slice(*span)])
            found = _best(source.scores(part), part, popularity, k)
            out[slice(*span), : found.shape[1]] = found

        starts = range(0, len(people), BLOCK)
        in_threads(rank, [(start, min(start + BLOCK, len(people))) for start in starts], threads)
        yield first, lists


def _best(scores: np.ndarray, seen: Histories, popularity: np.ndarray, k: int) -> np.ndarray:
    if not compiled_here():
        return top_lists(scores, seen, popularity, k)
    from .kernels import best_of_rows

    row, item = seen.row_user[seen.bought], seen.item_idx[seen.bought]
    order = np.lexsort((item, row))
    indptr = np.searchsorted(row, np.arange(len(seen) + 1))
    ties = popularity / max(float(popularity.max()), 1e-30) * 1e-9
    best = np.empty((len(scores), min(k, scores.shape[1])), dtype=np.int32)
    scores = np.ascontiguousarray(scores, dtype=np.float32)
    best_of_rows(scores, ties.astype(np.float64), indptr, item[order].astype(np.int32), best)
    return best
