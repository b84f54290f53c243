"""The ordered list of what could be offered to one person in one place, before any gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .blend import Blend
from .interactions import Histories
from .lists import top_lists
from .one_person import Reached, is_sparse, reached, scored
from .ranker import Ranker
from .sources import Neighbours, Popular

RECENT = 3  # of how many things the source `session` asks what follows


@dataclass(frozen=True)
class Case:
    """Who looks where, in the model's numbering.

    sources: in order. history: one person's; anchors: item indices of the page's product or the
    cart's, unknown ones left out; categories: category keys to fall back on; barred: item indices
    never to offer, ascending. instead, on_flash: item indices that the shop's facts name, best first.
    listed: hers as the night computed them, best first, in the place of scores of this moment.
    within: item indices, ascending, outside of which nothing may be offered; None: no such bound.
    is_ranked: whether the ranker, where there is one, orders what is about her.
    """

    sources: tuple[str, ...]
    history: Histories
    anchors: np.ndarray
    categories: np.ndarray
    barred: np.ndarray
    instead: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    on_flash: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    listed: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    within: np.ndarray | None = None
    is_ranked: bool = False

    def may_have(self, items: np.ndarray) -> np.ndarray:
        """bool: which of the items may be offered."""
        free = ~_is_in(items, self.barred)
        return free if self.within is None else free & _is_in(items, self.within)


@dataclass(frozen=True)
class Shelf:
    """What the sources of one model know about its items.

    category_ids: int64 (n_items,), 0 for none. best_sold: int64 (n_items,), all items by popularity,
    then index; by_category: the same within each category, the categories ascending. ranker: orders
    what is about a person, where one is live.
    """

    blend: Blend
    similar: Neighbours
    together: Neighbours
    popular: Popular
    category_ids: np.ndarray
    best_sold: np.ndarray
    by_category: np.ndarray
    categories: np.ndarray
    ranker: Ranker | None = None

    @staticmethod
    def of(
        blend: Blend,
        similar: Neighbours,
        together: Neighbours,
        popular: Popular,
        category_ids: np.ndarray,
        ranker: Ranker | None = None,
    ) -> Shelf:
        """Sorted once a model, so that no request sorts the whole shop."""
        items = np.arange(len(category_ids))
        best_sold = np.lexsort((items, -popular.popularity))
        by_category = np.lexsort((items, -popular.popularity, category_ids))
        ordered = category_ids[by_category]
        return Shelf(
            blend,
            similar,
            together,
            popular,
            category_ids,
            best_sold,
            by_category,
            ordered,
            ranker,
        )


@dataclass
class Candidates:
    """Item indices in order, each once, with the source that brought it and its score there."""

    items: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(self, source: str, items: np.ndarray, scores: np.ndarray, most: int) -> None:
        known, room = set(self.items), most - len(self.items)
        new: list[int] = []
        for item, score in zip(items.tolist(), scores.tolist(), strict=True):
            if len(new) >= room:
                break
            if item not in known:
                known.add(item)
                new.append(item)
                self.scores.append(score)
        self.items += new
        self.sources += [source] * len(new)


Found = tuple[np.ndarray, np.ndarray]


def candidates(shelf: Shelf, case: Case, most: int) -> Candidates:
    """At most `most` candidates: the case's sources one after the other."""
    found = Candidates()
    for source in case.sources:
        if len(found.items) < most:
            items, scores = FINDERS[source](shelf, case, most)
            found.add(source, items, scores, most)
    return found


def _personal(shelf: Shelf, case: Case, most: int) -> Found:
    """What the ranker, else the blend, says of her history: all items in the very order of the night's
    list. In a large shop without a ranker only what the blend reaches is scored."""
    history = case.history
    if len(case.listed):
        items = case.listed[case.may_have(case.listed)][:most]
        return items, np.zeros(len(items), dtype=np.float32)
    if not len(history.item_idx):
        return _nothing()
    ranker = shelf.ranker if case.is_ranked else None
    if ranker is None and is_sparse(shelf.blend):
        reach = most + len(case.barred)
        usual = shelf.best_sold[:reach] if case.within is None else case.within
        return _best(shelf, case, scored(shelf.blend, history, usual), most)
    scores = (ranker or shelf.blend).scores(history).astype(np.float32, copy=True)[0]
    if case.within is not None:
        return _best(shelf, case, Reached(case.within, scores[case.within]), most)
    return _best_of_all(shelf, case, scores, most)


def _session(shelf: Shelf, case: Case, most: int) -> Found:
    """What follows the newest things of the history: half as much for each one before."""
    newest = np.argsort(case.history.baskets_ago, kind="stable")[:RECENT]
    values = np.float32(0.5) ** np.arange(len(newest), dtype=np.float32)
    return _near(shelf, case, shelf.together, case.history.item_idx[newest], values, most)


def _similar(shelf: Shelf, case: Case, most: int) -> Found:
    return _near(shelf, case, shelf.similar, case.anchors, np.ones(len(case.anchors)), most)


def _together(shelf: Shelf, case: Case, most: int) -> Found:
    return _near(shelf, case, shelf.together, case.anchors, np.ones(len(case.anchors)), most)


def _near(
    shelf: Shelf, case: Case, source: Neighbours, items: np.ndarray, values: np.ndarray, most: int
) -> Found:
    """Summed over the items; only what is a neighbour of at least one."""
    if not len(items):
        return _nothing()
    if len(items) == 1:  # as on a page: a row is a sum of one
        columns, weights = source.similar(int(items[0]))
        found = Reached(columns.astype(np.int64), weights * np.float32(values[0]))
    else:
        found = reached(source, items, values.astype(np.float32))
    positive = found.scores > 0
    return _best(shelf, case, Reached(found.items[positive], found.scores[positive]), most)


def _of_category(shelf: Shelf, case: Case, most: int) -> Found:
    """By popularity, of all the categories together; what nobody bought is left out."""
    categories = case.categories[case.categories > 0]
    if case.within is not None:
        inside = case.within[np.isin(shelf.category_ids[case.within], categories)]
        return _sold(shelf, case, inside, most)
    items = [_inside(shelf, category, case, most) for category in categories]
    if not items:
        return _nothing()
    return _sold(shelf, case, np.unique(np.concatenate(items)), most)


def _sold(shelf: Shelf, case: Case, items: np.ndarray, most: int) -> Found:
    popularity = shelf.popular.popularity[items]
    return _best(shelf, case, Reached(items[popularity > 0], popularity[popularity > 0]), most)


def _inside(shelf: Shelf, category: int, case: Case, most: int) -> np.ndarray:
    first, last = np.searchsorted(shelf.categories, [category, category + 1])
    return shelf.by_category[first : min(last, first + most + len(case.barred))]


def _popular(shelf: Shelf, case: Case, most: int) -> Found:
    if case.within is not None:
        return _best(shelf, case, _popular_of(shelf, case.within), most)
    items = shelf.best_sold[: most + len(case.barred)]
    return _as_given(shelf, case, items, most)


def _taken_instead(shelf: Shelf, case: Case, most: int) -> Found:
    return _as_given(shelf, case, case.instead, most)


def _on_flash(shelf: Shelf, case: Case, most: int) -> Found:
    """What is on offer, in the order of her taste where it is known, else by popularity."""
    if not len(case.history.item_idx) or not len(case.on_flash):
        return _best(shelf, case, _popular_of(shelf, np.sort(case.on_flash)), most)
    items = np.sort(case.on_flash)
    scores = shelf.blend.scores(case.history)[0][items]
    return _best(shelf, case, Reached(items, scores), most)


def _popular_of(shelf: Shelf, items: np.ndarray) -> Reached:
    return Reached(items, shelf.popular.popularity[items])


def _as_given(shelf: Shelf, case: Case, items: np.ndarray, most: int) -> Found:
    items = items[case.may_have(items)][:most]
    return items, shelf.popular.popularity[items]


def _best(shelf: Shelf, case: Case, found: Reached, most: int) -> Found:
    """The highest scores first; equal ones by popularity, then index, as in `top_lists`."""
    kept = case.may_have(found.items)
    items, scores = found.items[kept], found.scores[kept]
    if len(items) > 4 * most:
        cut = np.partition(scores, len(scores) - most)[len(scores) - most]
        items, scores = items[scores >= cut], scores[scores >= cut]
    order = np.lexsort((items, -shelf.popular.popularity[items], -scores))[:most]
    return items[order], scores[order]


def _best_of_all(shelf: Shelf, case: Case, scores: np.ndarray, most: int) -> Found:
    none = np.zeros(len(case.barred))
    barred = Histories(
        np.array([0, len(case.barred)]),
        case.barred.astype(np.int32),
        none,
        none,
        np.ones(len(case.barred), dtype=bool),
    )
    items = top_lists(scores[None, :], barred, shelf.popular.popularity, most)[0]
    items = items[items >= 0]
    return items, scores[items]


def _is_in(items: np.ndarray, barred: np.ndarray) -> np.ndarray:
    """Like np.isin for an ascending `barred`, without its set-up."""
    if not len(barred):
        return np.zeros(len(items), dtype=bool)
    place = np.minimum(np.searchsorted(barred, items), len(barred) - 1)
    return barred[place] == items


def _nothing() -> Found:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)


FINDERS: dict[str, Callable[[Shelf, Case, int], Found]] = {
    "personal": _personal,
    "session": _session,
    "similar": _similar,
    "bought_together": _together,
    "taken_instead": _taken_instead,
    "on_flash": _on_flash,
    "category": _of_category,
    "popular": _popular,
}
