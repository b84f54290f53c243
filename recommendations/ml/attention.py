"""A self-attentive sequence model as it serves: plain arrays and numpy, no torch.

The training is in `attention_training`; a test holds both to the same scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attention.blocks import last_states

from .interactions import Histories

BATCH = 128
EXPLAINED_ROWS = 12  # the newest rows of a history that an explanation names; each costs a pass


@dataclass(frozen=True)
class SelfAttention:
    """What comes next after a history, by causal self-attention over its newest rows.

    weights: float32 arrays by name (`attention_training.shapes`); distances between rows and
    between baskets are biases of the attention, so that no position is absolute. known: bool
    (n_items,), items with training rows; the others have no vector and rank below all.
    Source: Kang & McAuley, ICDM 2018 (SASRec); Raffel et al., JMLR 21, 2020, 2.1 (relative bias).
    """

    weights: dict[str, np.ndarray]
    known: np.ndarray
    personal = True

    @property
    def length(self) -> int:
        """How many of the newest rows are read."""
        return self.weights["0.row_bias"].shape[1]

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 (n, n_items); 0 for an empty history."""
        result = np.zeros((len(histories), len(self.known)), dtype=np.float32)
        filled = np.flatnonzero(np.diff(histories.indptr))
        if not len(filled):
            return result
        result[filled] = self.states(histories.take(filled)) @ self.weights["items"].T
        result[filled] += self.weights["item_bias"]
        if not self.known.all():
            lowest = result[filled].min(axis=1, keepdims=True)
            result[filled] = np.where(self.known, result[filled], lowest)
        return result

    def states(self, histories: Histories) -> np.ndarray:
        """float32 (n, dim): the state after the newest row; every history has a row."""
        lengths = np.minimum(np.diff(histories.indptr), self.length)
        order = np.argsort(lengths, kind="stable")  # alike lengths together: little padding
        result = np.empty((len(histories), self.weights["items"].shape[1]), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            ends, longest = histories.indptr[1:][chosen], int(lengths[chosen[-1]])
            rows = ends[:, None] - longest + np.arange(longest)
            real = rows >= ends[:, None] - lengths[chosen, None]
            rows = np.maximum(rows, 0)
            ago = np.where(real, histories.baskets_ago[rows], 0)
            result[chosen] = self._forward(histories.item_idx[rows], ago, real)
        return result

    def _forward(self, items: np.ndarray, ago: np.ndarray, real: np.ndarray) -> np.ndarray:
        """float32 (n, dim) from (n, L) arrays, padded on the left, newest last."""
        w = self.weights
        x = w["items"][items] * np.float32(w["items"].shape[1] ** 0.5)
        rows, baskets = distances(ago, w["0.row_bias"].shape[1], w["0.basket_bias"].shape[1])
        return last_states(w, x, real, {"row_bias": rows, "basket_bias": baskets})

    def contributions(self, history: Histories, items: np.ndarray) -> np.ndarray:
        """float32 (n rows, len(items)): leave-one-out, the rest split equally; adds up exactly.

        Only the newest EXPLAINED_ROWS rows are left out one by one, older ones get 0.
        Source: Driessen & Funaki, OR Spektrum 13, 1991 (egalitarian non-separable contribution).
        """
        n_rows = len(history.item_idx)
        added = np.zeros((n_rows, len(items)), dtype=np.float32)
        if not n_rows:
            return added
        newest = np.arange(max(0, n_rows - EXPLAINED_ROWS), n_rows)
        full = self.scores(history)[0, items]
        without = np.zeros((len(newest), len(items)), dtype=np.float32)
        if n_rows > 1:  # of these items alone: all items would cost a request milliseconds
            states = self.states(_each_without(history, newest))
            without = states @ self.weights["items"][items].T + self.weights["item_bias"][items]
        marginal = full - without
        added[newest] = marginal + (full - marginal.sum(axis=0)) / len(newest)
        return added

    def arrays(self) -> dict[str, np.ndarray]:
        return {"known": self.known, **self.weights}

    @staticmethod
    def of(arrays: dict[str, np.ndarray]) -> SelfAttention:
        """The source again from its arrays."""
        weights = {name: values for name, values in arrays.items() if name != "known"}
        return SelfAttention(weights, arrays["known"])


def distances(ago: np.ndarray, n_rows: int, n_baskets: int) -> tuple[np.ndarray, np.ndarray]:
    """How many rows (L, L) and baskets (n, L, L) back the key lies; the last class is open."""
    place = np.arange(ago.shape[1])
    rows = np.clip(place[:, None] - place, 0, n_rows - 1)
    baskets = np.clip(ago[:, None, :] - ago[:, :, None], 0, n_baskets - 1)
    return rows, baskets


def _each_without(history: Histories, rows: np.ndarray) -> Histories:
    """len(rows) histories, each the given one without one of its rows."""
    n_rows = len(history.item_idx)
    kept = np.concatenate([np.delete(np.arange(n_rows), row) for row in rows.tolist()])
    return Histories(
        np.arange(len(rows) + 1) * (n_rows - 1),
        history.item_idx[kept],
        history.weight[kept],
        history.baskets_ago[kept],
        history.bought[kept],
    )
