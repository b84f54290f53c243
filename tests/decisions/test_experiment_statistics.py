"""Experiment statistics against a kept library, hand-worked cases and brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.ml.bandit import LEAST_SHARE, thompson_shares
from decisions.ml.bayes import belief
from decisions.ml.effects import (
    Effect,
    adjusted_effect,
    mean_effect,
    pooled_effect,
    ratio_effect,
    winsor_limit,
)
from decisions.ml.moments import Moments
from decisions.ml.power import (
    detectable_with,
    holdout_rate_for,
    units_needed,
    units_needed_always_valid,
)
from decisions.ml.sequential import Interval, always_valid, ratio_p_always_valid
from decisions.ml.verdicts import corrected_level, guardrail, kept_verdict, read, student

CONTROL = Moments.from_sums(1000, 9000, 250_000, 2000, 5000, 22_000)
TREATED = Moments.from_sums(1200, 12_000, 320_000, 2300, 5600, 27_000)


def test_intervals_equal_growthbooks():
    """Printed by gbstats 0.8.0 for these sums; benchmarks/experiment_oracle.py compares more."""
    effect = mean_effect(TREATED, CONTROL)
    found = student(effect, 0.95)
    assert (found.low, found.high) == pytest.approx((-0.08866393784911253, 2.0886639378491125))
    found = always_valid(effect)
    assert (found.low, found.high) == pytest.approx((-0.7235795199771571, 2.7235795199771573))
    found = always_valid(effect, level=0.99, planned=2200)
    assert (found.low, found.high) == pytest.approx((-0.9827336741682067, 2.9827336741682067))
    found = student(ratio_effect(TREATED, CONTROL), 0.95)
    assert (found.low, found.high) == pytest.approx((0.18237778278921535, 1.2524048259064369))
    found = belief(effect)
    assert (found.low, found.high) == pytest.approx((-0.10630850878513454, 2.0251906245210547))
    assert found.better == pytest.approx(0.9611725157600205)
    assert found.loss == pytest.approx(0.008484597127075217)


@given(
    st.lists(st.tuples(st.integers(-999, 999), st.integers(0, 99)), min_size=2, max_size=30),
    st.integers(1, 29),
)
def test_moments_add_up_however_they_are_cut(rows, cut):
    values = np.array(rows, dtype=float)
    y, x = values[:, 0], values[:, 1]
    whole = Moments.of(y, x)
    cut = min(cut, len(y) - 1)
    parts = Moments.of(y[:cut], x[:cut]) + Moments.of(y[cut:], x[cut:])
    sums = Moments.from_sums(len(y), y.sum(), y @ y, x.sum(), x @ x, x @ y)
    for other in (parts, sums):
        assert other.n == whole.n
        for name in ("y", "y2", "x", "x2", "xy"):
            assert getattr(other, name) == pytest.approx(getattr(whole, name), abs=1e-6)
    assert whole.variance == pytest.approx(np.var(y, ddof=1))
    assert whole.covariance == pytest.approx(np.cov(y, x)[0, 1], abs=1e-6)


def test_what_was_before_is_taken_out():
    generator = np.random.default_rng(2)
    before = generator.normal(50, 10, 4000)
    spent = before + generator.normal(0, 5, 4000)
    treated, control = (
        Moments.of(spent[:2000] + 1, before[:2000]),
        Moments.of(spent[2000:], before[2000:]),
    )
    plain, (adjusted, saved) = mean_effect(treated, control), adjusted_effect(treated, control)
    assert saved == pytest.approx(0.8, abs=0.02)  # r² = 100 / 125
    assert adjusted.error == pytest.approx(plain.error * math.sqrt(1 - saved))
    assert abs(adjusted.difference - 1) < 3 * adjusted.error
    constant = adjusted_effect(Moments.of([1.0, 2.0] * 9), Moments.of([2.0, 2.5] * 9))
    assert constant[1] == 0.0


def test_a_ratio_counts_people_not_orders():
    """Bootstrap over people of revenue per order agrees with the delta method."""
    generator = np.random.default_rng(5)
    orders = generator.poisson(2, 3000).astype(float)
    revenue = orders * generator.gamma(2, 10, 3000)
    one = Moments.of(revenue, orders)
    effect = ratio_effect(one, one)
    draws = generator.integers(0, 3000, (1500, 3000))
    bootstrap = (revenue[draws].sum(1) / orders[draws].sum(1)).std()
    assert effect.error == pytest.approx(math.sqrt(2) * bootstrap, rel=0.08)
    with pytest.raises(ValueError, match="denominator"):
        ratio_effect(Moments.of([1.0, 2.0], np.zeros(2)), one)


def test_one_big_spender_counts_for_no_more_than_the_limit():
    values = np.array([0.0] * 1000 + [10.0] * 99 + [9999.0])
    limit = winsor_limit(values)
    assert 10 <= limit < 9999
    assert winsor_limit(np.zeros(5)) is None


def test_batches_with_changing_shares_are_pooled_without_bias():
    """All customers of the second batch buy more: a naive mean over batches is fooled."""
    batches = [
        Effect(0.10, 0.10, 0.0, 0.01, 1000, 900),
        Effect(0.30, 0.30, 0.0, 0.02, 3000, 2900),
    ]
    found = pooled_effect(batches)
    assert found.difference == 0.0
    assert found.units == 4000
    assert found.error == pytest.approx(math.hypot(0.25 * 0.01, 0.75 * 0.02))


def test_sample_sizes_by_the_book():
    """16 σ² / δ² per arm (van Belle): 5 % ± 1 point → 7,600 per arm and a little."""
    variance = 0.05 * 0.95
    total = units_needed(variance, 0.01)
    assert total == pytest.approx(2 * 15.7 * variance / 0.01**2, rel=0.001)
    assert detectable_with(total, variance) == pytest.approx(0.01, rel=1e-3)
    assert units_needed_always_valid(variance, 0.01) > 1.3 * total
    with pytest.raises(ValueError, match="effect"):
        units_needed(variance, 0.0)


def test_the_smallest_holdout_that_shows_it():
    rate = holdout_rate_for(50_000, 0.05 * 0.95, 0.01)
    assert 0 < rate < 0.5
    assert detectable_with(50_000, 0.05 * 0.95, share=rate) == pytest.approx(0.01)
    assert holdout_rate_for(1000, 0.05 * 0.95, 0.01) is None


def test_a_verdict_stays_once_it_is_given():
    assert kept_verdict("cannot tell", "win") == "win"
    assert kept_verdict("win", "cannot tell") == kept_verdict("win", "lose") == "win"


def test_nothing_is_said_before_the_first_look_and_without_spread():
    few = mean_effect(Moments.of_share(40, 50), Moments.of_share(1, 50))
    assert always_valid(few) is None
    assert read(few).verdict == "cannot tell"
    assert read(few).verdict_once == "win"
    flat = read(mean_effect(Moments.of([1.0] * 500), Moments.of([0.0] * 500)))
    assert (flat.verdict, flat.verdict_once) == ("cannot tell", "cannot tell")
    assert corrected_level(0.95, 2) == pytest.approx(0.975)


def test_a_guardrail_is_no_all_clear_when_nobody_can_tell():
    assert guardrail(Interval(-0.001, 0.001), 0.002) == "unharmed"
    assert guardrail(Interval(-0.001, 0.004), 0.002) == "cannot tell"
    assert guardrail(Interval(0.003, 0.009), 0.002) == "harmed"
    assert guardrail(None, 0.002) == "cannot tell"


def test_sizes_are_tested_at_every_look():
    assert ratio_p_always_valid([5000, 5000], [0.5, 0.5]) == 1.0
    assert ratio_p_always_valid([52_000, 48_000], [0.5, 0.5]) < 1e-6
    assert ratio_p_always_valid([1000, 8000, 1000], [0.1, 0.8, 0.1]) == 1.0
    with pytest.raises(ValueError, match="units"):
        ratio_p_always_valid([0, 0], [0.5, 0.5])


def test_thompson_favours_the_better_arm_and_starves_none():
    arms = {"a": Moments.of_share(50, 1000), "b": Moments.of_share(90, 1000)}
    shares = thompson_shares(arms, seed=4)
    assert shares == thompson_shares(arms, seed=4)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["b"] > 0.9
    assert shares["a"] >= LEAST_SHARE
    assert thompson_shares({"a": None, "b": arms["b"]}, seed=4) == {"a": 0.5, "b": 0.5}
    with pytest.raises(ValueError, match="nothing to choose"):
        thompson_shares(dict.fromkeys("abcd", arms["a"]), seed=1, least=0.25)
