"""What of each person's history speaks most for each item of her list, for many people at once."""

from __future__ import annotations

import numpy as np

from .als import compiled_here, in_threads, threads_here
from .blend import Blend
from .interactions import Histories
from .one_person import because
from .sources import Neighbours, Popular

PEOPLE = 256  # at once in a thread: 50 items of ten rows each are half a megabyte
ROWS = 20_000  # of their histories: 4 MB for 50 items; somebody with more stands alone


def can_say(blend: Blend) -> bool:
    """Whether reasons cost little beside the lists: neighbours and popularity, nothing else.

    Of factors a system of equations would have to be solved once more for everybody.
    """
    sources = [blend.sources[name] for name in blend.weights]
    return all(isinstance(source, Neighbours | Popular) for source in sources)


def reasons_of_lists(
    blend: Blend, histories: Histories, lists: np.ndarray, threads: int | None = None
) -> np.ndarray:
    """int64 (people, k): as `one_person.because`, the row of `histories` that adds most to an item.

    lists: int32 (people, k), −1 after the last item. −1 where no row adds anything, and there. For a
    blend of which reasons can be said (`can_say`). Equal rows: the older one, then the lower item.
    """
    best = np.full(lists.shape, -1, dtype=np.int64)
    if not compiled_here():
        _one_by_one(blend, histories, lists, best)
        return best

    def explain(span: tuple[int, int]) -> None:
        first = histories.indptr[span[0]]
        part = histories.take(np.arange(*span))
        found = _of_part(blend, part, np.ascontiguousarray(lists[slice(*span)]))
        best[slice(*span)] = np.where(found >= 0, found + first, -1)

    spans = _spans(histories.indptr[: len(lists) + 1])
    in_threads(explain, spans, threads or threads_here())
    return best


def _spans(begins: np.ndarray) -> list[tuple[int, int]]:
    """Runs of people of at most PEOPLE and ROWS rows in all, at least one person each."""
    spans, start, last = [], 0, len(begins) - 1
    while start < last:
        within = int(np.searchsorted(begins, begins[start] + ROWS, side="right")) - 1
        end = min(max(within, start + 1), start + PEOPLE, last)
        spans.append((start, end))
        start = end
    return spans


def _of_part(blend: Blend, part: Histories, lists: np.ndarray) -> np.ndarray:
    from .reason_loops import add_contributions, strongest_rows

    items = part.item_idx.astype(np.int32, copy=False)
    total = np.zeros((len(items), lists.shape[1]), dtype=np.float32)
    for name, weight in blend.weights.items():
        source = blend.sources[name]
        if isinstance(source, Neighbours):
            rows = source.weights
            matrix = (rows.indptr, rows.indices, rows.data)
            values = source.rule.values(part)
            add_contributions(matrix, (part.indptr, items, values), lists, float(weight), total)
    at = np.arange(len(items), dtype=np.float64) if part.at is None else part.at
    best = np.empty(lists.shape, dtype=np.int64)
    strongest_rows(total, (part.indptr, items, at), best)
    return best


def _one_by_one(blend: Blend, histories: Histories, lists: np.ndarray, best: np.ndarray) -> None:
    for person, listed in enumerate(lists):
        known = np.flatnonzero(listed >= 0)
        rows = because(blend, histories.take(np.array([person])), listed[known].astype(np.int64))
        found = np.array([row for row, _added in rows], dtype=np.int64)
        best[person, known] = np.where(found >= 0, found + histories.indptr[person], -1)
