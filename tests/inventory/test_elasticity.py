"""Price, promotion and empty shelves on worlds whose answer is known."""

import numpy as np
import pytest

from inventory.ml.elasticity import at_least, learn_elasticities
from inventory.ml.expected import corrected, expected_units

DAYS = 420


def priced_world(skus=24, seed=4):
    """Reductions of a tenth to four tenths; elasticity 1 in one category, 2.5 in the other."""
    random = np.random.default_rng(seed)
    groups = np.arange(skus) % 2
    true = np.where(groups == 0, 1.0, 2.5)
    promotion = np.zeros((skus, DAYS))
    price = np.full((skus, DAYS), 1000.0)
    for row in range(skus):
        for start in random.choice(np.arange(0, DAYS - 10, 14), 9, replace=False):
            promotion[row, start : start + 7] = 1
            price[row, start : start + 7] *= 1 - random.choice([0.1, 0.2, 0.3, 0.4])
    rate = random.uniform(4, 12, skus)[:, None] * np.exp(
        -true[:, None] * np.log(price / 1000) + 0.3 * promotion
    )
    return random.poisson(rate).astype(float), price, promotion, groups, true


def test_elasticities_are_found_and_their_intervals_hold_them():
    units, price, promotion, groups, true = priced_world()
    found = learn_elasticities(
        units, price, promotion, groups=groups, sold_out=np.zeros(units.shape, bool)
    )
    assert np.abs(found.elasticity / true - 1).mean() < 0.15
    assert np.abs(found.promotion - 0.3).max() < 0.15
    assert ((found.low <= true) & (true <= found.high)).mean() > 0.7


def test_without_a_price_move_the_interval_is_wide_and_nothing_is_its_own():
    units = np.random.default_rng(1).poisson(3, (5, 200)).astype(float)
    flat = np.full(units.shape, 1000.0)
    found = learn_elasticities(
        units, flat, flat * 0, groups=np.zeros(5, int), sold_out=np.zeros(units.shape, bool)
    )
    assert (found.high - found.low > 1).all()
    assert found.own_share.max() < 0.05
    assert found.priced_days.tolist() == [0] * 5


def test_at_least_by_hand():
    """Poisson 1, known to be at least 1: 1 / (1 − e⁻¹) = 1.582."""
    assert at_least(np.array([1.0]), np.array([1.0]))[0] == pytest.approx(1.582, abs=0.001)
    assert at_least(np.array([0.0]), np.array([2.0]))[0] == pytest.approx(2.0)


def test_the_correction_halves_what_sales_miss():
    units, price, promotion, groups, true = priced_world()
    random = np.random.default_rng(8)
    out = np.zeros(units.shape, bool)
    for row in range(len(units)):
        start = random.integers(60, DAYS - 60)
        out[row, start : start + 20] = True
    masked = np.where(out, np.nan, units)
    effect = -true[:, None] * np.log(price / 1000) + 0.3 * promotion
    expected = expected_units(masked, effect, groups)
    found = corrected(np.where(out, 0, units), expected, out, np.full(units.shape, np.nan))
    missed = np.abs((found - units) * out).sum(axis=1) / units.sum(axis=1)
    wanted, made, sold = ((x * out).sum(axis=1) for x in (units, found, np.zeros(units.shape)))
    assert np.abs(made - wanted).sum() < 0.5 * np.abs(sold - wanted).sum()
    assert missed.max() < 0.1


def test_evidence_and_model_count_alike():
    out = np.array([[True, True, False]])
    found = corrected(
        np.array([[0.0, 0, 7]]), np.array([[4.0, 4, 4]]), out, np.array([[6.0, np.nan, 9]])
    )
    assert found.tolist() == [[5, 4, 7]]
