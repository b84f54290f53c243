"""One score from several sources: each source's scores over their own spread, weighted, added."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .interactions import Histories
from .lists import top_lists
from .metrics import per_customer
from .sources import Source
from .splits import HeldOut

STEPS = (0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 1.7, 3.0)
CANDIDATES_PER_SOURCE = 100
WORTH_IT = 1.003  # a change of weights must raise nDCG by this factor, else it is noise


@dataclass(frozen=True)
class Blend:
    """score = Σ weight · source's score / the spread of that source's scores for this history."""

    sources: dict[str, Source]
    weights: dict[str, float]
    personal = True

    def scores(self, histories: Histories) -> np.ndarray:
        return sum(part for _name, part in self.parts(histories))  # type: ignore[return-value]

    def parts(self, histories: Histories) -> list[tuple[str, np.ndarray]]:
        """(source, float32 (n, n_items)) for every source with a weight; they add up to scores."""
        return [
            (name, weight * spread(self.sources[name].scores(histories)))
            for name, weight in self.weights.items()
        ]

    def contributions(self, history: Histories, items: np.ndarray) -> np.ndarray:
        """float32 (n history rows, len(items)): exact for every source; popularity adds none."""
        total = np.zeros((len(history.item_idx), len(items)), dtype=np.float32)
        for name, weight in self.weights.items():
            scale = _scale(self.sources[name].scores(history))[0]
            total += weight / scale * self.sources[name].contributions(history, items)
        return total


def spread(scores: np.ndarray) -> np.ndarray:
    """float32 (n, n_items): each row over its standard deviation; a constant row stays as it is."""
    return scores / _scale(scores)


def _scale(scores: np.ndarray) -> np.ndarray:
    deviation = scores.std(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    return np.where(deviation > 1e-12, deviation, np.float32(1))


@dataclass(frozen=True)
class Candidates:
    """The union of each source's best items for n customers, and what every source says of them.

    items: int32 (n, c), −1 for a repeat; scores: float32 (n, sources, c), spread.
    ties: float64 (n, c), the popularity that orders equal scores, as in `top_lists`.
    """

    names: list[str]
    items: np.ndarray
    scores: np.ndarray
    ties: np.ndarray

    def ranked(self, weights: dict[str, float], k: int) -> np.ndarray:
        """int32 (n, k): lists under these weights, −1 where there is nothing to add."""
        vector = np.array([weights.get(name, 0.0) for name in self.names], dtype=np.float32)
        total = np.einsum("nsc,s->nc", self.scores, vector).astype(np.float64)
        total += self.ties * np.maximum(np.abs(total).max(axis=1, keepdims=True), 1e-30)
        total[self.items < 0] = -np.inf
        best = np.argsort(-total, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(self.items, best, axis=1)


def gather_candidates(
    sources: dict[str, Source], histories: Histories, popularity: np.ndarray
) -> Candidates:
    """Candidates of all customers, 256 at a time so that memory stays flat."""
    items, scores = [], []
    for start in range(0, len(histories), 256):
        batch = histories.take(np.arange(start, min(start + 256, len(histories))))
        every = [spread(source.scores(batch)) for source in sources.values()]
        listed = np.hstack(
            [top_lists(part, batch, popularity, CANDIDATES_PER_SOURCE) for part in every]
        )
        columns = np.maximum(listed, 0)
        scores.append(np.stack([np.take_along_axis(s, columns, axis=1) for s in every], axis=1))
        items.append(_first_of_each(listed))
    found = np.vstack(items)
    ties = popularity / max(float(popularity.max()), 1e-30) * 1e-9
    return Candidates(list(sources), found, np.concatenate(scores), ties[np.maximum(found, 0)])


def _first_of_each(listed: np.ndarray) -> np.ndarray:
    """The same array with −1 in place of every repeat within a row."""
    order = np.argsort(listed, axis=1, kind="stable")
    ordered = np.take_along_axis(listed, order, axis=1)
    repeat = np.zeros(listed.shape, dtype=bool)
    repeat[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    result = listed.copy()
    rows, columns = np.nonzero(repeat)
    result[rows, order[rows, columns]] = -1
    return result


def search_weights(
    candidates: Candidates, held_out: HeldOut, n_items: int, *, k: int, start: str
) -> tuple[dict[str, float], float]:
    """Coordinate ascent on validation nDCG from one source; returns weights and the value.

    Deterministic: sources in their order, steps in theirs, until a pass changes nothing.
    """

    def value(weights: dict[str, float]) -> float:
        lists = candidates.ranked(weights, k)
        return float(per_customer(lists, held_out, n_items)["ndcg"].mean())

    weights = {start: 1.0}
    best = value(weights)
    for _round in range(3):
        before = best
        for name in candidates.names:
            if name == start:
                continue
            for step in (0.0, *STEPS):
                trial = {**weights, name: step}
                found = value(trial)
                if found > best * WORTH_IT:
                    best, weights = found, trial
        if best == before:
            break
    return {name: weight for name, weight in weights.items() if weight}, best
