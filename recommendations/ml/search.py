"""Choose parameters on validation data: bounded, seeded, one coordinate at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from .attention_training import AttentionTrainer
from .bpr import BprTrainer
from .fits import fit
from .interactions import Interactions
from .sources import HistoryRule, Source

Space = dict[str, list]

# The first value of each list is where the search starts. Recency comes first: it needs no new
# fit and is worth most where order matters (and nothing where it does not).
SPACES: dict[str, Space] = {
    "popularity": {"half_life_days": [None, 3.0, 7.0, 14.0, 30.0, 90.0, 365.0]},
    "item_knn": {"similarity": ["cosine", "bm25", "tfidf"], "k": [100, 20, 400]},
    "transitions": {
        "recency_baskets": [5.0, None, 20.0, 1.5, 0.7],
        "backward": [0.3, 0.0, 1.0],
        "lag_baskets": [3.0, 1.0, 10.0, 30.0],
        "item_norm": [0.3, 0.0, 0.6],
    },
    "ease": {
        "recency_baskets": [None, 20.0, 5.0, 1.5],
        "penalty": [300.0, 100.0, 1000.0, 3000.0, 30.0],
        "user_norm": [0.0, 0.5, 1.0],
        "dropout": [0.0, 0.3, 0.6],
        "by_weight": [False, True],
        "half_life_days": [None, 365.0, 90.0],
    },
    "als": {
        "recency_baskets": [None, 20.0, 5.0, 1.5],
        "regularization": [10.0, 1.0, 50.0],
        "alpha": [10.0, 1.0, 40.0],
        "factors": [64, 128, 32],
        "by_weight": [False, True],
        "half_life_days": [None, 365.0, 90.0],
        "iterations": [15],
    },
    "bpr": {
        "recency_baskets": [None, 20.0, 5.0, 1.5],
        "tries": [4, 1, 16],
        "penalty": [0.005, 0.02],
        "factors": [64],
        "rate": [0.1],
        "alpha": [10.0],
        "regularization": [10.0],
        "epochs": [20],
    },
    "complements": {
        "recency_baskets": [5.0, None, 20.0, 1.5],
        "lift": [0.2, 0.5, 0.0],
        "shrink": [5.0, 20.0],
    },
    "content": {"recency_baskets": [5.0, None, 1.5], "sharpness": [2.0, 1.0, 4.0], "k": [100]},
    "trend": {"half_life_days": [7.0, 2.0, 30.0], "growth": [0.5, 0.0, 1.0, 2.0]},
    "sasrec": {
        "horizon": [1, 10],
        "shuffle": [False, True],
        "dropout": [0.3, 0.5],
        "dim": [64],
        "blocks": [2],
        "decay": [0.01],
        "epochs": [20],
    },
}


# Trained by epochs: how many is found by early stopping, not by trying each from the beginning.
TRAINERS: dict[str, type[AttentionTrainer] | type[BprTrainer]] = {
    "bpr": BprTrainer,
    "sasrec": AttentionTrainer,
}
EPOCHS = (1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 33, 41, 50, 60)
PATIENCE = 2


@dataclass
class Found:
    """What a search came to."""

    params: dict[str, Any]
    value: float
    source: Source
    trials: int = 1
    cut_by_budget: bool = False
    skipped: list[str] = field(default_factory=list)


class Fitter:
    """Fits a source, and re-uses the last fit when only the recency of histories changes."""

    def __init__(self, name: str, train: Interactions, seed: int):
        self.name, self.train, self.seed = name, train, seed
        self._key: Any = None
        self._source: Source | None = None

    def has(self, params: dict) -> bool:
        """Whether the last fit is that of these parameters, but for recency."""
        return self._source is not None and self._key == _without_recency(params)

    def keep(self, params: dict, source: Source) -> None:
        """Take what was fitted elsewhere for the last fit."""
        self._source, self._key = source, _without_recency(params)

    def __call__(self, params: dict) -> Source:
        if not self.has(params):
            self.keep(params, fit(self.name, self.train, params, self.seed))
        source = self._source
        assert source is not None
        rule = getattr(source, "rule", None)
        if rule is None or "recency_baskets" not in params:
            return source
        return replace(
            source,  # type: ignore[type-var]
            rule=HistoryRule(params["recency_baskets"], rule.by_weight),
        )


def _without_recency(params: dict) -> dict:
    return {name: value for name, value in params.items() if name != "recency_baskets"}


class OutOfTimeError(Exception):
    """The budget ended before a source had its first value."""


def coordinate_search(
    fitter: Fitter,
    space: Space,
    value_of: Callable[[Source], float],
    may_go_on: Callable[[], bool],
) -> Found:
    """One pass over the coordinates, keeping what raises the value.

    The start is always tried. `may_go_on` is asked before every further trial, and between the
    steps of what is trained by epochs; when it says no the search ends there and says so. As
    long as it is not cut, the same data and seed give the same answer on any machine.
    Raises OutOfTimeError when the start itself could not be trained for one epoch.
    """
    start = {name: values[0] for name, values in space.items()}
    best = _trial(fitter, start, value_of, may_go_on)
    if best is None:
        raise OutOfTimeError(f"the budget ended within the first epoch of {fitter.name}")
    trials, cut = 1, best.cut_by_budget
    for name, values in space.items():
        for value in values[1:]:
            found = None
            if not cut and may_go_on():
                found = _trial(fitter, best.params | {name: value}, value_of, may_go_on)
                trials += 1
            cut = cut or found is None or found.cut_by_budget
            if found is not None and found.value > best.value:
                best = found
    return replace(best, trials=trials, cut_by_budget=cut)


def _trial(
    fitter: Fitter,
    params: dict,
    value_of: Callable[[Source], float],
    may_go_on: Callable[[], bool],
) -> Found | None:
    if fitter.name in TRAINERS and not fitter.has(params):
        trainer = TRAINERS[fitter.name](fitter.train, params, fitter.seed)
        found = _early_stopped(trainer, params, value_of, may_go_on)
        if found is not None:
            fitter.keep(found.params, found.source)
        return found
    source = fitter(params)
    return Found(params, value_of(source), source)


def _early_stopped(
    trainer: AttentionTrainer | BprTrainer,
    params: dict,
    value_of: Callable[[Source], float],
    may_go_on: Callable[[], bool],
) -> Found | None:
    """The best of EPOCHS, given up after PATIENCE that are no better; None without any."""
    best: Found | None = None
    done = worse = 0
    for epochs in EPOCHS:
        in_time = trainer.run(epochs - done, may_go_on)
        if not in_time:
            return best and replace(best, cut_by_budget=True)
        done, source = epochs, trainer.source()
        value = value_of(source)
        worse += 1
        if best is None or value > best.value:
            best, worse = Found(params | {"epochs": epochs}, value, source), 0
        if worse == PATIENCE:
            break
    return best
