"""Whom a message moves: T-, X- and DR-learners on gradient-boosted trees, honestly cross-fitted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import lightgbm as lgb

# Below this in either arm trees find patterns in noise and call them people.
LEAST_PER_ARM = 500


@dataclass(frozen=True)
class UpliftParams:
    """folds: everybody is scored by models that never saw her. min_leaf: customers per leaf."""

    folds: int = 5
    rounds: int = 60
    leaves: int = 8
    min_leaf: int = 200
    learning_rate: float = 0.05
    l2: float = 10.0
    seed: int = 0


class TooFewCustomersError(ValueError):
    """An arm is too small to learn from."""


@dataclass(frozen=True)
class Trial:
    """A finished campaign: parallel arrays, one entry per customer.

    features: (n, p) float, NaN where unknown, all known before the start. treated: bool. outcome:
    profit per customer in minor units. share: probability of treatment, in (0, 1), one per
    customer or one for all.
    """

    features: np.ndarray
    treated: np.ndarray
    outcome: np.ndarray
    share: np.ndarray

    def rows(self, index: np.ndarray) -> Trial:
        return Trial(
            self.features[index], self.treated[index], self.outcome[index], self.share[index]
        )


@dataclass(frozen=True)
class Fitted:
    """uplift: per learner, what each customer's profit grows by, from models that never saw her.

    score: per customer an unbiased estimate of her own effect (doubly robust), noisy one by one,
    right on average over any group: what predictions are judged by.
    """

    uplift: dict[str, np.ndarray]
    score: np.ndarray


def cross_fit(trial: Trial, params: UpliftParams) -> Fitted:
    """Every learner on every fold's complement. Raises TooFewCustomersError.

    Sources: Künzel, Sekhon, Bickel & Yu, PNAS 116 (2019) (T, X); Kennedy, Electronic Journal of
    Statistics 17 (2023) (DR); scores: Robins, Rotnitzky & Zhao, JASA 89 (1994).
    """
    _need(trial)
    fold = _folds(trial, params.folds, params.seed)
    uplift = {name: np.empty(len(fold)) for name in LEARNERS}
    score = np.empty(len(fold))
    for number in range(params.folds):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        known, new = trial.rows(inside), trial.rows(outside)
        with_it, without = _outcome_models(known, params)
        score[outside] = _scores(new, _said(with_it, new), _said(without, new))
        for name, learner in LEARNERS.items():
            uplift[name][outside] = learner(known, params).predict(new.features)
    return Fitted(uplift, score)


def fit(name: str, trial: Trial, params: UpliftParams) -> Model:
    """One learner on everybody. Raises TooFewCustomersError."""
    _need(trial)
    return LEARNERS[name](trial, params)


@dataclass(frozen=True)
class Model:
    """Trees and what each counts for: every learner here is a weighted sum of regressions."""

    parts: list[tuple[float, lgb.Booster]]

    def predict(self, features: np.ndarray) -> np.ndarray:
        """features: (n, p) as in Trial; returns uplift in minor units, (n,)."""
        total = np.zeros(len(features))
        for weight, booster in self.parts:
            total += weight * np.asarray(booster.predict(features, num_threads=1))
        return total

    def to_json(self) -> str:
        return json.dumps([[weight, booster.model_to_string()] for weight, booster in self.parts])

    @classmethod
    def from_json(cls, text: str) -> Model:
        """Raises ValueError for anything else."""
        import lightgbm as lgb

        try:
            return cls([(float(w), lgb.Booster(model_str=trees)) for w, trees in json.loads(text)])
        except (TypeError, ValueError, lgb.basic.LightGBMError) as error:
            raise ValueError(f"not an uplift model: {error}") from error


def t_learner(trial: Trial, params: UpliftParams) -> Model:
    """One model of the outcome per arm; the uplift is their difference."""
    with_it, without = _outcome_models(trial, params)
    return Model([(1.0, with_it), (-1.0, without)])


def x_learner(trial: Trial, params: UpliftParams) -> Model:
    """What each arm's customers gained over the other arm's model, learned apart, weighted by the
    share: strong where one arm is small, as a holdout is."""
    with_it, without = _outcome_models(trial, params)
    treated, rest = trial.rows(trial.treated), trial.rows(~trial.treated)
    gained = _trees(treated.features, treated.outcome - _said(without, treated), params)
    missed = _trees(rest.features, _said(with_it, rest) - rest.outcome, params)
    share = float(trial.share.mean())
    return Model([(share, missed), (1 - share, gained)])


def dr_learner(trial: Trial, params: UpliftParams) -> Model:
    """A model of the doubly robust scores, which come from outcome models of the other half."""
    half = _folds(trial, 2, params.seed + 1) == 0
    score = np.empty(len(half))
    for known, new in ((half, ~half), (~half, half)):
        with_it, without = _outcome_models(trial.rows(known), params)
        rows = trial.rows(new)
        score[new] = _scores(rows, _said(with_it, rows), _said(without, rows))
    return Model([(1.0, _trees(trial.features, score, params))])


LEARNERS: dict[str, Callable[[Trial, UpliftParams], Model]] = {
    "t_learner": t_learner,
    "x_learner": x_learner,
    "dr_learner": dr_learner,
}


def _said(booster: lgb.Booster, trial: Trial) -> np.ndarray:
    return Model([(1.0, booster)]).predict(trial.features)


def _outcome_models(trial: Trial, params: UpliftParams) -> tuple[lgb.Booster, lgb.Booster]:
    arms = trial.rows(trial.treated), trial.rows(~trial.treated)
    first, second = (_trees(arm.features, arm.outcome, params) for arm in arms)
    return first, second


def _scores(trial: Trial, with_it: np.ndarray, without: np.ndarray) -> np.ndarray:
    on = trial.treated
    correction = np.where(
        on,
        (trial.outcome - with_it) / trial.share,
        -(trial.outcome - without) / (1 - trial.share),
    )
    return with_it - without + correction


def _trees(features: np.ndarray, target: np.ndarray, params: UpliftParams) -> lgb.Booster:
    import lightgbm as lgb

    return lgb.train(
        {
            "objective": "regression",
            "num_leaves": params.leaves,
            "min_data_in_leaf": max(20, min(params.min_leaf, len(target) // 10)),
            "learning_rate": params.learning_rate,
            "lambda_l2": params.l2,
            "seed": params.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbosity": -1,
        },
        lgb.Dataset(features, target),
        num_boost_round=params.rounds,
    )


def _folds(trial: Trial, folds: int, seed: int) -> np.ndarray:
    """A fold per customer, each with its part of both arms."""
    generator = np.random.default_rng(seed)
    fold = np.empty(len(trial.treated), dtype=np.int64)
    for arm in (True, False):
        rows = np.flatnonzero(trial.treated == arm)
        fold[generator.permutation(rows)] = np.arange(len(rows)) % folds
    return fold


def _need(trial: Trial) -> None:
    fewest = min(int(trial.treated.sum()), int((~trial.treated).sum()))
    if fewest < LEAST_PER_ARM:
        raise TooFewCustomersError(
            f"{fewest} customers in the smaller arm, {LEAST_PER_ARM} are needed to learn uplift"
        )
    if not ((trial.share > 0) & (trial.share < 1)).all():
        raise ValueError("the share of treatment must lie between 0 and 1")
