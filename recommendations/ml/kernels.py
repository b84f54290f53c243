"""The inner loops of ALS and of ranking, compiled on first use and kept on disk.

They run without the GIL in plain threads that end with each call. numba's own threading layers
are never started: what they leave behind breaks the next fork, and two callers at once.
Only modules that compute import this one, and lazily: numba costs half a second and 60 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

# Sums may be taken in any order (which is what a vector unit needs); infinities keep their meaning.
SUMS = {"reassoc", "contract", "nsz"}
TILE = 1_024  # rows of factors gathered at once: 256 kB at 64 factors, within the second cache
LANES = 32  # scores that are asked together whether any of them belongs into the list


def compiled(sums: bool = True) -> Callable[[Callable], Callable]:
    """Compile a function; the machine code is kept where numba finds a folder that it may write."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    options["fastmath"] = SUMS if sums else False

    def decorate(function: Callable) -> Callable:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # no such folder: compiled again in every process
            return numba.njit(**options)(function)

    return decorate


@compiled()
def _add_gram(gram, vector, out, sign):
    """out = sign · gram · vector, four rows of the symmetric matrix at a time."""
    size = vector.shape[0]
    out[:] = 0
    for g in range(0, size - 3, 4):
        v0, v1 = sign * vector[g], sign * vector[g + 1]
        v2, v3 = sign * vector[g + 2], sign * vector[g + 3]
        for f in range(size):
            out[f] += (
                v0 * gram[g, f] + v1 * gram[g + 1, f] + v2 * gram[g + 2, f] + v3 * gram[g + 3, f]
            )
    for g in range(size - size % 4, size):
        for f in range(size):
            out[f] += sign * vector[g] * gram[g, f]


@compiled()
def _add_row(row, confidence, vector, out, residual):
    size = vector.shape[0]
    dot = np.float32(0)
    for f in range(size):
        dot += row[f] * vector[f]
    extra = (confidence - np.float32(1)) * dot
    weight = confidence - extra if residual else extra
    for f in range(size):
        out[f] += weight * row[f]


@compiled()
def _add_rows(block, confidence, vector, out, residual):
    """out += Σ weight · row, the weight (c − 1)·(row·vector), or c minus that for a residual.

    Four rows at a time, so that `vector` and `out` are read once for all of them.
    """
    size = vector.shape[0]
    rows = confidence.shape[0]
    one = np.float32(1)
    for j in range(0, rows - 3, 4):
        d0, d1, d2, d3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for f in range(size):
            value = vector[f]
            d0 += block[j, f] * value
            d1 += block[j + 1, f] * value
            d2 += block[j + 2, f] * value
            d3 += block[j + 3, f] * value
        c0, c1, c2, c3 = confidence[j], confidence[j + 1], confidence[j + 2], confidence[j + 3]
        w0, w1, w2, w3 = (c0 - one) * d0, (c1 - one) * d1, (c2 - one) * d2, (c3 - one) * d3
        if residual:
            w0, w1, w2, w3 = c0 - w0, c1 - w1, c2 - w2, c3 - w3
        for f in range(size):
            out[f] += (
                w0 * block[j, f]
                + w1 * block[j + 1, f]
                + w2 * block[j + 2, f]
                + w3 * block[j + 3, f]
            )
    for j in range(rows - rows % 4, rows):
        _add_row(block[j], confidence[j], vector, out, residual)


@compiled()
def _multiply(system, entries, vector, out, residual):
    """out = A·vector with A = gram + Σ (c − 1) y yᵀ; or b − A·vector with b = Σ c y.

    The rows of factors are gathered on the first pass, which is the residual's, and again only
    where they do not fit into one block.
    """
    fixed, gram, block = system
    indices, confidence = entries
    _add_gram(gram, vector, out, np.float32(-1) if residual else np.float32(1))
    count = indices.shape[0]
    size = vector.shape[0]
    for start in range(0, count, block.shape[0]):
        end = min(start + block.shape[0], count)
        if residual or count > block.shape[0]:
            for j in range(start, end):
                row = indices[j]
                for f in range(size):
                    block[j - start, f] = fixed[row, f]
        _add_rows(block, confidence[start:end], vector, out, residual)


@compiled()
def _squared(vector):
    total = np.float32(0)
    for f in range(vector.shape[0]):
        total += vector[f] * vector[f]
    return total


@compiled()
def _descend(system, entries, x, limits, work, extra):
    """Conjugate gradients on (A + extra·I)·x = b from where x stands."""
    residual, direction, product = work
    steps, tolerance = limits
    _multiply(system, entries, x, residual, True)
    for f in range(x.shape[0]):
        residual[f] -= extra * x[f]
    direction[:] = residual
    old = _squared(residual)
    enough = max(np.float32(1e-20), tolerance * old)
    for _step in range(steps):
        if old < enough:
            return
        _multiply(system, entries, direction, product, False)
        along = np.float32(0)
        for f in range(x.shape[0]):
            product[f] += extra * direction[f]
            along += direction[f] * product[f]
        length = old / along
        for f in range(x.shape[0]):
            x[f] += length * direction[f]
            residual[f] -= length * product[f]
        new = _squared(residual)
        turn = new / old
        for f in range(x.shape[0]):
            direction[f] = residual[f] + turn * direction[f]
        old = new


@compiled()
def solve_rows(span, side, fixed, gram, solved, limits):
    """Improve rows span[0] … span[1] − 1 of `solved` by conjugate gradients, one row at a time.

    side: (indptr int64, indices int32, confidence float32) of a CSR matrix, and float32 per row what
    its penalty is above λ (below it where negative). fixed: float32, the other side's factors. gram: fixedᵀ·fixed + λI. limits: (most steps int64, float32 share of
    the squared residual at which a row is done). Rows without entries become 0.
    Source: Takács, Pilászy & Tikk, RecSys 2011 (conjugate gradients for implicit ALS).
    """
    indptr, indices, confidence, extra = side
    size = fixed.shape[1]
    block = np.empty((TILE, size), np.float32)
    work = (np.empty(size, np.float32), np.empty(size, np.float32), np.empty(size, np.float32))
    system = (fixed, gram, block)
    for row in range(span[0], span[1]):
        first, last = indptr[row], indptr[row + 1]
        x = solved[row]
        if first == last:
            x[:] = 0
        else:
            entries = (indices[first:last], confidence[first:last])
            _descend(system, entries, x, limits, work, extra[row])


@compiled()
def _holds(ascending, wanted):
    low, high = 0, ascending.shape[0]
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low < ascending.shape[0] and ascending[low] == wanted


@compiled()
def _insert(item, score, best, values):
    """Into a full list by falling score; of equal scores the higher item stands first."""
    place = best.shape[0] - 1
    while place > 0 and (
        values[place - 1] < score or (values[place - 1] == score and best[place - 1] < item)
    ):
        best[place], values[place] = best[place - 1], values[place - 1]
        place -= 1
    best[place], values[place] = item, score


@compiled()
def keep_best(scores, items, rows, seen, lists):
    """Let a tile of scores compete for the lists of its rows.

    scores: float32 (active rows, width), column j belongs to item items[j] (int32). rows: int64, the
    place of each active row in the lists. seen: (starts, ends, indices), the ascending items that a
    row may not list. lists: (best int32, values float32, torn bool), (rows, k) and
    (rows,). A row is torn once an equal score stood on both sides of its end.
    """
    starts, ends, indices = seen
    best, values, torn = lists
    width = scores.shape[1]
    last = best.shape[1] - 1
    for active in range(scores.shape[0]):
        line = scores[active]
        row = rows[active]
        mine = indices[starts[row] : ends[row]]
        least = values[row, last]
        for first in range(0, width, LANES):
            end = min(first + LANES, width)
            above = 0
            for j in range(first, end):
                if line[j] >= least:
                    above += 1
            if above == 0:
                continue
            for j in range(first, end):
                if line[j] < least or _holds(mine, items[j]):
                    continue
                if line[j] > least:
                    _insert(items[j], line[j], best[row], values[row])
                    pushed_out, least = least, values[row, last]
                    torn[row] |= pushed_out == least and least > -np.inf
                else:
                    torn[row] |= least > -np.inf


@compiled(sums=False)
def best_of_rows(scores, ties, indptr, hidden, best):
    """Per row the items of largest score / (largest absolute score) + tie, of equals the lowest.

    scores: float32 (rows, items). ties: float64 (items,), 0 … 1e−9. hidden: the items of row r that
    may not be listed are hidden[indptr[r]:indptr[r + 1]], ascending. best: int32 (rows, k),
    filled with −1 after the last item. The very arithmetic of `lists.top_lists`.
    """
    k = best.shape[1]
    values = np.empty(k, np.float64)
    for row in range(scores.shape[0]):
        line = scores[row]
        largest = np.float32(0)
        for j in range(line.shape[0]):
            largest = max(largest, abs(line[j]))
        scale = np.float64(max(largest, np.float32(1e-30)))
        values[:] = -np.inf
        best[row, :] = -1
        _fill(line, scale, ties, hidden[indptr[row] : indptr[row + 1]], best[row], values)


@compiled(sums=False)
def _fill(line, scale, ties, hidden, best, values):
    k = best.shape[0]
    at = 0
    floor = -np.inf  # below this no tie can lift a score into the list
    for start in range(0, line.shape[0], LANES):
        end = min(start + LANES, line.shape[0])
        above = 0
        for j in range(start, end):
            if np.float64(line[j]) >= floor:
                above += 1
        if above == 0:
            continue
        while at < hidden.shape[0] and hidden[at] < start:
            at += 1
        for j in range(start, end):
            while at < hidden.shape[0] and hidden[at] < j:
                at += 1
            total = np.float64(line[j]) / scale + ties[j]
            if total <= values[k - 1] or (at < hidden.shape[0] and hidden[at] == j):
                continue
            place = k - 1
            while place > 0 and values[place - 1] < total:
                best[place], values[place] = best[place - 1], values[place - 1]
                place -= 1
            best[place], values[place] = j, total
            floor = (values[k - 1] - 2e-9) * scale
