"""Worked examples of the textbooks, with the figures that they print."""

import numpy as np
import pytest
from scipy.stats import norm, poisson

from inventory.ml.policy import (
    abc_xyz,
    best_reorder_levels,
    economic_order_units,
    economic_order_with_breaks,
    level_for_fill_rate,
    newsvendor_level,
    shortage_price,
)
from inventory.ml.reorder import normal_safety_stock


def test_newsvendor():
    """Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., example 4.3: S* = 56.6."""
    level = newsvendor_level(0.70, 0.18)
    assert norm.ppf(level, 50, 8) == pytest.approx(56.604, abs=0.001)


def test_the_plans_price_of_a_shortage_is_the_newsvendors():
    """A unit short at that price makes the target the best level: 0.7 = 0.18 · α / (1 − α)."""
    level = newsvendor_level(0.70, 0.18)
    price = shortage_price(level, holding=0.18, margin=0.0, shortage_rate=1.0, review_weeks=1)
    assert price == pytest.approx(0.70)


def test_economic_order_quantity():
    """Snyder & Shen, 2nd ed., example 3.1: K = 8, h = 0.225, λ = 1300 → Q* = 304.1, 68.41 a year."""
    units = economic_order_units(1300, order_cost=8, holding=0.225)
    assert units == pytest.approx(304.05, abs=0.01)
    assert 8 * 1300 / units + 0.225 * units / 2 == pytest.approx(68.41, abs=0.01)


def test_economic_order_quantity_with_price_breaks():
    """The same chocolate with 0.75, 0.72 from 400 and 0.68 from 800: Snyder & Shen, 2nd ed., 3.4."""
    breaks = [(0, 0.75), (400, 0.72), (800, 0.68)]
    units, cost = economic_order_with_breaks(1300, order_cost=8, holding_rate=0.3, breaks=breaks)
    assert (units, round(cost, 1)) == (800, 978.6)
    sizes = np.arange(1, 3000)
    each = np.where(sizes >= 800, 0.68, np.where(sizes >= 400, 0.72, 0.75))
    every = each * 1300 + 8 * 1300 / sizes + 0.3 * each * sizes / 2
    assert cost == pytest.approx(every.min())


def test_reorder_point_and_order_up_to_level():
    """Snyder & Shen, 2nd ed., example 4.7: h = 1, p = 4, K = 5, Poisson(6) → s = 4, S = 10, 8.034."""
    chances = poisson.pmf(np.arange(40), 6)
    found = best_reorder_levels(chances, holding=1, shortage=4, order_cost=5)
    assert found[:2] == (4, 10)
    assert found[2] == pytest.approx(8.034, abs=0.001)


def test_safety_stock_with_an_unsure_lead_time():
    """Chopra & Meindl, Supply Chain Management, uncertain lead times: Dell's 22,491 units.

    2,500 a day give or take 500, seven days give or take seven, 90 % of cycles.
    """
    found = normal_safety_stock(
        500, 2_500, lead_time_days=7, lead_time_sd_days=7, cycle_service_level=0.90
    )
    assert found == pytest.approx(22_491, abs=1)


def test_a_fill_rate_needs_the_level_of_the_loss_function():
    """Normal demand N(50, 8), no lead time: 99 % filled where σ · G(k) = 0.01 · 50; k = 1.14."""
    random = np.random.default_rng(1)
    cycle = random.normal(50, 8, 200_000)
    level = level_for_fill_rate(cycle, np.zeros_like(cycle), 0.99)
    found = norm.ppf(level)
    loss = norm.pdf(found) - found * norm.sf(found)
    assert 8 * loss == pytest.approx(0.5, abs=0.02)


def test_classes_by_money_and_steadiness():
    found = abc_xyz(np.array([80.0, 15, 4, 1, np.nan]), np.array([0.2, 0.7, 2.0, 0.2, np.nan]))
    assert found == ["AX", "BY", "CZ", "CX", "CZ"]
