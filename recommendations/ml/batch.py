"""Lists for many people at once, block after block, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from .als import compiled_here, in_threads, threads_here
from .blend import Blend
from .interactions import Histories
from .lists import top_lists
from .sources import Factors
from .topn import USERS, top_items

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
    (n_items,)), −1 after the last item. Factors alone are ranked by `topn` without scoring all
    items; there, of exactly equal scores, the later item stands first.
    """
    threads = threads or threads_here()
    factors = _factors_alone(source)
    for first in range(0, len(histories), AT_ONCE):
        people = np.arange(first, min(first + AT_ONCE, len(histories)))
        lists = np.full((len(people), k), -1, dtype=np.int32)

        def rank(
            span: tuple[int, int], people: np.ndarray = people, out: np.ndarray = lists
        ) -> None:
            part = histories.take(people[slice(*span)])
            found = (
                _best_by_factors(factors, part, k)
                if factors
                else _best(source.scores(part), part, popularity, k)
            )
            out[slice(*span), : found.shape[1]] = found

        step = USERS if factors else BLOCK
        starts = range(0, len(people), step)
        in_threads(rank, [(start, min(start + step, len(people))) for start in starts], threads)
        yield first, lists


def _factors_alone(source: Scorer) -> Factors | None:
    """The source itself, or that of a blend of one, which ranks as it does."""
    if isinstance(source, Blend) and len(source.weights) == 1:
        [(name, weight)] = source.weights.items()
        source = source.sources[name] if weight > 0 else source
    return source if isinstance(source, Factors) and compiled_here() else None


def _best_by_factors(source: Factors, part: Histories, k: int) -> np.ndarray:
    bought = part.matrix(part.bought, len(source.item_factors))
    bought.eliminate_zeros()
    k = min(k, len(source.item_factors))
    return top_items(source.user_factors(part), source.item_factors, bought, k, threads=1)


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
