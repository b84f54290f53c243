"""Train the recommender on the shop's own history, and publish it if it beats its baseline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import ModelRun
from decisions.services.artefacts import write_artefact
from decisions.services.model_runs import Trained, data_hash, existing_run, publish_run
from decisions.text import SentenceError, sentence
from recommendations.frames import ProductFacts, ShopInteractions, product_facts
from recommendations.ml.content import with_unsold
from recommendations.ml.fits import has_cuda
from recommendations.ml.gate import Gate, gate
from recommendations.ml.harness import (
    BASELINES,
    Choice,
    Measured,
    Plan,
    choose,
    comparison,
    fit_all,
    measure,
    mixes_compared,
    ranker_of,
)
from recommendations.ml.interactions import Interactions, interactions
from recommendations.ml.ranker_features import Attributes
from recommendations.ml.search import SPACES
from recommendations.ml.sources import Neighbours, Source
from recommendations.ml.splits import SplitError, held_out_mask, split_rows
from recommendations.models import TASK
from recommendations.services.artefacts import FORMAT_VERSION, Recommender, write_recommender
from recommendations.services.descriptions import with_descriptions
from recommendations.services.promotion import promote
from recommendations.services.readings import read_history
from recommendations.services.sku_index import sku_index_of

METRIC = "ndcg"
NIGHT_SECONDS = 90.0  # of processor time, so that a busy machine learns the same
TEST_SHARE = 0.25
# Below this a backtest says nothing. Source: the minimum that Amazon Personalize asks for.
MIN_PURCHASES = 1_000
MIN_CUSTOMERS = 25
# For pages of products and carts, whatever the model for a person is.
BESIDES = ("transitions", "complements", "content")
TOO_SHORT = gettext_noop(
    "Too little history for recommendations: %(purchases)s of %(purchases_needed)s purchases and"
    " %(customers)s of %(customers_needed)s customers with a purchase."
)
NO_TEST = gettext_noop("no purchase in the test part")
NOT_SPLITTABLE = gettext_noop("The history cannot be split by time: %(reason)s.")

Report = Callable[[int, int, str], None]


class HistoryTooShortError(SentenceError):
    """Nothing can be learned or measured yet; `sentence` says what is missing."""


@dataclass(frozen=True)
class Found:
    """What a backtest came to."""

    choice: Choice
    measured: Measured
    gate: Gate


def train_recommender(
    *,
    as_of: datetime,
    seed: int = 0,
    budget_seconds: float = NIGHT_SECONDS,
    report: Report = lambda done, total, note: None,
    before_publishing: Callable[[], None] = lambda: None,
    job_id: int | None = None,
) -> ModelRun:
    """Learn from everything before `as_of`; the run goes live only if it beats its baseline.

    1. Read what may be used. 2. Choose parameters and model on a validation part, newest last.
    3. Measure once on the newest quarter: what is behind the best source there is refused.
    4. Fit the winner on everything. 5. Record it, judge it by what was tried out, let it serve.
    The same data, seed and budget give the run that is there already.
    Raises HistoryTooShortError when there is too little to measure anything.
    """
    started = time.perf_counter()
    history = read_history(as_of).history
    _refuse_if_short(history)
    history = with_descriptions(history)
    facts = product_facts(history.product_ids, as_of)
    digest = _digest(history, facts, seed, budget_seconds)
    if known := existing_run(TASK, digest):
        return promote(known, at=as_of)
    plan = Plan(seed=seed, seconds=budget_seconds, attributes=shop_attributes(facts))
    choice, measured = _backtest(history, plan, report)
    passed = gate(measured, choice.chosen, seed=seed)
    recommender = _final(history, facts, choice, passed.baseline, seed)
    before_publishing()
    artefact = write_artefact(TASK, ".npz", partial(write_recommender, recommender))
    found = Found(choice, measured, passed)
    trained = _trained(history, found, plan=plan, as_of=as_of, digest=digest)
    seconds = time.perf_counter() - started
    row = Trained(**trained, artefact=artefact, job_id=job_id, duration_seconds=seconds)
    return promote(publish_run(row, goes_live=False), at=as_of)


def _refuse_if_short(history: ShopInteractions) -> None:
    purchases, customers = history.purchases, history.customers
    if purchases < MIN_PURCHASES or customers < MIN_CUSTOMERS:
        raise HistoryTooShortError(
            sentence(
                TOO_SHORT,
                purchases=purchases,
                purchases_needed=MIN_PURCHASES,
                customers=customers,
                customers_needed=MIN_CUSTOMERS,
            )
        )


def _digest(
    history: ShopInteractions, facts: ProductFacts, seed: int, budget_seconds: float
) -> str:
    rows = history.rows
    settings = {
        "seed": seed,
        "budget_seconds": budget_seconds,
        "format": FORMAT_VERSION,
        "spaces": SPACES,
    }
    columns = [rows.user, rows.item, rows.weight, rows.at, rows.bought]
    if rows.content is not None:
        columns.append(rows.content.round(2))  # its last bits are the machine's
    columns += [facts.categories, facts.brands, facts.price_minor, facts.margin_rate.round(6)]
    return data_hash(*columns, history.product_ids, settings)


def _backtest(history: ShopInteractions, plan: Plan, report: Report) -> tuple[Choice, Measured]:
    try:
        mask = held_out_mask(history.rows, "temporal", share=TEST_SHARE, seed=plan.seed)
        train = history.rows.take(~mask)
        choice = choose(train, "temporal", plan, clock=time.process_time, report=report)
        split = split_rows(history.rows, mask)
    except SplitError as error:
        raise HistoryTooShortError(sentence(NOT_SPLITTABLE, reason=str(error))) from error
    if not len(split.held_out):
        raise HistoryTooShortError(sentence(NOT_SPLITTABLE, reason=sentence(NO_TEST)))
    return choice, measure(split, choice, plan, clock=time.process_time, report=report)


def _final(
    history: ShopInteractions, facts: ProductFacts, choice: Choice, baseline: str, seed: int
) -> Recommender:
    """All that serves: the winner's sources, the baselines, and what placements ask besides."""
    chosen, weights = choice.chosen, choice.weights_of(choice.chosen)
    asked = {name for name in BESIDES if name in choice.params}
    names = {*choice.sources_of(chosen), *BASELINES, baseline, *asked}
    train = interactions(history.rows)
    sources = fit_all(train, choice, names, seed)
    params = {name: choice.params[name] for name in names}
    if "content" in sources:
        sources["similar"] = _similar(sources, train)
        params["similar"] = {}
    ranker = None
    if chosen == "ranker":
        ranker = ranker_of(train, choice, sources, shop_attributes(facts))
    ids, skus = history.product_ids, sku_index_of(history.product_ids)
    return Recommender(ids, facts.categories, sources, params, chosen, weights, ranker, skus)


def _similar(sources: dict[str, Source], train: Interactions) -> Source:
    """Item-kNN, with products that nobody has bought standing where their descriptions say."""
    proven, content = sources["item_knn"], sources["content"]
    assert isinstance(proven, Neighbours)
    assert isinstance(content, Neighbours)
    return with_unsold(proven, content, train.item_users())


def shop_attributes(facts: ProductFacts) -> Attributes:
    """What the ranker may know of the products: category, brand, price and margin rate.

    Not the stock's cover: it is known as of now only, and in a backtest it would tell what was sold
    after the cut. Season is in how each product has fared of late (`item_facts`).
    """
    codes = {"category": _codes(facts.categories), "brand": _codes(facts.brands)}
    return Attributes(facts.price_minor, codes, {"margin_rate": facts.margin_rate})


def _codes(keys: np.ndarray) -> np.ndarray:
    """int32: database keys numbered from 0, −1 for none."""
    codes = np.unique(keys, return_inverse=True)[1].astype(np.int32)
    codes[keys == 0] = -1
    return codes


def _trained(
    history: ShopInteractions, found: Found, *, plan: Plan, as_of: datetime, digest: str
) -> dict:
    choice, measured, baseline = found.choice, found.measured, found.gate.baseline
    first = datetime.fromtimestamp(history.first_at, tz=as_of.tzinfo)
    return {
        "task": TASK,
        "model": choice.chosen,
        "params": {
            "sources": choice.params,
            "weights": choice.weights,
            "k": plan.k,
            "budget_seconds": plan.seconds,
        },
        "extra": {
            "validation_ndcg": choice.values,
            "why": choice.why,
            "gate": found.gate.as_json,
            "mixes": mixes_compared(measured, seed=plan.seed),
            "cut_by_budget": choice.cut_by_budget,
            "left_out": choice.left_out,
            "comparison": comparison(measured, choice.chosen, seed=plan.seed),
            "seconds": choice.seconds | measured.seconds,
        },
        "seed": plan.seed,
        "data_from": first,
        "data_until": as_of,
        "row_count": len(history.rows),
        "data_hash": digest,
        "metrics": measured.metrics,
        "metric": METRIC,
        "higher_is_better": True,
        "value": measured.metrics[choice.chosen][METRIC],
        "baseline": baseline,
        "baseline_value": measured.metrics[baseline][METRIC],
        "device": "cuda" if has_cuda() else "cpu",
    }


def train_for_night(
    progress: Progress, as_of: datetime, seed: int = 0, budget_seconds: float = NIGHT_SECONDS
) -> dict:
    """Train under a job: its progress bar, its lease, and one line of result.

    Raises HistoryTooShortError.
    """
    run = train_recommender(
        as_of=as_of,
        seed=seed,
        budget_seconds=budget_seconds,
        report=progress,
        before_publishing=progress.still_mine,
        job_id=progress.job_id,
    )
    return {
        "run": run.pk,
        "state": str(run.state),
        "model": run.model,
        "verdict": run.verdict,
        METRIC: run.value,
        "baseline": run.baseline,
        f"baseline_{METRIC}": run.baseline_value,
        "rows": run.row_count,
    }


def train_or_say_why(progress: Progress, as_of: datetime, seed: int, budget_seconds: float) -> dict:
    """The job's result: too little history is an answer, not a failure."""
    try:
        return train_for_night(progress, as_of, seed, budget_seconds)
    except HistoryTooShortError as error:
        return {"refused": error.sentence}
