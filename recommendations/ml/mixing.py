"""What the sources are worth together: the blend and the ranker, learned on validation cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from .blend import Candidates, gather_candidates, joined_candidates, search_weights
from .interactions import Histories, Interactions, Rows
from .item_facts import learn_facts
from .ranker import Learned, examples_of, joined, learn
from .ranker_features import Attributes, FeatureReader, newest_views
from .sources import Popular, Source
from .splits import HeldOut, SplitError, held_out_mask, split_rows

MIXES = ("blend", "ranker")  # from simple to rich
VALIDATION_SHARE = 0.2
ENOUGH_GROUPS = 3_000  # customers with a held-out item among their candidates
MOST_CUTS = 3


@dataclass(frozen=True)
class Cut:
    """A validation part held out of training rows.

    item_codes: the rows' code of each item of the training part.
    """

    train: Interactions
    held_out: HeldOut
    item_codes: np.ndarray

    @property
    def histories(self) -> Histories:
        """Of the customers of `held_out`, in that order."""
        return self.train.histories.take(self.held_out.users)

    def sample(self, most: int, seed: int) -> Cut:
        """The same with at most so many customers, in a drawn order."""
        order = np.random.default_rng(seed).permutation(len(self.held_out))[:most]
        return Cut(self.train, self.held_out.take(order), self.item_codes)


def validation_cuts(rows: Rows, kind: str, seed: int) -> Iterator[Cut]:
    """Validation parts in the test's own way: other draws, or one step further back each.

    Raises SplitError at the first cut when the rows are too few.
    """
    for number in range(MOST_CUTS):
        try:
            mask = held_out_mask(rows, kind, share=VALIDATION_SHARE, seed=seed + number)
        except SplitError:
            if number == 0:
                raise
            return
        split = split_rows(rows, mask)
        yield Cut(split.train, split.held_out, split.item_codes)
        if kind != "random":
            rows = rows.take(~mask)


@dataclass(frozen=True)
class Mixing:
    """What to learn. may_go_on: asked before each further cut; False ends them."""

    wanted: tuple[str, ...]
    kind: str
    k: int
    seed: int
    attributes: Attributes
    may_go_on: Callable[[], bool]


@dataclass
class Mixed:
    """Weights and trees, and every model's nDCG for the same n validation customers.

    person: int64 (n,), who they are; cuts: how many validation parts were used.
    """

    ndcg: dict[str, np.ndarray]
    person: np.ndarray
    weights: dict[str, float] = field(default_factory=dict)
    learned: Learned | None = None
    cuts: int = 1


Fitted = tuple[Cut, dict[str, Source]]


def mix(fitted: Iterator[Fitted], task: Mixing) -> Mixed:
    """Learn on as many cuts as it takes to see ENOUGH_GROUPS; sources come fitted to each."""
    parts: list[tuple[Cut, dict[str, Source], Candidates]] = []
    for cut, sources in fitted:
        parts.append((cut, sources, _gathered(cut, sources)))
        if sum(len(found.customer) for *_rest, found in parts) >= ENOUGH_GROUPS:
            break
        if not task.may_go_on():
            break
    together = joined_candidates([found for *_rest, found in parts])
    names = list(parts[0][1])
    ndcg = {name: together.ndcg(together.totals({name: 1.0}), task.k) for name in names}
    mixed = Mixed(ndcg, together.person, cuts=len(parts))
    best = max(names, key=lambda name: float(ndcg[name].mean()))
    mixed.weights = {best: 1.0}
    if "blend" in task.wanted:
        mixed.weights, _value = search_weights(together, names, k=task.k, start=best)
        ndcg["blend"] = together.ndcg(together.totals(mixed.weights), task.k)
    if "ranker" in task.wanted:
        mixed.learned = _learned(parts, mixed.weights, task)
        if mixed.learned:
            ndcg["ranker"] = mixed.learned.ndcg
    return mixed


def _gathered(cut: Cut, sources: dict[str, Source]) -> Candidates:
    views, popularity = newest_views(sources), ties_of(sources, cut.train)
    return gather_candidates(sources, views, cut.histories, cut.held_out, popularity)


def ties_of(sources: dict[str, Source], train: Interactions) -> np.ndarray:
    """What orders equal scores: the popularity source, or plain counts without one."""
    popular = sources.get("popularity")
    return popular.popularity if isinstance(popular, Popular) else train.item_users()


def _learned(
    parts: list[tuple[Cut, dict[str, Source], Candidates]], weights: dict[str, float], task: Mixing
) -> Learned | None:
    examples = []
    for cut, sources, found in parts:
        facts = learn_facts(cut.train, task.kind)
        reader = FeatureReader(sources, weights, facts, task.attributes.take(cut.item_codes))
        if len(found.customer):
            examples.append(examples_of(reader, found, cut.histories))
    return learn(joined(examples), k=task.k, seed=task.seed) if examples else None
