"""The inner loop of item2vec, compiled. Only modules that compute import this one, and lazily."""

from __future__ import annotations

import numpy as np

from .bpr_loops import _dot, _next
from .kernels import compiled

SPAN = 2.0**31  # numbers that `_next` gives


@compiled()
def rows_learned(order, rows, vectors, drawn, state, options):
    """One pass: each row's item against those around it, and against some drawn ones.

    order: int64, which rows in which order. rows: (indptr, user per row, item per row), int64. vectors:
    (own, other), changed in place. drawn: float64 cumulated shares of the negatives. state: uint64
    (1,), the generator's. options: (step size, window, negatives).
    """
    begins, user, item = rows
    own, other = vectors
    rate, window, negatives = options
    change = np.empty(own.shape[1], dtype=np.float32)
    for number in range(order.shape[0]):
        row = order[number]
        reach = 1 + np.int64(_next(state) % np.uint64(window))
        first = max(begins[user[row]], row - reach)
        last = min(begins[user[row] + 1] - 1, row + reach)
        for near in range(first, last + 1):
            if near == row:
                continue
            change[:] = 0
            _pull(own[item[row]], other[item[near]], np.float32(1), rate, change)
            for _draw in range(negatives):
                share = np.float64(_next(state)) / SPAN
                negative = min(np.searchsorted(drawn, share), drawn.shape[0] - 1)
                if negative != item[near]:
                    _pull(own[item[row]], other[negative], np.float32(0), rate, change)
            for f in range(change.shape[0]):
                own[item[row], f] += change[f]


@compiled()
def _pull(mine, theirs, label, rate, change):
    """A step of logistic regression on their product; mine moves later, by all of them at once."""
    step = rate * (label - np.float32(1) / (np.float32(1) + np.exp(-_dot(mine, theirs))))
    for f in range(mine.shape[0]):
        change[f] += step * theirs[f]
        theirs[f] += step * mine[f]
