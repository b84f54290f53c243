"""Fit every source, choose on validation data inside the training part, measure on the test part.

A customer without history gets the popularity source's list from every model, so that models
differ only in what they make of a history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .blend import Blend, gather_candidates, search_weights
from .fits import EASE_ITEMS, fit
from .interactions import Interactions, Rows
from .lists import lists_for
from .metrics import paired_difference, per_customer, scorecard
from .search import SPACES, Fitter, Found, coordinate_search
from .sources import Popular, Source
from .splits import HeldOut, Split, SplitError, held_out_mask, split_rows

MODELS = ("popularity", "item_knn", "transitions", "ease", "als", "blend")
BASELINES = ("popularity", "item_knn")
# How the search's seconds are shared out; what one does not use, the next one has.
SHARES = {"popularity": 0.05, "item_knn": 0.15, "transitions": 0.2, "ease": 0.35, "als": 0.25}
VALIDATION_CUSTOMERS = 4_000
VALIDATION_SHARE = 0.2
Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Plan:
    """What to try. seconds: for the search; the final fits come on top."""

    models: tuple[str, ...] = MODELS
    k: int = 10
    seed: int = 42
    seconds: float = 300.0


@dataclass
class Choice:
    """Parameters of every source, the blend's weights, and how each did on validation data."""

    params: dict[str, dict]
    weights: dict[str, float]
    values: dict[str, float]
    trials: dict[str, int]
    cut_by_budget: list[str]
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def chosen(self) -> str:
        """Best on validation; of equals the first of MODELS, which is the simpler one."""
        return max(self.values, key=lambda name: self.values[name])

    def weights_of(self, name: str) -> dict[str, float]:
        return self.weights if name == "blend" else {name: 1.0}


@dataclass(frozen=True)
class Measured:
    """Test metrics per model; nDCG per customer for intervals."""

    metrics: dict[str, dict[str, float]]
    ndcg: dict[str, np.ndarray]
    seconds: dict[str, float]


def choose(
    rows: Rows, kind: str, plan: Plan, *, clock: Callable[[], float], report: Report
) -> Choice:
    """Cut a validation part out of training rows in the test's own way and search there.

    Raises SplitError when the rows are too few for a validation part.
    """
    split = split_rows(rows, held_out_mask(rows, kind, share=VALIDATION_SHARE, seed=plan.seed))
    held_out = _sample(split.held_out, VALIDATION_CUSTOMERS, plan.seed)
    histories = split.train.histories.take(held_out.users)
    # Until the first source, popularity, is chosen, ties and cold customers go by plain counts.
    ties = split.train.item_users()

    def in_time() -> bool:
        return clock() < deadline

    def value_of(source: Source) -> float:
        lists = lists_for(source, histories, ties, plan.k)
        return float(per_customer(lists, held_out, split.train.n_items)["ndcg"].mean())

    wanted, left_out = _possible(split, plan)
    found: dict[str, Found] = {}
    seconds: dict[str, float] = {}
    begun, share = clock(), 0.0
    for number, name in enumerate(wanted):
        report(number, len(wanted) + 1, f"search {name}")
        started = clock()
        share += SHARES[name] / sum(SHARES[other] for other in wanted)
        deadline = begun + share * plan.seconds
        fitter = Fitter(name, split.train, plan.seed)
        found[name] = coordinate_search(fitter, SPACES[name], value_of, in_time)
        seconds[f"search_{name}"] = clock() - started
        if name == "popularity":
            ties = found[name].source.scores(histories.take(np.array([-1])))[0]
    report(len(wanted), len(wanted) + 1, "search blend")
    choice = _as_choice(found, left_out, seconds)
    if "blend" in plan.models and len(found) > 1:
        started = clock()
        sources = {name: one.source for name, one in found.items()}
        candidates = gather_candidates(sources, histories, ties)
        choice.weights, choice.values["blend"] = search_weights(
            candidates, held_out, split.train.n_items, k=plan.k, start=choice.chosen
        )
        seconds["search_blend"] = clock() - started
    return choice


def measure(
    split: Split, choice: Choice, plan: Plan, *, clock: Callable[[], float], report: Report
) -> Measured:
    """Fit on the whole training part and score the test part once."""
    sources: dict[str, Source] = {}
    metrics, ndcg, seconds = {}, {}, {}
    histories = split.train.histories.take(split.held_out.users)
    item_users = ties = split.train.item_users()
    with_rows = int((np.diff(split.train.histories.indptr) > 0).sum())
    for number, name in enumerate(choice.values):
        report(number, len(choice.values), f"measure {name}")
        started = clock()
        if name == "blend":
            source: Source = _blend(sources, choice.weights)  # type: ignore[assignment]
        else:
            source = sources[name] = fit(name, split.train, choice.params[name], plan.seed)
        if isinstance(source, Popular):  # stands first: every model falls back to the same list
            ties = source.popularity
        lists = lists_for(source, histories, ties, plan.k)
        metrics[name] = scorecard(lists, split.held_out, item_users, with_rows)
        ndcg[name] = per_customer(lists, split.held_out, split.train.n_items)["ndcg"]
        seconds[f"measure_{name}"] = clock() - started
    report(len(choice.values), len(choice.values), "")
    return Measured(metrics, ndcg, seconds)


def fit_all(train: Interactions, choice: Choice, names: set[str], seed: int) -> dict[str, Source]:
    """Final sources on all data, by name."""
    return {name: fit(name, train, choice.params[name], seed) for name in sorted(names)}


def best_baseline(metrics: dict[str, dict[str, float]], metric: str) -> str:
    """The baseline that is harder to beat."""
    return max(
        (name for name in BASELINES if name in metrics), key=lambda name: metrics[name][metric]
    )


def comparison(measured: Measured, chosen: str, *, seed: int) -> dict[str, float | str]:
    """The chosen model against the better baseline, customer by customer, with an interval."""
    against = best_baseline(measured.metrics, "ndcg")
    mean, low, high = paired_difference(measured.ndcg[chosen], measured.ndcg[against], seed=seed)
    return {"against": against, "ndcg_difference": mean, "low": low, "high": high}


def _blend(sources: dict[str, Source], weights: dict[str, float]) -> Blend:
    return Blend({name: sources[name] for name in weights}, weights)


def _possible(split: Split, plan: Plan) -> tuple[list[str], dict[str, str]]:
    wanted = [name for name in MODELS if name in plan.models and name != "blend"]
    left_out = {}
    if "ease" in wanted and split.train.n_items > EASE_ITEMS:
        wanted.remove("ease")
        left_out["ease"] = f"more than {EASE_ITEMS} items: its dense inverse would not fit"
    if not wanted:
        raise SplitError("no model is left to try")
    return wanted, left_out


def _as_choice(
    found: dict[str, Found], left_out: dict[str, str], seconds: dict[str, float]
) -> Choice:
    return Choice(
        params={name: one.params for name, one in found.items()},
        weights={},
        values={name: one.value for name, one in found.items()},
        trials={name: one.trials for name, one in found.items()},
        cut_by_budget=[name for name, one in found.items() if one.cut_by_budget],
        left_out=left_out,
        seconds=seconds,
    )


def _sample(held_out: HeldOut, most: int, seed: int) -> HeldOut:
    if len(held_out) <= most:
        return held_out
    chosen = np.random.default_rng(seed).choice(len(held_out), most, replace=False)
    return held_out.take(np.sort(chosen))
