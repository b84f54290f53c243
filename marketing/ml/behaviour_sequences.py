"""What a customer did, in its order, and what it says of an order to come: serves without torch.

A row of a sequence is one thing she did: its kind (an order, a view, …), the category it was about
and how long before the moment of asking. Self-attention reads the newest LENGTH rows; how far apart
two rows lie in time is a bias of the attention. Training is in `sequence_training`.
Source: Kang & McAuley, ICDM 2018 (SASRec); Li, Wang, McAuley, WSDM 2020 (time intervals).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attention.blocks import last_states

KINDS = ("order", "view", "search", "cart_add", "cart_remove", "review", "click", "open", "link")
LENGTH = 32  # newest rows that are read
HISTORY_DAYS = 180
MOST_CATEGORIES = 40
# Edges of the classes of time, in hours: from minutes of one visit to half a year.
TIME_EDGES = np.array([0.25, 1, 6, 24, 48, 96, 168, 336, 720, 1440, 2880])
BATCH = 512
EMBEDDINGS = {"kinds": len(KINDS), "categories": MOST_CATEGORIES + 1, "ages": TIME_EDGES.size + 1}
BIASES = {"row_bias": LENGTH, "gap_bias": TIME_EDGES.size + 1}


@dataclass(frozen=True)
class Sequences:
    """Rows of n customers, one after the other, oldest first; row i of customer c lies in
    indptr[c] … indptr[c + 1].

    kind: place in KINDS; category: the shop's key, −1 without; at: epoch seconds, all before
    `as_of`. At most LENGTH rows a customer.
    """

    indptr: np.ndarray
    kind: np.ndarray
    category: np.ndarray
    at: np.ndarray
    as_of: float

    @property
    def size(self) -> int:
        return self.indptr.size - 1


def sequences(rows: np.ndarray, customers: int, as_of: float, *, length: int = LENGTH) -> Sequences:
    """rows: float (m, 4) of (customer 0 … customers − 1, at, kind, category), any order; the newest
    `length` of each are kept. Raises ValueError for a row at or after `as_of`."""
    if len(rows) and rows[:, 1].max() >= as_of:
        raise ValueError("a row lies at or after as_of")
    order = np.lexsort((rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))
    rows = rows[order]
    who = rows[:, 0].astype(np.int64)
    ends = np.cumsum(np.bincount(who, minlength=customers))
    kept = rows[ends[who] - np.arange(len(rows)) <= length]
    counts = np.bincount(kept[:, 0].astype(np.int64), minlength=customers)
    return Sequences(
        np.concatenate([[0], np.cumsum(counts)]),
        kept[:, 2].astype(np.int64),
        kept[:, 3].astype(np.int64),
        kept[:, 1],
        as_of,
    )


@dataclass(frozen=True)
class Padded:
    """int64 (n, L), padded on the left, and bool (n, L) `real`: what the blocks read."""

    kinds: np.ndarray
    categories: np.ndarray
    ages: np.ndarray
    real: np.ndarray
    distances: dict[str, np.ndarray]


def padded(found: Sequences, chosen: np.ndarray, categories: Sequence[int]) -> Padded:
    """chosen: customers with a row at least. categories: known keys, ascending; others are one."""
    starts, ends = found.indptr[:-1][chosen], found.indptr[1:][chosen]
    longest = int((ends - starts).max())
    rows = ends[:, None] - longest + np.arange(longest)
    real = rows >= starts[:, None]
    rows = np.where(real, rows, ends[:, None] - 1)
    hours = (found.as_of - found.at[rows]) / 3600
    place = np.arange(longest)
    return Padded(
        found.kind[rows],
        _category_places(found.category[rows], categories),
        np.searchsorted(TIME_EDGES, hours),
        real,
        {
            "row_bias": np.clip(place[:, None] - place, 0, LENGTH - 1),
            "gap_bias": np.searchsorted(TIME_EDGES, np.abs(hours[:, None, :] - hours[:, :, None])),
        },
    )


def _category_places(keys: np.ndarray, known: Sequence[int]) -> np.ndarray:
    """1 … for the known ones, 0 for the rest."""
    table = np.asarray(known, dtype=np.int64)
    if not table.size:
        return np.zeros(keys.shape, dtype=np.int64)
    place = np.minimum(np.searchsorted(table, keys), table.size - 1)
    return np.where(table[place] == keys, place + 1, 0)


@dataclass(frozen=True)
class SequenceModel:
    """weights: float32 arrays by name; categories: keys, ascending, at most MOST_CATEGORIES."""

    weights: dict[str, np.ndarray]
    categories: tuple[int, ...]

    def scores(self, found: Sequences) -> np.ndarray:
        """Log-odds of an order within the window, (n,); NaN for customers without a row."""
        result = np.full(found.size, np.nan)
        lengths = np.diff(found.indptr)
        order = np.argsort(lengths, kind="stable")  # alike lengths together: little padding
        order = order[lengths[order] > 0]
        w = self.weights
        for start in range(0, order.size, BATCH):
            chosen = order[start : start + BATCH]
            read = padded(found, chosen, self.categories)
            x = w["kinds"][read.kinds] + w["categories"][read.categories] + w["ages"][read.ages]
            states = last_states(w, x, read.real, read.distances)
            result[chosen] = states @ w["said"] + w["said_bias"][0]
        return result

    def to_json(self) -> dict[str, Any]:
        """Numbers of six digits: 40 kB."""
        return {
            "categories": list(self.categories),
            "weights": {
                name: {
                    "shape": list(one.shape),
                    "values": [round(v, 6) for v in one.ravel().tolist()],
                }
                for name, one in self.weights.items()
            },
        }

    @staticmethod
    def of(stored: dict[str, Any]) -> SequenceModel:
        weights = {
            name: np.array(one["values"], dtype=np.float32).reshape(one["shape"])
            for name, one in stored["weights"].items()
        }
        return SequenceModel(weights, tuple(stored["categories"]))
