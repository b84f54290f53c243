"""What each candidate's score is made of, computed anew where an answer needs none of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.ml.interactions import Histories
from recommendations.ml.ranker import Ranker, explain_groups
from recommendations.services import ranking
from recommendations.services.live_model import Serving

MOST_PARTS = 6
Part = tuple[str, float]


@dataclass(frozen=True)
class Score:
    """parts: what each source of the blend adds to a personal score, or what moves a ranked one most;
    none for a source that has no parts."""

    value: float
    parts: tuple[Part, ...] = ()


def scores_of(
    found: ranking.Pool, indices: Sequence[int], inputs: dict, model: Serving | None
) -> list[Score]:
    """Of these candidates, in their order.

    A list of the night holds an order and no scores: they are those of her history as it is now.
    """
    plain = [Score(found.scores[index]) for index in indices]
    personal = [place for place, index in enumerate(indices) if found.sources[index] == "personal"]
    history = ranking.history_of(inputs, model) if model and personal else None
    if model is None or history is None or not len(history.item_idx):
        return plain
    items = [found.items[indices[place]] for place in personal]
    ranked: dict[int, Score] = {}
    if model.shelf.ranker and inputs["placement"] in ranking.RANKED:
        ranked = _ranked(model.shelf.ranker, history)
    blended = _blended(model, history, [item for item in items if item not in ranked])
    for place, item in zip(personal, items, strict=True):
        plain[place] = ranked.get(item) or blended.get(item) or plain[place]
    return plain


def _ranked(ranker: Ranker, history: Histories) -> dict[int, Score]:
    """Item → score, of the pool that the ranker orders: the groups that move it most, up or down."""
    pool = ranker.reader.pool(ranker.reader.scores(history), history)[0]
    items = pool[pool >= 0].astype(np.int64)
    groups = list(explain_groups(ranker, history, items).items())
    found = {}
    for place, item in enumerate(items.tolist()):
        row = _of_row(groups, place)
        total = sum(float(values[place]) for _name, values in groups)
        strongest = tuple(sorted(row, key=lambda part: -abs(part[1]))[:MOST_PARTS])
        found[item] = Score(total, strongest)
    return found


def _blended(model: Serving, history: Histories, items: Sequence[int]) -> dict[int, Score]:
    """Item → score by the blend, with what each of its sources adds."""
    known = [item for item in items if item >= 0]
    if not known:
        return {}
    chosen = np.array(known, dtype=np.int64)
    every = [(name, scores[0][chosen]) for name, scores in model.shelf.blend.parts(history)]
    return {
        item: Score(sum(float(values[place]) for _name, values in every), _of_row(every, place))
        for place, item in enumerate(known)
    }


def _of_row(every: Sequence[tuple[str, np.ndarray]], place: int) -> tuple[Part, ...]:
    return tuple((name, round(float(values[place]), 3)) for name, values in every)
