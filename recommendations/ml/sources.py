"""What every source of candidates can do, and the two shapes they all have.

A source is fitted on a training part and then scores *histories*: it keeps nothing about any
user. So a customer newer than the model is served as every other, from her own events, and
a person who is erased is not in the artefact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse

from . import als
from .interactions import Histories, Interactions

SECONDS_A_DAY = 86_400.0
FEW = 8  # histories that a request may bring: it must not load a compiler


@dataclass(frozen=True)
class HistoryRule:
    """How strongly each item of a history speaks.

    recency_baskets, recency_rows: e-folding in baskets, and in rows; None: old and new alike.
    by_weight: repetition and strength count (else every item counts 1 at most).
    """

    recency_baskets: float | None = None
    by_weight: bool = False
    recency_rows: float | None = None

    @staticmethod
    def of(params: dict) -> HistoryRule:
        """What a source's parameters say; what they do not name is as above."""
        return HistoryRule(
            params.get("recency_baskets"),
            params.get("by_weight", False),
            params.get("recency_rows"),
        )

    def values(self, histories: Histories) -> np.ndarray:
        """float32 per history row, positive."""
        values = history_values(histories.weight, self.by_weight)
        if self.recency_baskets is not None:
            values = values * np.exp(-histories.baskets_ago / self.recency_baskets)
        if self.recency_rows is not None:
            values = values * np.exp(-histories.rows_ago / self.recency_rows)
        return np.maximum(values, 1e-6).astype(np.float32)


def history_values(weight: np.ndarray, by_weight: bool) -> np.ndarray:
    """log2(1 + weight), which is 1 for one purchase and grows slowly; or the weight up to 1."""
    return np.log2(1 + weight) if by_weight else np.minimum(weight, np.float32(1))


def decayed_values(
    train: Interactions, by_weight: bool, half_life_days: float | None
) -> np.ndarray:
    """float32 per pair: its strength, halved for every half life before the newest pair.

    Without times, or with no half life, nothing decays.
    """
    values = history_values(train.histories.weight, by_weight)
    if half_life_days is None or train.at is None or not len(train.at):
        return values
    age_days = (train.at.max() - train.at) / SECONDS_A_DAY
    return (values * np.exp2(-age_days / half_life_days)).astype(np.float32)


class Source(Protocol):
    """Scores all items for a batch of histories."""

    personal: bool

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 (n, n_items); higher is better; all 0 for an empty history if personal."""

    def contributions(self, history: Histories, items: np.ndarray) -> np.ndarray:
        """float32 (n history rows, len(items)): what each row of ONE history adds to the scores."""

    def arrays(self) -> dict[str, np.ndarray]:
        """All that is needed to build the source again, without pickle."""


@dataclass(frozen=True)
class Popular:
    """The same score for everybody."""

    popularity: np.ndarray
    personal = False

    def scores(self, histories: Histories) -> np.ndarray:
        row = self.popularity.astype(np.float32)
        return np.broadcast_to(row, (len(histories), len(row)))

    def contributions(self, history: Histories, items: np.ndarray) -> np.ndarray:
        return np.zeros((len(history.item_idx), len(items)), dtype=np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        return {"popularity": self.popularity.astype(np.float32)}


@dataclass(frozen=True)
class Neighbours:
    """score(item) = Σ over the history of value(row) · weights[row's item, item].

    weights: CSR float32 (n_items, n_items), no diagonal.
    """

    weights: sparse.csr_matrix
    rule: HistoryRule
    personal = True

    def scores(self, histories: Histories) -> np.ndarray:
        if len(histories) == 1:
            return self._scores_of_one(histories)
        values = histories.matrix(self.rule.values(histories), self.weights.shape[0])
        if len(histories) >= 32 and self._dense is not None:
            return np.asarray(values @ self._dense, dtype=np.float32)
        return np.asarray((values @ self.weights).todense(), dtype=np.float32)

    def _scores_of_one(self, history: Histories) -> np.ndarray:
        return self.summed(history.item_idx, self.rule.values(history))[None, :]

    def summed(self, items: np.ndarray, values: np.ndarray) -> np.ndarray:
        """float32 (n_items,): Σ value · row, straight from the mapped arrays.

        scipy would copy both matrices whole at every product (5 ms for 3,700 items).
        """
        matrix = self.weights
        starts, ends = matrix.indptr[items], matrix.indptr[items + 1]
        lengths = (ends - starts).astype(np.int64)
        begins = np.cumsum(lengths) - lengths
        entries = np.repeat(starts - begins, lengths) + np.arange(lengths.sum())
        added = matrix.data[entries] * np.repeat(values, lengths)
        return np.bincount(
            matrix.indices[entries], weights=added, minlength=matrix.shape[0]
        ).astype(np.float32)

    @cached_property
    def _dense(self) -> np.ndarray | None:
        """A batch over a nearly full matrix of modest size is faster dense: 3 times at 3,700."""
        n_items = self.weights.shape[0]
        worth_it = n_items <= 5_000 and self.weights.nnz > 0.05 * n_items**2
        return self.weights.toarray() if worth_it else None

    def contributions(self, history: Histories, items: np.ndarray) -> np.ndarray:
        part = np.zeros((len(history.item_idx), self.weights.shape[0]), dtype=np.float32)
        for row, item in enumerate(history.item_idx.tolist()):
            columns, values = self.similar(item)
            part[row, columns] = values
        return self.rule.values(history)[:, None] * part[:, items]

    def similar(self, item: int) -> tuple[np.ndarray, np.ndarray]:
        """Neighbours of one item and their weights, in no order."""
        row = slice(self.weights.indptr[item], self.weights.indptr[item + 1])
        return self.weights.indices[row], self.weights.data[row]

    def arrays(self) -> dict[str, np.ndarray]:
        matrix = self.weights
        return {
            "indptr": matrix.indptr.astype(np.int32),  # as indices: else scipy copies both
            "indices": matrix.indices.astype(np.int32),
            "data": matrix.data.astype(np.float32),
        }


@dataclass(frozen=True)
class Factors:
    """Implicit ALS: a history is folded in exactly as the training solves for a user.

    x = (YᵀY + Σ (c − 1) y yᵀ + λI)⁻¹ Σ c y with c = 1 + α·value, score = x·y. scale: how λ grows with
    the length of the history, where it does.
    Source: Hu, Koren & Volinsky, ICDM 2008, equations 4 and 7 (the latter for contributions).
    """

    item_factors: np.ndarray
    alpha: float
    regularization: float
    rule: HistoryRule
    gram: np.ndarray
    scale: als.Scale | None = None
    personal = True

    @staticmethod
    def of(
        item_factors: np.ndarray,
        alpha: float,
        regularization: float,
        rule: HistoryRule,
        scale: als.Scale | None = None,
    ) -> Factors:
        # The Gram matrix is once per model; float64, because it is inverted for every user.
        wide = np.asarray(item_factors, dtype=np.float64)
        gram = wide.T @ wide + regularization * np.eye(wide.shape[1])
        return Factors(item_factors, alpha, regularization, rule, gram, scale)

    def scores(self, histories: Histories) -> np.ndarray:
        return self.user_factors(histories) @ self.item_factors.T

    def user_factors(self, histories: Histories) -> np.ndarray:
        """float32 (n, factors); zeros for an empty history.

        One by one exactly, many together by conjugate gradients to a residual of a millionth.
        """
        confidence = 1 + self.alpha * self.rule.values(histories)
        if len(histories) > FEW and als.compiled_here():
            matrix = histories.matrix(confidence, len(self.item_factors))
            return als.fold_in(matrix, self.item_factors, self.regularization, 1, self.scale)
        users = np.zeros((len(histories), self.gram.shape[0]), dtype=np.float32)
        for user in range(len(histories)):
            rows = slice(histories.indptr[user], histories.indptr[user + 1])
            if rows.stop > rows.start:
                matrix, right = self._system(histories.item_idx[rows], confidence[rows])
                users[user] = np.linalg.solve(matrix, right.sum(axis=0))
        return users

    def contributions(self, history: Histories, items: np.ndarray) -> np.ndarray:
        if not len(history.item_idx):
            return np.zeros((0, len(items)), dtype=np.float32)
        confidence = 1 + self.alpha * self.rule.values(history)
        matrix, right = self._system(history.item_idx, confidence)
        return (right @ np.linalg.solve(matrix, self.item_factors[items].T)).astype(np.float32)

    def _system(self, items: np.ndarray, confidence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The matrix to invert, and the right side's term per history row."""
        factors = self.item_factors[items].astype(np.float64)
        right = confidence[:, None] * factors
        matrix = self.gram + (right - factors).T @ factors
        if self.scale:
            extra = self.scale.extra(np.array([len(items)]), self.regularization)
            matrix += float(extra[0]) * np.eye(len(matrix))
        return matrix, right

    def arrays(self) -> dict[str, np.ndarray]:
        own = {"item_factors": np.ascontiguousarray(self.item_factors, dtype=np.float32)}
        if self.scale:
            own["scale"] = np.array([self.scale.offset, self.scale.mean])
        return own
