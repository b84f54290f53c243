"""One score from several sources: each source's scores over their own spread, weighted, added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .interactions import Histories
from .lists import top_lists
from .sources import Source
from .splits import HeldOut

STEPS = (0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 1.7, 3.0)
CANDIDATES_PER_SOURCE = 100
MOST_GROUPS = 8_000  # customers to learn weights or trees from
WORTH_IT = 1.003  # a change of weights must raise nDCG by this factor, else it is noise


class View(Protocol):
    """Anything that scores all items for histories."""

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 (n, n_items)."""


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
    """float32 (n, 1). In float32, which is ten times as fast; so a deviation that is no more than
    the rounding of a constant row counts as none."""
    deviation = scores.std(axis=1, keepdims=True)
    rounding = 1e-5 * np.abs(scores).max(axis=1, keepdims=True)
    return np.where(deviation > rounding, deviation, np.float32(1))


@dataclass(frozen=True)
class Candidates:
    """The union of each source's best items, and what every source says of them.

    Only of those of n customers whose union holds something that was held out: nothing that is
    made of it can be worth anything to the others.
    customer: int64 (g,), which of the n. items: int32 (g, c), −1 for a repeat.
    scores: float32 (g, names, c), spread. label: bool (g, c), what was held out.
    ties: float64 (g, c), the popularity that orders equal scores, as in `top_lists`.
    counts: int64 (n,), how much was held out of every customer; person: int64 (n,), who it is.
    """

    names: list[str]
    customer: np.ndarray
    items: np.ndarray
    scores: np.ndarray
    label: np.ndarray
    ties: np.ndarray
    counts: np.ndarray
    person: np.ndarray

    def take(self, chosen: np.ndarray) -> Candidates:
        """Some of the g customers."""
        return Candidates(
            self.names,
            self.customer[chosen],
            self.items[chosen],
            self.scores[chosen],
            self.label[chosen],
            self.ties[chosen],
            self.counts,
            self.person,
        )

    def totals(self, weights: dict[str, float]) -> np.ndarray:
        """float64 (g, c): the blend's scores under these weights; −inf at a repeat."""
        vector = np.array([weights.get(name, 0.0) for name in self.names], dtype=np.float32)
        total = np.einsum("nsc,s->nc", self.scores, vector).astype(np.float64)
        total += self.ties * np.maximum(np.abs(total).max(axis=1, keepdims=True), 1e-30)
        total[self.items < 0] = -np.inf
        return total

    def ndcg(self, totals: np.ndarray, k: int) -> np.ndarray:
        """float64 (n,): per customer, of the lists that these totals (g, c) order."""
        row, column = np.nonzero(self.label)
        place = _places(totals, row, totals[row, column])
        hit = place < k
        discount = 1 / np.log2(np.arange(2, k + 2))
        gains = np.bincount(
            self.customer[row[hit]], weights=discount[place[hit]], minlength=len(self.counts)
        )
        ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(self.counts, k)]
        return gains / np.maximum(ideal, 1e-12)


def _places(totals: np.ndarray, row: np.ndarray, value: np.ndarray) -> np.ndarray:
    """int64: how many of the row's totals are above the value; a block at a time."""
    place = np.empty(len(row), dtype=np.int64)
    for start in range(0, len(row), 4096):
        block = slice(start, start + 4096)
        place[block] = (totals[row[block]] > value[block, None]).sum(axis=1)
    return place


def gather_candidates(
    sources: dict[str, Source],
    views: Mapping[str, View],
    histories: Histories,
    held_out: HeldOut,
    popularity: np.ndarray,
) -> Candidates:
    """Candidates of the customers in their order, until MOST_GROUPS have something in theirs.

    views: further scores to gather that bring no candidates of their own.
    """
    parts, groups, asked = [], 0, 0
    while asked < len(histories) and groups < MOST_GROUPS:
        rows = np.arange(asked, min(asked + 256, len(histories)))
        batch = histories.take(rows)
        every = [spread(source.scores(batch)) for source in sources.values()]
        items = first_of_each(
            np.hstack([top_lists(part, batch, popularity, CANDIDATES_PER_SOURCE) for part in every])
        )
        label = held_out_among(items, held_out.take(rows), len(popularity))
        useful = np.flatnonzero(label.any(axis=1) & (np.diff(batch.indptr) > 0))
        columns = np.maximum(items[useful], 0)
        every = [part[useful] for part in every]
        every += [spread(view.scores(batch.take(useful))) for view in views.values()]
        scores = [np.take_along_axis(part, columns, axis=1) for part in every]
        parts.append((rows[useful], items[useful], np.stack(scores, axis=1), label[useful]))
        groups, asked = groups + len(useful), int(rows[-1]) + 1
    customer, found, values, label = (np.concatenate(column) for column in zip(*parts, strict=True))
    found, values, label = _narrowed(found, values, label)
    ties = popularity / max(float(popularity.max()), 1e-30) * 1e-9
    names, each = [*sources, *views], ties[np.maximum(found, 0)]
    people = held_out.counts[:asked], held_out.users[:asked]
    return Candidates(names, customer, found, values, label, each, *people)


def _narrowed(
    items: np.ndarray, scores: np.ndarray, label: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same without the repeats, which go to the right and are cut off: half the memory."""
    width = int((items >= 0).sum(axis=1).max(initial=1))
    order = np.argsort(items < 0, axis=1, kind="stable")[:, :width]
    return (
        np.take_along_axis(items, order, axis=1),
        np.take_along_axis(scores, order[:, None, :], axis=2),
        np.take_along_axis(label, order, axis=1),
    )


def joined_candidates(parts: list[Candidates]) -> Candidates:
    """Candidates of several cuts in one; a customer of two cuts counts in both."""
    begins = np.cumsum([0] + [len(part.counts) for part in parts])
    customer = [part.customer + begin for part, begin in zip(parts, begins[:-1], strict=True)]
    # A cut with fewer items than a source may list has narrower rows.
    width = max(part.items.shape[1] for part in parts)
    wide = [
        np.concatenate([_widened(getattr(part, name), width, fill) for part in parts])
        for name, fill in (("items", -1), ("scores", 0), ("label", False), ("ties", 0))
    ]
    people = [np.concatenate([getattr(part, name) for part in parts]) for name in PEOPLE]
    return Candidates(parts[0].names, np.concatenate(customer), *wide, *people)


PEOPLE = ("counts", "person")


def _widened(values: np.ndarray, width: int, fill: float) -> np.ndarray:
    """The same array with its last axis filled up to this width."""
    added = [(0, 0)] * (values.ndim - 1) + [(0, width - values.shape[-1])]
    return np.pad(values, added, constant_values=fill)


def held_out_among(items: np.ndarray, held_out: HeldOut, n_items: int) -> np.ndarray:
    row = np.repeat(np.arange(len(held_out)), np.diff(held_out.indptr))
    wanted = row * np.int64(n_items) + held_out.item_idx
    offered = np.arange(len(items))[:, None] * np.int64(n_items) + items
    return np.isin(offered, wanted) & (items >= 0)


def first_of_each(listed: np.ndarray) -> np.ndarray:
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
    candidates: Candidates, names: list[str], *, k: int, start: str
) -> tuple[dict[str, float], float]:
    """Coordinate ascent on validation nDCG from one source; returns weights and the value.

    Deterministic: sources in their order, steps in theirs, until a pass changes nothing.
    """

    def value(weights: dict[str, float]) -> float:
        return float(candidates.ndcg(candidates.totals(weights), k).mean())

    weights = {start: 1.0}
    best = value(weights)
    for _round in range(3):
        before = best
        for name in names:
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
