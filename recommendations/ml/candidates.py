"""The ordered list of what could be offered to one person in one place, before any gate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .blend import Blend
from .interactions import Histories
from .lists import top_lists
from .sources import Neighbours, Popular

# The stated order of every placement; what stands earlier is offered first.
ORDER = {
    "home": ("personal", "category", "popular"),
    "product": ("similar", "bought_together", "category", "popular"),
    "cart": ("bought_together", "similar", "category", "popular"),
}


@dataclass(frozen=True)
class Case:
    """Who looks where, in the model's numbering.

    history: one person's; anchors: item indices of the page's product or the cart's, unknown ones
    left out; categories: category keys to fall back on; barred: item indices never to offer.
    """

    placement: str
    history: Histories
    anchors: np.ndarray
    categories: np.ndarray
    barred: np.ndarray


@dataclass(frozen=True)
class Shelf:
    """What the sources of one model know about its items."""

    blend: Blend
    similar: Neighbours
    together: Neighbours
    popular: Popular
    category_ids: np.ndarray


@dataclass
class Candidates:
    """Item indices in order, each once, with the source that brought it and its score there."""

    items: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(self, source: str, items: np.ndarray, scores: np.ndarray, most: int) -> None:
        known = set(self.items)
        for item, score in zip(items.tolist(), scores.tolist(), strict=True):
            if len(self.items) >= most:
                return
            if item not in known:
                known.add(item)
                self.items.append(item)
                self.scores.append(score)
                self.sources.append(source)


def candidates(shelf: Shelf, case: Case, most: int) -> Candidates:
    """At most `most` candidates: the placement's sources one after the other."""
    found = Candidates()
    finders = {
        "personal": _personal,
        "similar": lambda shelf, case, most: _neighbours(shelf.similar, case, most),
        "bought_together": lambda shelf, case, most: _neighbours(shelf.together, case, most),
        "category": _of_category,
        "popular": _popular,
    }
    for source in ORDER[case.placement]:
        if len(found.items) < most:
            items, scores = finders[source](shelf, case, most)
            found.add(source, items, scores, most)
    return found


def _personal(shelf: Shelf, case: Case, most: int) -> tuple[np.ndarray, np.ndarray]:
    if not len(case.history.item_idx):
        return _nothing()
    scores = shelf.blend.scores(case.history).astype(np.float32, copy=True)
    return _best(scores[0], case, shelf.popular.popularity, most)


def _neighbours(source: Neighbours, case: Case, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Summed over the anchors; only what is a neighbour of at least one."""
    if not len(case.anchors):
        return _nothing()
    scores = source.summed(case.anchors, np.ones(len(case.anchors), dtype=np.float32))
    items, values = _best(scores, case, np.zeros(len(scores)), most)
    return items[values > 0], values[values > 0]


def _of_category(shelf: Shelf, case: Case, most: int) -> tuple[np.ndarray, np.ndarray]:
    popularity = shelf.popular.popularity
    inside = np.isin(shelf.category_ids, case.categories[case.categories > 0])
    items, values = _best(np.where(inside, popularity, 0), case, popularity, most)
    return items[values > 0], values[values > 0]


def _popular(shelf: Shelf, case: Case, most: int) -> tuple[np.ndarray, np.ndarray]:
    popularity = shelf.popular.popularity
    return _best(popularity, case, popularity, most)


def _best(
    scores: np.ndarray, case: Case, popularity: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    none = np.zeros(len(case.barred))
    barred = Histories(
        np.array([0, len(case.barred)]),
        case.barred.astype(np.int32),
        none,
        none,
        np.ones(len(case.barred), dtype=bool),
    )
    items = top_lists(scores[None, :], barred, popularity, most)[0]
    items = items[items >= 0]
    return items, scores[items]


def _nothing() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)


def because(blend: Blend, history: Histories, items: np.ndarray) -> list[tuple[int, float]]:
    """For each item the history row that adds most to its score, and how much it adds.

    (−1, 0.0) where no row of the history adds anything.
    """
    if not len(history.item_idx):
        return [(-1, 0.0)] * len(items)
    added = blend.contributions(history, items)
    rows = added.argmax(axis=0)
    best = added[rows, np.arange(len(items))]
    return [
        (int(row), float(value)) if value > 0 else (-1, 0.0)
        for row, value in zip(rows, best, strict=True)
    ]
