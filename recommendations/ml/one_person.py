"""One person's scores at the moment of a request, without touching every item of the shop.

A batch scores all items (`Blend.scores`). One history reaches few of them through neighbours, so a
request adds up those few; what the sources say of all other items is known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .blend import Blend
from .interactions import Histories
from .sources import Neighbours, Popular, Source

# Up to here a dense row costs less than finding out which of its entries are not zero.
DENSE_ITEMS = 5_000


@dataclass(frozen=True)
class Reached:
    """Items in ascending order, each once, and what one source adds up to for each."""

    items: np.ndarray
    scores: np.ndarray


def oldest_first(
    bought: Sequence[Any], noticed: Sequence[Any], at: Callable[[Any], float]
) -> list[Any]:
    """One person's rows as a training orders them: by time; at one moment what was bought before
    what was only noticed, each in the order in which it was written down (`interactions`).

    Both are given newest first, as they are read. at: the time of a row.
    """
    return sorted([*reversed(bought), *reversed(noticed)], key=at)


def gathered(rows: Iterable[tuple[int, float, float, bool]]) -> list[list]:
    """[product, summed weight, latest time, bought] per product, by the last row of each: short, and
    enough to fold in. rows: `oldest_first`."""
    found: dict[int, list] = {}
    for product_id, weight, at, bought in rows:
        # Taken out and put in again: of one basket the later line counts, as in a training.
        before = found.pop(product_id, None)
        if before is None:
            found[product_id] = [product_id, round(weight, 4), at, bought]
        else:
            total = round(before[1] + weight, 4)
            found[product_id] = [product_id, total, max(before[2], at), before[3] or bought]
    return list(found.values())


def folded(
    items: list[int], weights: list[float], at: list[float], bought: list[bool]
) -> Histories:
    """`one_history` of rows that hold each item once already: a dozen need no batch's machinery.

    Rows of one time stay in the order given, that of `gathered`.
    """
    order = sorted(range(len(items)), key=at.__getitem__)
    times = [at[row] for row in order]
    ago, baskets = [0] * len(order), 0
    for row in range(len(order) - 2, -1, -1):
        baskets += times[row] != times[row + 1]
        ago[row] = baskets
    return Histories(
        np.array([0, len(order)]),
        np.array([items[row] for row in order], dtype=np.int32),
        np.array([weights[row] for row in order], dtype=np.float32),
        np.array(ago, dtype=np.int32),
        np.array([bought[row] for row in order], dtype=bool),
        np.array(times, dtype=np.float64),
    )


def is_sparse(blend: Blend) -> bool:
    """Whether the sources are neighbours, and popularity, of a shop large enough for it to matter."""
    sources = [blend.sources[name] for name in blend.weights]
    n_items = max((_n_items(source) for source in sources), default=0)
    return n_items > DENSE_ITEMS and all(_n_items(source) for source in sources)


def _n_items(source: Source) -> int:
    """0 for a source that scores all items in one go."""
    if isinstance(source, Neighbours):
        return source.weights.shape[0]
    return len(source.popularity) if isinstance(source, Popular) else 0


def scored(blend: Blend, history: Histories, best_sold: np.ndarray) -> Reached:
    """Items that a source reaches, with the blend's score as Blend.scores has it.

    For a blend where `is_sparse`. best_sold: the popular items, which a blend with popularity
    reaches too; an item left out has a lower score than one of these.
    """
    every = [(blend.sources[name], weight) for name, weight in blend.weights.items()]
    parts = [
        (weight, reached(source, history.item_idx, source.rule.values(history)))
        for source, weight in every
        if isinstance(source, Neighbours)
    ]
    popular = [(weight, source) for source, weight in every if isinstance(source, Popular)]
    items = np.unique(np.concatenate([*(part.items for _w, part in parts), best_sold]))
    total = np.zeros(len(items), dtype=np.float32)
    for weight, part in parts:
        share = np.float32(weight / deviation(part.scores, _n_items(every[0][0])))
        total[np.searchsorted(items, part.items)] += share * part.scores
    for weight, source in popular:
        row = source.popularity
        total += np.float32(weight / deviation(row, len(row))) * row[items].astype(np.float32)
    return Reached(items, total)


def reached(source: Neighbours, items: np.ndarray, values: np.ndarray) -> Reached:
    """Σ value · row over the items, only where a row has an entry."""
    columns, _rows, added = entries(source, items, values)
    return summed(columns, added)


def summed(columns: np.ndarray, added: np.ndarray) -> Reached:
    """Each column once, ascending, with what was added to it."""
    if not len(columns):
        return Reached(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    order = np.argsort(columns, kind="stable")
    columns = columns[order]
    first = np.flatnonzero(np.concatenate([[True], columns[1:] != columns[:-1]]))
    sums = np.add.reduceat(added[order].astype(np.float64), first)
    return Reached(columns[first].astype(np.int64), sums.astype(np.float32))


def entries(
    source: Neighbours, items: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(column, which of the items, value · weight) of every entry of the items' rows."""
    matrix = source.weights
    starts, ends = matrix.indptr[items], matrix.indptr[items + 1]
    lengths = (ends - starts).astype(np.int64)
    begins = np.cumsum(lengths) - lengths
    places = np.repeat(starts - begins, lengths) + np.arange(lengths.sum())
    rows = np.repeat(np.arange(len(items)), lengths)
    return matrix.indices[places], rows, matrix.data[places] * values[rows]


def link(source: Neighbours, item: int, other: int) -> float:
    """How near the source holds `other` to be to `item`; 0 where it says nothing."""
    columns, values = source.similar(item)
    found = np.flatnonzero(columns == other)
    return float(values[found[0]]) if len(found) else 0.0


def links(source: Neighbours, items: np.ndarray) -> np.ndarray:
    """float32 (n, n): the larger of both directions for each two; an item below 0 has none."""
    known = np.flatnonzero(items >= 0)
    columns, rows, values = entries(source, items[known], np.ones(len(known), dtype=np.float32))
    order = np.argsort(items[known], kind="stable")
    wanted = items[known][order]
    result = np.zeros((len(items), len(items)), dtype=np.float32)
    if len(wanted):
        place = np.minimum(np.searchsorted(wanted, columns), len(wanted) - 1)
        hit = wanted[place] == columns
        result[known[rows[hit]], known[order[place[hit]]]] = values[hit]
    return np.maximum(result, result.T)


def deviation(scores: np.ndarray, n_items: int) -> float:
    """The standard deviation of a row of n_items that holds these scores and zeros; 1 if constant."""
    wide = scores.astype(np.float64)
    mean = wide.sum() / n_items
    variance = (wide @ wide) / n_items - mean**2
    found = float(np.sqrt(max(variance, 0.0)))
    return found if found > 1e-12 else 1.0


def because(blend: Blend, history: Histories, items: np.ndarray) -> list[tuple[int, float]]:
    """For each item the history row that adds most to its score, and how much it adds.

    (−1, 0.0) where no row of the history adds anything.
    """
    if not len(history.item_idx):
        return [(-1, 0.0)] * len(items)
    added = (
        _added(blend, history, items) if is_sparse(blend) else blend.contributions(history, items)
    )
    rows = added.argmax(axis=0)
    best = added[rows, np.arange(len(items))]
    return [
        (int(row), float(value)) if value > 0 else (-1, 0.0)
        for row, value in zip(rows, best, strict=True)
    ]


def _added(blend: Blend, history: Histories, items: np.ndarray) -> np.ndarray:
    """float32 (n history rows, len(items)): Blend.contributions without a column for each item."""
    order = np.argsort(items)
    wanted = items[order]
    total = np.zeros((len(history.item_idx), len(items)), dtype=np.float32)
    for name, weight in blend.weights.items():
        source = blend.sources[name]
        if not isinstance(source, Neighbours):
            continue  # popularity says nothing of any row
        values = source.rule.values(history)
        columns, rows, added = entries(source, history.item_idx, values)
        scale = deviation(summed(columns, added).scores, source.weights.shape[0])
        place = np.minimum(np.searchsorted(wanted, columns), len(wanted) - 1)
        hit = wanted[place] == columns
        np.add.at(total, (rows[hit], order[place[hit]]), added[hit] * np.float32(weight / scale))
    return total
