"""What a training part says about its items and when they were wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .interactions import Histories, Interactions

SECONDS_A_DAY = 86_400.0
BINS = 512
TABLE_CELLS = 8_000_000  # bins × items of one table: 32 MB
FACT_ARRAYS = ("popularity", "mean_weight", "first_at", "edges", "levels")
SPANS = (1.0, 5.0, 25.0)  # e-folding of an item's level, in bins


@dataclass(frozen=True)
class ItemFacts:
    """Popularity, strength and the course of time of n_items.

    reading: "around": a customer's own times may be looked at from both sides, because what is
    to be found was taken out of the middle of her history; "past": only what came before her
    newest row (or before `now`) may be looked at.
    now: the end of the part where every customer is asked at that time, else None.
    edges: float64 (bins,), each bin's last second, ascending; empty when there are no times.
    levels: float32 (len(SPANS), bins, n_items): the item's share of what happened around (or
    before) the end of a bin, times n_items; 1 is an average item.
    """

    reading: str
    now: float | None
    popularity: np.ndarray
    mean_weight: np.ndarray
    first_at: np.ndarray
    edges: np.ndarray
    levels: np.ndarray

    def moments(self, histories: Histories) -> sparse.csr_matrix:
        """CSR float32 (n, bins): at which times each customer is asked; rows add up to 1 or 0."""
        shape = (len(histories), len(self.edges))
        if histories.at is None or not len(self.edges):
            return sparse.csr_matrix(shape, dtype=np.float32)
        sizes = np.diff(histories.indptr)
        if self.reading == "around":
            bins = np.minimum(np.searchsorted(self.edges, histories.at), shape[1] - 1)
            values = np.repeat(1 / np.maximum(sizes, 1), sizes).astype(np.float32)
            return sparse.csr_matrix((values, (histories.row_user, bins)), shape)
        # Only bins that were over by then: side="right" minus one.
        last = np.searchsorted(self.edges, self.asked_at(histories), side="right") - 1
        rows = np.flatnonzero((last >= 0) & (sizes > 0))
        return sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, last[rows])), shape)

    def asked_at(self, histories: Histories) -> np.ndarray:
        """float64 (n,): the time each customer is asked at; NaN where none is known."""
        asked = np.full(len(histories), np.nan)
        if histories.at is None:
            return asked
        if self.now is not None:
            asked[:] = self.now
            return asked
        some = np.flatnonzero(np.diff(histories.indptr))
        ends = histories.indptr[1:][some]
        if self.reading == "around":
            middle = (histories.indptr[:-1][some] + ends) // 2
            asked[some] = histories.at[middle]
        else:
            asked[some] = histories.at[ends - 1]
        return asked

    def arrays(self) -> dict[str, np.ndarray]:
        """All that is needed to build it again, without pickle."""
        return {name: getattr(self, name) for name in FACT_ARRAYS}

    def asked_now(self) -> ItemFacts:
        """The same for a shop that is asked at `now` only: the newest bin of the tables."""
        levels = np.ascontiguousarray(self.levels[:, -1:])
        return ItemFacts(
            self.reading,
            self.now,
            self.popularity,
            self.mean_weight,
            self.first_at,
            self.edges[-1:],
            levels,
        )


def learn_facts(train: Interactions, kind: str) -> ItemFacts:
    """Facts of a training part that was cut in this way ("random", "temporal", "leave-one-out")."""
    history, n_items = train.histories, train.n_items
    users = np.maximum(train.item_users(), 1)
    weight = np.bincount(history.item_idx, weights=history.weight, minlength=n_items) / users
    first = np.full(n_items, np.inf)
    reading = "around" if kind == "random" else "past"
    now = None
    edges, levels = np.zeros(0), np.zeros((len(SPANS), 0, n_items), dtype=np.float32)
    if train.at is not None and len(train.at):
        np.minimum.at(first, history.item_idx, train.at)
        edges = _edges(train.at, n_items)
        levels = _levels(train, train.at, edges, reading)
        now = float(train.at.max()) if kind == "temporal" else None
    popularity = train.item_users().astype(np.float32)
    return ItemFacts(reading, now, popularity, weight.astype(np.float32), first, edges, levels)


def _edges(at: np.ndarray, n_items: int) -> np.ndarray:
    """Ends of bins that hold about as many rows each; equal times share a bin."""
    bins = int(np.clip(TABLE_CELLS // n_items, 1, BINS))
    bins = min(bins, max(1, len(at) // 50))
    places = np.ceil(np.arange(1, bins + 1) * len(at) / bins).astype(np.int64) - 1
    return np.unique(np.sort(at)[places])


def _levels(train: Interactions, at: np.ndarray, edges: np.ndarray, reading: str) -> np.ndarray:
    n_items = train.n_items
    bins = np.minimum(np.searchsorted(edges, at), len(edges) - 1)
    counts = np.zeros((len(edges), n_items), dtype=np.float32)
    np.add.at(counts, (bins, train.histories.item_idx), 1)
    tables = np.empty((len(SPANS), *counts.shape), dtype=np.float32)
    for place, span in enumerate(SPANS):
        keep = np.float32(np.exp(-1 / span))
        table = _running(counts, keep)
        if reading == "around":
            table += _running(counts[::-1], keep)[::-1] - counts
        table *= n_items / np.maximum(table.sum(axis=1, keepdims=True), 1e-12)
        tables[place] = table
    return tables


def _running(counts: np.ndarray, keep: np.float32) -> np.ndarray:
    """Each row plus `keep` times the running row before it."""
    total = counts.copy()
    for row in range(1, len(total)):
        total[row] += keep * total[row - 1]
    return total
