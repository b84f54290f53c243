"""Uplift on worlds whose truth is known: found where it is, refused where it is not."""

import numpy as np
import pytest

from marketing.ml.uplift import (
    LEARNERS,
    Model,
    TooFewCustomersError,
    Trial,
    UpliftParams,
    cross_fit,
    fit,
)
from marketing.ml.uplift_metrics import (
    Calibration,
    Price,
    Step,
    area_under,
    calibration,
    curve,
    curve_with_band,
    qini,
    worth_it,
)

QUICK = UpliftParams(folds=3, rounds=30, min_leaf=100)


def world(n: int, seed: int, effect: float = 1.0) -> tuple[Trial, np.ndarray]:
    """Eight of ten get the message: it brings 100 to some, costs 50 with others."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(n, 4))
    treated = generator.random(n) < 0.8
    truth = effect * (100 * (features[:, 0] > 0.3) - 50 * (features[:, 1] > 1))
    outcome = 200 + 80 * features[:, 2] + generator.normal(0, 150, n) + treated * truth
    return Trial(features, treated, outcome, np.full(n, 0.8)), truth


@pytest.fixture(scope="module")
def found():
    trial, truth = world(8000, 1)
    return cross_fit(trial, QUICK), truth


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_finds_whom_it_moves(found, name):
    fitted, truth = found
    predicted = fitted.uplift[name]
    assert np.corrcoef(predicted, truth)[0, 1] > 0.6
    judged = qini(predicted, fitted.score)
    assert judged.beats_random
    best = qini(truth + 1e-9 * np.arange(len(truth)), truth).area
    assert judged.low < best
    said = calibration(predicted, fitted.score)
    assert said.slope_low < 1.3
    assert said.slope_high > 0.7
    assert said.bands[-1].measured > said.bands[0].measured


def test_scores_are_right_on_average(found):
    fitted, truth = found
    error = fitted.score.std() / np.sqrt(len(truth))
    assert abs(fitted.score.mean() - truth.mean()) < 3.5 * error


def test_without_an_effect_nobody_is_chosen_and_no_model_beats_chance():
    trial, _truth = world(4000, 3, effect=0.0)
    fitted = cross_fit(trial, QUICK)
    level = 1 - 0.05 / len(LEARNERS)
    assert not any(qini(u, fitted.score, level=level).beats_random for u in fitted.uplift.values())


def test_the_qini_interval_holds_the_truth():
    """Predictions with half their variance in common with the effect: the area has a formula."""
    generator = np.random.default_rng(5)
    truth = 0.5 * np.sqrt(800) * 0.2820948  # ½ · sd · E[z (Φ(z) − ½)]
    hits = 0
    for _run in range(400):
        effect = generator.normal(10, 20, 1500)
        score = effect + generator.normal(0, 150, 1500)
        judged = qini(effect + generator.normal(0, 20, 1500), score)
        hits += judged.low <= truth <= judged.high
    assert 0.92 <= hits / 400 <= 0.98


def test_the_curve_and_its_area_by_hand():
    """Four customers, effects 4, 2, 0, −2, ranked right; the message costs 1."""
    uplift, score = np.array([9.0, 5.0, 3.0, 1.0]), np.array([4.0, 2.0, 0.0, -2.0])
    assert curve(uplift, score, cost=1, points=4) == [
        (0.0, 0.0), (0.25, 0.75), (0.5, 1.0), (0.75, 0.75), (1.0, 0.0)
    ]  # fmt: skip
    judged = qini(uplift, score, cost=1)
    assert judged.whole == 0.0
    assert judged.at_half == 1.0
    # ¼ (3 · 3/8 + 1 · 1/8 − (−1) · 1/8 … ) = ¼ (1.125 + 0.125 + 0.125 + 1.125)
    assert judged.area == pytest.approx(0.625)


def test_the_band_of_the_curve_holds_the_truth():
    """Effects of a normal spread, ranked by a prediction that shares half their variance."""
    generator, hits = np.random.default_rng(6), 0
    # per customer of the list at the better half: 10 / 2 + sd · √½ · φ(0)
    truth = 5 + 20 * np.sqrt(0.5) * 0.3989423
    for _run in range(300):
        effect = generator.normal(10, 20, 1500)
        score = effect + generator.normal(0, 150, 1500)
        steps = curve_with_band(effect + generator.normal(0, 20, 1500), score, points=2)
        assert [step.share for step in steps] == [0.0, 0.5, 1.0]
        assert steps[0].low == steps[0].high == 0
        hits += steps[1].low <= truth <= steps[1].high
    assert 0.92 <= hits / 300 <= 0.98
    assert area_under([Step(0, 0, 0, 0), Step(0.5, 4, 0, 0), Step(1, 2, 0, 0)]) == 2.5


def test_only_where_it_pays_and_never_below_the_floor():
    plain = Calibration(0.0, 0.5, 0.3, 0.7, [])
    uplift = np.array([10.0, 30.0, 50.0])
    assert worth_it(uplift, plain, Price(cost=14)).tolist() == [False, True, True]
    kept = Price(cost=14, margin_rate=0.4, discount_rate=0.1, margin_floor_rate=0.3)
    assert worth_it(uplift, plain, kept).any()
    broken = Price(cost=14, margin_rate=0.4, discount_rate=0.2, margin_floor_rate=0.3)
    assert not worth_it(uplift, plain, broken).any()


def test_a_model_survives_its_file():
    trial, _truth = world(3000, 7)
    model = fit("x_learner", trial, QUICK)
    again = Model.from_json(model.to_json())
    assert np.array_equal(again.predict(trial.features), model.predict(trial.features))
    assert np.array_equal(
        fit("x_learner", trial, QUICK).predict(trial.features), model.predict(trial.features)
    )
    with pytest.raises(ValueError, match="not an uplift model"):
        Model.from_json('[["x", "y"]]')


def test_too_few_are_refused():
    trial, _truth = world(1000, 8)
    with pytest.raises(TooFewCustomersError, match="in the smaller arm, 500 are needed"):
        cross_fit(trial, QUICK)
    trial, _truth = world(3000, 8)
    alone = Trial(trial.features, trial.treated, trial.outcome, np.ones(3000))
    with pytest.raises(ValueError, match="must lie between"):
        cross_fit(alone, QUICK)
