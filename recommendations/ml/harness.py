"""Fit every source, choose on validation data inside the training part, measure on the test part.

A customer without history gets the popularity source's list from every model, so that models
differ only in what they make of a history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from attention.blocks_torch import torch_here

from .als import compiled_here
from .blend import Blend
from .budget import Budget, CountedFitter, score_seconds, step_seconds
from .ease import MOST_ITEMS
from .fits import fit
from .interactions import Interactions, Rows
from .item_facts import learn_facts
from .lists import lists_for
from .metrics import intervals, paired_difference, per_customer, scorecard
from .mixing import MIXES, Cut, Fitted, Mixing, mix, validation_cuts
from .ranker import Learned, Ranker
from .ranker_features import Attributes, FeatureReader
from .search import SPACES, TRAINERS, Found, OutOfTimeError, search
from .selection import decide
from .sources import Popular, Source
from .splits import Split, SplitError

MODELS = (
    "popularity",
    "trend",
    "item_knn",
    "complements",
    "content",
    "transitions",
    "walks",
    "item2vec",
    "ease",
    "als",
    "bpr",
    "sasrec",
    "blend",
    "ranker",
)
# Named where it is wanted: in no comparison did it add anything to the others.
BY_NAME = frozenset({"bpr", "item2vec"})
USUAL = tuple(name for name in MODELS if name not in BY_NAME)
BASELINES = ("popularity", "item_knn")
# How the search's seconds are shared out among those that are wanted; what one does not use, the next
# one has.
SHARES = {
    "popularity": 0.02,
    "trend": 0.02,
    "item_knn": 0.05,
    "complements": 0.06,
    "content": 0.05,
    "transitions": 0.1,
    "walks": 0.06,
    "item2vec": 0.1,
    "ease": 0.18,
    "als": 0.11,
    "bpr": 0.04,
    "sasrec": 0.31,
}
SEARCH_SHARE = 0.8  # of the seconds; the rest is for the blend and the ranker
FAR_BEHIND = 0.6  # of the best source's validation value
VALIDATION_CUSTOMERS = 4_000  # for the parameters of a source
Report = Callable[[int, int, str], None]
NO_ATTRIBUTES = Attributes()


@dataclass(frozen=True)
class Plan:
    """What to try. seconds: for the search; the final fits come on top.

    attributes: of the rows' items, for the ranker; nothing of it is needed.
    """

    models: tuple[str, ...] = USUAL
    k: int = 10
    seed: int = 42
    seconds: float = 300.0
    attributes: Attributes = NO_ATTRIBUTES


@dataclass
class Choice:
    """Parameters of every source, the mixes, and how each did on validation data.

    chosen, why: the model that goes on, and the comparisons that led to it.
    kind: how the parts were cut, which says what the ranker may look at. cuts: validation parts
    that the mixes were learned on.
    """

    params: dict[str, dict]
    weights: dict[str, float]
    values: dict[str, float]
    trials: dict[str, int]
    cut_by_budget: list[str]
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    chosen: str = ""
    why: list[str] = field(default_factory=list)
    kind: str = "temporal"
    cuts: int = 1
    learned: Learned | None = None

    def weights_of(self, name: str) -> dict[str, float]:
        """Of the sources that bring a model's candidates."""
        return self.weights if name in MIXES else {name: 1.0}

    def sources_of(self, name: str) -> set[str]:
        """All sources that a model asks."""
        return set(self.params) if name == "ranker" else set(self.weights_of(name))


@dataclass(frozen=True)
class Measured:
    """Test metrics per model; nDCG per customer for intervals."""

    metrics: dict[str, dict[str, float]]
    ndcg: dict[str, np.ndarray]
    seconds: dict[str, float]


def choose(
    rows: Rows, kind: str, plan: Plan, *, clock: Callable[[], float], report: Report
) -> Choice:
    """Cut validation parts out of training rows in the test's own way and search there.

    Raises SplitError when the rows are too few for a validation part.
    """
    cuts = validation_cuts(rows, kind, plan.seed)
    first = next(cuts)
    wanted, left_out = _possible(first.train, plan)
    budget = Budget(plan.seconds, clock)
    found, no_time, seconds = _search(first, wanted, plan, budget, report)
    left_out |= no_time | _far_behind(found)
    choice = _as_choice(found, left_out, seconds, kind)
    report(len(wanted), len(wanted) + 1, "search blend and ranker")
    started = clock()
    # Every source scores every customer, and so does its view of the session.
    budget.add(2 * len(found) * score_seconds(len(first.held_out), first.train.n_items))
    task = Mixing(
        tuple(name for name in MIXES if name in plan.models and len(found) > 1),
        kind,
        plan.k,
        plan.seed,
        plan.attributes,
        budget.allows,
    )
    sources = {name: one.source for name, one in found.items()}
    mixed = mix(_fitted(first, sources, cuts, choice, plan.seed), task)
    choice.weights = mixed.weights if task.wanted else {}
    choice.learned, choice.cuts = mixed.learned, mixed.cuts
    choice.values = {name: float(values.mean()) for name, values in mixed.ndcg.items()}
    verdict = decide(mixed.ndcg, mixed.person, list(MIXES))
    choice.chosen, choice.why = verdict.chosen, verdict.why
    seconds["search_mixes"] = clock() - started
    return choice


def _search(
    cut: Cut, wanted: list[str], plan: Plan, budget: Budget, report: Report
) -> tuple[dict[str, Found], dict[str, str], dict[str, float]]:
    """What was found for every wanted source within its share of the seconds, for which the
    seconds were too few, and how many were used."""
    sample = cut.sample(VALIDATION_CUSTOMERS, plan.seed)
    histories = sample.histories
    n_items = cut.train.n_items
    # Until the first source, popularity, is chosen, ties and cold customers go by plain counts.
    ties = cut.train.item_users()

    def value_of(source: Source) -> float:
        budget.add(score_seconds(len(histories), n_items))
        lists = lists_for(source, histories, ties, plan.k)
        return float(per_customer(lists, sample.held_out, n_items)["ndcg"].mean())

    found: dict[str, Found] = {}
    left_out: dict[str, str] = {}
    seconds: dict[str, float] = {}
    share = 0.0
    for number, name in enumerate(wanted):
        report(number, len(wanted) + 1, f"search {name}")
        started = budget.clock()
        share += SEARCH_SHARE * SHARES[name] / sum(SHARES[other] for other in wanted)
        fitter = CountedFitter(name, cut.train, plan.seed, budget)
        in_time = partial(_counted_step, budget, share, step_seconds(name, cut.train))
        try:
            found[name] = search(fitter, SPACES[name], value_of, in_time)
        except OutOfTimeError as error:
            left_out[name] = str(error)
        seconds[f"search_{name}"] = budget.clock() - started
        if name == "popularity":
            ties = found[name].source.scores(histories.take(np.array([-1])))[0]
    return found, left_out, seconds


def _far_behind(found: dict[str, Found]) -> dict[str, str]:
    """Takes out what is trained by epochs and far behind the best: it would be trained again for
    every further validation part, and at the end, to earn no weight. Says so by name."""
    best = max(one.value for one in found.values())
    behind = {
        name: f"nDCG {found[name].value:.4f} on validation, the best source has {best:.4f}"
        for name in TRAINERS
        if name in found and found[name].value < FAR_BEHIND * best
    }
    for name in behind:
        del found[name]
    return behind


def _counted_step(budget: Budget, share: float, cost: float) -> bool:
    """Whether there is time for what costs so much; what is asked for is taken as done."""
    budget.add(cost)
    return budget.allows(share)


def _fitted(
    first: Cut, sources: dict[str, Source], further: Iterator[Cut], choice: Choice, seed: int
) -> Iterator[Fitted]:
    """The first cut with the sources that are there, the others with sources fitted to them."""
    most = len(first.held_out)
    yield first.sample(most, seed), sources
    for cut in further:
        names = sources.keys()
        yield (
            cut.sample(most, seed),
            {name: fit(name, cut.train, choice.params[name], seed) for name in names},
        )


def measure(
    split: Split, choice: Choice, plan: Plan, *, clock: Callable[[], float], report: Report
) -> Measured:
    """Fit on the whole training part and score the test part once."""
    sources: dict[str, Source] = {}
    metrics, ndcg, seconds = {}, {}, {}
    histories = split.train.histories.take(split.held_out.users)
    item_users = ties = split.train.item_users()
    with_rows = int((np.diff(split.train.histories.indptr) > 0).sum())
    attributes = plan.attributes.take(split.item_codes)
    for number, name in enumerate(choice.values):
        report(number, len(choice.values), f"measure {name}")
        started = clock()
        if name in MIXES:
            source = mixed_model(name, split.train, choice, sources, attributes)
        else:
            source = sources[name] = fit(name, split.train, choice.params[name], plan.seed)
        if isinstance(source, Popular):  # stands first: every model falls back to the same list
            ties = source.popularity
        lists = lists_for(source, histories, ties, plan.k)
        metrics[name] = scorecard(lists, split.held_out, item_users, with_rows)
        ndcg[name] = per_customer(lists, split.held_out, split.train.n_items)["ndcg"]
        seconds[f"measure_{name}"] = clock() - started
    bounds = intervals(np.stack(list(ndcg.values())), seed=plan.seed)
    for name, (low, high) in zip(ndcg, bounds, strict=True):
        metrics[name] |= {"ndcg_low": low, "ndcg_high": high}
    report(len(choice.values), len(choice.values), "")
    return Measured(metrics, ndcg, seconds)


def mixed_model(
    name: str,
    train: Interactions,
    choice: Choice,
    sources: dict[str, Source],
    attributes: Attributes,
) -> Source:
    """The blend or the ranker over sources that were fitted to this training part."""
    if name == "ranker":
        return ranker_of(train, choice, sources, attributes)
    chosen = {one: sources[one] for one in choice.weights}
    return Blend(chosen, choice.weights)  # type: ignore[return-value]


def ranker_of(
    train: Interactions, choice: Choice, sources: dict[str, Source], attributes: Attributes
) -> Ranker:
    """The learned trees over sources that were fitted to this training part."""
    assert choice.learned is not None
    asked = {one: sources[one] for one in choice.params}
    reader = FeatureReader(asked, choice.weights, learn_facts(train, choice.kind), attributes)
    return Ranker.of(reader, choice.learned.slope, choice.learned.text)


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
    return _against(measured, chosen, best_baseline(measured.metrics, "ndcg"), seed)


def mixes_compared(measured: Measured, *, seed: int) -> dict[str, dict[str, float | str]]:
    """The blend and the ranker, each against the source that did best on the test part."""
    singles = [name for name in measured.ndcg if name not in MIXES]
    best = max(singles, key=lambda name: measured.metrics[name]["ndcg"])
    return {name: _against(measured, name, best, seed) for name in MIXES if name in measured.ndcg}


def _against(measured: Measured, ours: str, theirs: str, seed: int) -> dict[str, float | str]:
    mean, low, high = paired_difference(measured.ndcg[ours], measured.ndcg[theirs], seed=seed)
    return {"against": theirs, "ndcg_difference": mean, "low": low, "high": high}


def _possible(train: Interactions, plan: Plan) -> tuple[list[str], dict[str, str]]:
    wanted = [name for name in MODELS if name in plan.models and name not in MIXES]
    left_out = {}
    if "ease" in wanted and train.n_items > MOST_ITEMS:
        wanted.remove("ease")
        left_out["ease"] = f"more than {MOST_ITEMS} items: its blocks would take too long"
    if "content" in wanted and train.content is None:
        wanted.remove("content")
        left_out["content"] = "the rows do not say what the items are"
    for name in ("bpr", "item2vec"):
        if name in wanted and not compiled_here():
            wanted.remove(name)
            left_out[name] = "numba is not installed: its loops cannot be compiled"
    if "sasrec" in wanted and not torch_here():
        wanted.remove("sasrec")
        left_out["sasrec"] = "torch is not installed: there is nothing to train it with"
    if not wanted:
        raise SplitError("no model is left to try")
    return wanted, left_out


def _as_choice(
    found: dict[str, Found], left_out: dict[str, str], seconds: dict[str, float], kind: str
) -> Choice:
    return Choice(
        params={name: one.params for name, one in found.items()},
        weights={},
        values={name: one.value for name, one in found.items()},
        trials={name: one.trials for name, one in found.items()},
        cut_by_budget=[name for name, one in found.items() if one.cut_by_budget],
        left_out=left_out,
        seconds=seconds,
        kind=kind,
    )
