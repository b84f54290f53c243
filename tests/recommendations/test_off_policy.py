"""Estimates from logged propensities, against a world whose true value is known."""

from dataclasses import replace

import numpy as np
import pytest

from recommendations.ml.off_policy import (
    OffPolicyError,
    Slots,
    fit_rewards,
    halves,
    off_policy,
)

KINDS, PRODUCTS, POSITIONS = 4, 8, 3
WORLD = np.random.default_rng(11)
CLICK = WORLD.uniform(0.02, 0.5, (KINDS, PRODUCTS))  # by taste and product
FADE = np.array([1.0, 0.7, 0.5])  # by position


def _softmax(scores: np.ndarray) -> np.ndarray:
    power = np.exp(scores)
    return power / power.sum(axis=-1, keepdims=True)


LOGGING = _softmax(WORLD.normal(0, 0.7, (KINDS, POSITIONS, PRODUCTS)))
CANDIDATE = _softmax(np.broadcast_to(3 * CLICK[:, None, :], LOGGING.shape))
TRUTH = float(np.einsum("kpa,ka,p->", CANDIDATE, CLICK, FADE) / (KINDS * POSITIONS))


def world(seed: int, people: int = 400) -> Slots:
    """Each person has a taste and sees two answers of three slots by the logging policy."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), 2 * POSITIONS)
    taste = rng.integers(0, KINDS, people)[person]
    position = np.tile(np.arange(POSITIONS), 2 * people)
    drawn = LOGGING[taste, position].cumsum(axis=1)
    product = (rng.random(len(person))[:, None] > drawn).sum(axis=1)
    reward = (rng.random(len(person)) < CLICK[taste, product] * FADE[position]).astype(float)
    half = halves(person)
    model = fit_rewards(product, position, reward, half)
    every = np.stack(
        [model.expect(np.full_like(product, a), position, half) for a in range(PRODUCTS)], axis=1
    )
    return Slots(
        person=person,
        reward=reward,
        propensity=LOGGING[taste, position, product],
        target=CANDIDATE[taste, position, product],
        expected=model.expect(product, position, half),
        expected_target=(CANDIDATE[taste, position] * every).sum(axis=1),
    )


def test_no_estimator_is_biased_and_their_intervals_hold():
    runs = [off_policy(world(seed)) for seed in range(300)]
    for name in ("ips", "snips", "dr"):
        found = [getattr(run, name) for run in runs]
        values = np.array([one.value for one in found])
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert abs(values.mean() - TRUTH) < 3.5 * error, name
        covered = np.mean([one.low <= TRUTH <= one.high for one in found])
        assert 0.91 <= covered <= 0.985, (name, covered)


def test_the_model_and_the_normalisation_make_the_interval_narrower():
    run = off_policy(world(1, people=2000))
    width = {n: getattr(run, n).high - getattr(run, n).low for n in ("ips", "snips", "dr")}
    assert width["dr"] < width["ips"]
    assert width["snips"] < width["ips"]


def test_the_difference_to_what_was_shown_holds_its_interval():
    shown = float(np.einsum("kpa,ka,p->", LOGGING, CLICK, FADE) / (KINDS * POSITIONS))
    covered = [
        run.difference.low <= TRUTH - shown <= run.difference.high
        for run in (off_policy(world(seed)) for seed in range(200))
    ]
    assert 0.90 <= np.mean(covered) <= 0.99


def test_the_same_policy_weighs_nothing_and_is_worth_what_was_shown():
    slots = world(3)
    same = replace(slots, target=slots.propensity, expected_target=slots.expected)
    run = off_policy(same)
    assert run.ips == run.snips == run.dr == run.shown
    assert run.difference.value == pytest.approx(0, abs=1e-12)
    assert run.effective_rows == len(slots.reward)
    assert (run.support_rate, run.clipped_rate) == (1.0, 0.0)


def test_a_worked_example():
    """Two halves of 60 people: shown with 1/2 each, the candidate always shows the second."""
    reward = np.repeat([0.0, 1.0], 120)
    slots = Slots(
        person=np.tile(np.arange(120), 2),
        reward=reward,
        propensity=np.full(240, 0.5),
        target=np.repeat([0.0, 1.0], 120),
        expected=np.zeros(240),
        expected_target=np.zeros(240),
    )
    run = off_policy(slots)
    assert run.ips.value == run.snips.value == run.dr.value == 1.0
    assert run.shown.value == 0.5
    assert run.effective_rows == 120  # (120 × 2)² / (120 × 4)


def test_cut_weights_are_counted_and_only_make_the_estimate_smaller():
    slots = world(4)
    run, cut = off_policy(slots), off_policy(slots, clip=1.5)
    assert cut.clipped_rate > run.clipped_rate
    assert cut.ips.value < run.ips.value
    assert cut.clip == 1.5


@pytest.mark.parametrize("wrong", [np.nan, 0.0, -0.1, 1.1])
def test_a_row_without_a_propensity_is_refused(wrong):
    slots = world(5)
    propensity = slots.propensity.copy()
    propensity[7] = wrong
    with pytest.raises(OffPolicyError) as refused:
        off_policy(replace(slots, propensity=propensity))
    assert (refused.value.reason, refused.value.found) == ("no_propensity", 1)


def test_a_candidate_that_shows_what_was_never_tried_is_refused():
    slots = world(6)
    with pytest.raises(OffPolicyError) as refused:
        off_policy(replace(slots, target=slots.target * 0.5))
    assert refused.value.reason == "no_support"


def test_too_little_is_refused():
    with pytest.raises(OffPolicyError) as refused:
        off_policy(world(7, people=29))
    assert refused.value.reason == "too_few_persons"
    slots = world(7, people=40)
    lucky = np.where(np.arange(len(slots.reward)) < 60, slots.propensity, 0.0)
    with pytest.raises(OffPolicyError) as refused:
        off_policy(replace(slots, target=lucky))
    assert (refused.value.reason, refused.value.needed) == ("too_few_effective_rows", 100)
    with pytest.raises(ValueError, match="one entry"):
        off_policy(replace(slots, reward=slots.reward[1:]))


def test_nobodys_own_click_is_in_what_is_expected_of_her():
    product, position = np.zeros(40, dtype=np.int64), np.zeros(40, dtype=np.int64)
    person = np.arange(40)
    half = halves(person)
    reward = np.where(half == 0, 1.0, 0.0)
    model = fit_rewards(product, position, reward, half)
    assert (model.expect(product, position, half) == np.where(half == 0, 0.0, 1.0)).all()
    # (never shown there) the mean of its position, (never shown position) the mean of all
    assert model.expect(np.array([5]), np.array([0]), np.array([0]))[0] == 0.0
    assert model.expect(np.array([5]), np.array([9]), np.array([1]))[0] == 1.0
