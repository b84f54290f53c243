"""Choose parameters on validation data: bounded, seeded, one coordinate at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from .attention_training import AttentionTrainer
from .bpr import BprTrainer
from .fits import fit
from .interactions import Interactions
from .sources import HistoryRule, Source

Space = dict[str, list]

# The first value of each list is where the search starts. Recency comes first: it needs no new
# fit and is worth most where order matters (and nothing where it does not).
RECENCY: Space = {
    "recency_baskets": [None, 20.0, 5.0, 1.5, 0.7],
    "recency_rows": [None, 10.0, 2.0],
}
SPACES: dict[str, Space] = {
    "popularity": {"half_life_days": [None, 3.0, 7.0, 14.0, 30.0, 90.0, 365.0]},
    "item_knn": RECENCY | {"similarity": ["cosine", "bm25", "tfidf"], "k": [100, 20, 400]},
    "transitions": RECENCY
    | {
        "backward": [0.3, 0.0, 1.0],
        "lag_baskets": [3.0, 1.0, 10.0, 30.0],
        "lag_rows": [None, 10.0, 2.0],
        "item_norm": [0.3, 0.0, 0.6],
        "shrink": [5.0, 1.0, 20.0],
    },
    "walks": RECENCY | {"alpha": [0.5, 0.2, 1.0], "beta": [0.3, 0.0, 0.6]},
    "ease": RECENCY
    | {
        "penalty": [300.0, 100.0, 1000.0, 3000.0, 30.0, 10.0],
        "by_weight": [False, True],
        "user_norm": [0.0, 0.5, 1.0],
        "dropout": [0.0, 0.3, 0.6],
        "half_life_days": [None, 365.0, 90.0],
        "most_items": [None],
    },
    "als": RECENCY
    | {
        "regularization": [10.0, 1.0, 3.0, 30.0],
        "alpha": [2.0, 0.5, 8.0, 30.0],
        "factors": [64, 128, 32],
        "by_weight": [False, True],
        "half_life_days": [None, 365.0, 90.0],
        "by_frequency": [False, True],
        "iterations": [15],
    },
    "bpr": RECENCY
    | {
        "tries": [4, 1, 16],
        "penalty": [0.005, 0.02],
        "factors": [64],
        "rate": [0.1],
        "alpha": [10.0],
        "regularization": [10.0],
        "epochs": [20],
    },
    "complements": RECENCY | {"lift": [0.2, 0.5, 0.0], "shrink": [5.0, 20.0, 1.0]},
    "content": RECENCY | {"sharpness": [2.0, 1.0, 4.0], "k": [100]},
    "item2vec": RECENCY
    | {
        "power": [0.75, 0.0, -0.5],
        "window": [5, 15],
        "sharpness": [6.0, 2.0, 10.0],
        "shrink": [100.0, 20.0, 400.0],
        "factors": [64],
        "negatives": [5],
        "rate": [0.1],
        "epochs": [20],
    },
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
# After the lists, ever smaller steps from the best: of what is a size by a factor, of what is a
# share by an amount.
SIZES = frozenset(
    {
        "recency_baskets",
        "recency_rows",
        "lag_baskets",
        "lag_rows",
        "shrink",
        "penalty",
        "regularization",
        "alpha",
    }
)
SHARES = frozenset({"backward", "item_norm", "beta", "user_norm", "dropout", "lift"})
FACTORS = (1.7, 1.3)
SEARCHED_ITEMS = 4_000
AMOUNTS = (0.15, 0.07)


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
        if rule is None:
            return source
        return replace(
            source,  # type: ignore[type-var]
            rule=HistoryRule.of(params),
        )


def _without_recency(params: dict) -> dict:
    return {name: value for name, value in params.items() if name not in RECENCY}


class OutOfTimeError(Exception):
    """The budget ended before a source had its first value."""


def coordinate_search(
    fitter: Fitter,
    space: Space,
    value_of: Callable[[Source], float],
    may_go_on: Callable[[], bool],
) -> Found:
    """Over the coordinates' lists, then by ever smaller steps, keeping what raises the value.

    The start is always tried. `may_go_on` is asked before every further trial, and between the
    steps of what is trained by epochs; when it says no the search ends there and says so. As
    long as it is not cut, the same data and seed give the same answer on any machine.
    Raises OutOfTimeError when the start itself could not be trained for one epoch.
    """
    start = {name: values[0] for name, values in space.items()}
    best = _trial(fitter, start, value_of, may_go_on)
    if best is None:
        raise OutOfTimeError(f"the budget ended within the first epoch of {fitter.name}")
    tried, cut = {_key(start)}, best.cut_by_budget
    steps = _steps(fitter.name, space)
    for name, next_values in steps:
        for value in next_values(best.params[name]):
            params = best.params | {name: value}
            if _key(params) in tried:
                continue
            found = None
            if not cut and may_go_on():
                found = _trial(fitter, params, value_of, may_go_on)
                tried.add(_key(params))
            cut = cut or found is None or found.cut_by_budget
            if found is not None and found.value > best.value:
                best = found
    return replace(best, trials=len(tried), cut_by_budget=cut)


def search(
    fitter: Fitter,
    space: Space,
    value_of: Callable[[Source], float],
    may_go_on: Callable[[], bool],
) -> Found:
    """`coordinate_search`; an EASE of many items is first searched on the best sellers alone.

    Its fit takes the cube of its items: the penalty of SEARCHED_ITEMS is found in the time of one
    or two fits of them all. Then all are fitted by it, and only recency is searched again.
    """
    if fitter.name != "ease" or fitter.train.n_items <= 1.5 * SEARCHED_ITEMS:
        return coordinate_search(fitter, space, value_of, may_go_on)
    small = space | {"most_items": [SEARCHED_ITEMS]}
    found = coordinate_search(fitter, small, value_of, may_go_on)
    again = {name: [value] for name, value in found.params.items()} | {"most_items": [None]}
    for name in RECENCY:
        best = found.params[name]
        again[name] = [best, *(value for value in space[name] if value != best)]
    whole = coordinate_search(fitter, again, value_of, may_go_on)
    return replace(whole, trials=found.trials + whole.trials, cut_by_budget=found.cut_by_budget)


Steps = list[tuple[str, Callable[[Any], list]]]


def _always(values: list, _best: Any) -> list:
    return values


def _steps(name: str, space: Space) -> Steps:
    """Which coordinate is looked at when, and what is tried of it, given the best so far."""
    listed: Steps = [(key, partial(_always, list(values))) for key, values in space.items()]
    if name in TRAINERS:
        return listed
    # The lists twice: what a coordinate is best at depends on the others.
    found = listed + listed
    free = [key for key, values in space.items() if len(values) > 1]
    for factor, amount in zip(FACTORS, AMOUNTS, strict=True):
        found += [(key, partial(_sizes_near, factor=factor)) for key in free if key in SIZES]
        found += [(key, partial(_shares_near, amount=amount)) for key in free if key in SHARES]
    return found


def _sizes_near(best: float | None, *, factor: float) -> list[float]:
    return [] if best is None else [rounded(best / factor), rounded(best * factor)]


def _shares_near(best: float, *, amount: float) -> list[float]:
    near = (max(0.0, best - amount), min(1.0, best + amount))
    return [round(value, 4) for value in near if value < 1.0]


def rounded(value: float) -> float:
    """Three digits: more would say nothing."""
    return float(f"{value:.3g}")


def _key(params: dict) -> tuple:
    return tuple(sorted(params.items(), key=lambda pair: pair[0]))


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
