"""Textbook intervals, coverage by simulation, honest verdicts."""

import numpy as np
import pytest

from decisions.services.experiments import (
    TooFewUnitsError,
    arm,
    compare_means,
    compare_proportions,
    in_share,
)


def test_newcombe_by_the_book():
    """56/70 against 48/80: Newcombe 1998, table II, example (a), method 10."""
    found = compare_proportions((56, 70), (48, 80))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert found.difference == pytest.approx(0.2)
    assert found.verdict == "win"


def test_welch_equals_scipy():
    from scipy.stats import ttest_ind

    generator = np.random.default_rng(1)
    one, two = generator.normal(1, 2, 40), generator.normal(0, 1, 70)
    found = compare_means(one.tolist(), two.tolist())
    expected = ttest_ind(one, two, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_intervals_hold_the_truth_19_times_in_20():
    generator = np.random.default_rng(7)
    hits = 0
    for _ in range(2000):
        ones, twos = generator.binomial(400, 0.06), generator.binomial(100, 0.04)
        found = compare_proportions((int(ones), 400), (int(twos), 100))
        hits += found.low <= 0.02 <= found.high
    assert 0.93 <= hits / 2000 <= 0.975


def test_too_few_customers_give_no_interval():
    with pytest.raises(TooFewUnitsError, match="got 9"):
        compare_proportions((1, 100), (0, 9))
    with pytest.raises(ValueError, match="no share"):
        compare_proportions((5, 4), (1, 20))


def test_no_difference_cannot_be_told_and_says_what_could():
    found = compare_proportions((20, 400), (5, 100))
    assert found.verdict == "cannot tell"
    assert 0.05 < found.smallest_detectable < 0.09
    assert compare_means([0.0] * 20, [0.0] * 20).verdict == "cannot tell"


def test_the_same_unit_always_lands_in_the_same_arm():
    units = [f"C-{n}" for n in range(4000)]
    held = [unit for unit in units if in_share("campaign:1", unit, 0.1)]
    assert held == [unit for unit in units if in_share("campaign:1", unit, 0.1)]
    assert 0.08 < len(held) / 4000 < 0.12
    assert set(held) <= {unit for unit in units if in_share("campaign:1", unit, 0.2)}
    other = [unit for unit in held if in_share("campaign:2", unit, 0.1)]
    assert len(other) < 80
    counts = [arm("e", unit, ["a", "b", "c"]) for unit in units]
    assert min(counts.count(name) for name in "abc") > 1200
    with pytest.raises(ValueError, match="no arms"):
        arm("e", "u", [])
