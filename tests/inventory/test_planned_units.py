"""Extra demand: added to a forecast, measured against it, taken out of the history. Pure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.ml.metrics import LEVELS
from inventory.ml.planned_units import (
    LEVEL_Z,
    add_extra,
    measure_effect,
    spread_over,
    together,
    total_demand,
    units_needed,
)

STEPS = np.array([-1.2815515655, -0.8416212336, -0.5244005127, -0.2533471031, 0.0])
NORMAL = np.concatenate([STEPS, -STEPS[-2::-1]])  # quantiles 0.1 … 0.9 of the standard normal


def flat(mean: float, sd: float, days: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(days, mean), np.tile(mean + sd * NORMAL, (days, 1))


def test_two_independent_normals_add_as_the_textbook_says():
    """N(10, 3²) + N(4, 4²) = N(14, 5²)."""
    extra = np.array([[4.0], [4 - 4 * LEVEL_Z], [4 + 4 * LEVEL_Z]])
    mean, quantiles = add_extra(flat(10, 3, 1), extra, LEVELS)
    assert mean == pytest.approx([14.0])
    assert quantiles[0] == pytest.approx(14 + 5 * NORMAL, abs=1e-6)


def test_a_day_without_extra_is_returned_bit_by_bit():
    mean, quantiles = flat(0.1 + 0.2, 1 / 3, 3)
    extra = np.zeros((3, 3))
    extra[:, 1] = [1.0, 0.5, 2.0]
    summed, spread = add_extra((mean, quantiles), extra, LEVELS)
    assert summed[[0, 2]].tobytes() == mean[[0, 2]].tobytes()
    assert spread[[0, 2]].tobytes() == quantiles[[0, 2]].tobytes()
    assert summed[1] == mean[1] + 1.0


@given(st.floats(0, 50), st.floats(0, 20), st.floats(0, 30), st.floats(0, 30), st.floats(0, 30))
def test_quantiles_stay_in_order_and_extra_demand_never_lowers_the_upper_ones(
    mean, sd, more, below, above
):
    base = (np.array([mean]), np.maximum(flat(mean, sd, 1)[1], 0))
    extra = np.array([[more], [max(more - below, 0)], [more + above]])
    _mean, quantiles = add_extra(base, extra, LEVELS)
    assert (np.diff(quantiles[0]) >= -1e-9).all()
    assert (quantiles >= 0).all()
    assert quantiles[0, -1] >= base[1][0, -1] - 1e-9


def test_independent_sources_add_their_means_and_the_squares_of_their_distances():
    parts = np.array([[[10.0], [7.0], [14.0]], [[20.0], [16.0], [23.0]]])
    assert together(parts)[:, 0] == pytest.approx([30.0, 25.0, 35.0])  # 3-4-5 on both sides


def test_an_effect_is_what_was_sold_beyond_the_forecast():
    """Four days of N(10, 3²), 60 sold: 20 more than 40, ± 1.2816 · √(4 · 9) = 7.69."""
    effect = measure_effect(np.array([15.0] * 4), flat(10, 3, 4), correlation=0)
    assert effect.units == pytest.approx(20)
    assert (effect.low, effect.high) == pytest.approx((20 - 7.689, 20 + 7.689), abs=0.001)
    assert effect.by_day == pytest.approx([5.0] * 4)


def test_errors_that_move_together_widen_the_interval():
    """ρ = 1: the deviations add, ± 1.2816 · 4 · 3 = 15.38."""
    effect = measure_effect(np.array([15.0] * 4), flat(10, 3, 4), correlation=1)
    assert effect.high - effect.units == pytest.approx(15.379, abs=0.001)


def test_days_out_of_stock_are_not_compared():
    effect = measure_effect(np.array([20.0, np.nan]), flat(10, 3, 2), correlation=0)
    assert (effect.units, effect.base_units, effect.known_days) == (10.0, 10.0, 1)
    assert effect.by_day.tolist() == [10.0, 0.0]
    assert measure_effect(np.array([np.nan]), flat(10, 3, 1), correlation=0) is None


def test_a_harmful_source_is_reported_and_adds_nothing_to_the_history():
    effect = measure_effect(np.array([4.0, 6.0]), flat(10, 3, 2), correlation=0)
    assert effect.units == -10
    assert effect.by_day.tolist() == [0.0, 0.0]


def test_of_two_overlapping_sources_each_takes_its_share():
    halves = [
        measure_effect(np.array([18.0]), flat(10, 3, 1), correlation=0, share=np.array([share]))
        for share in (0.25, 0.75)
    ]
    assert [half.units for half in halves] == [2.0, 6.0]


@given(st.floats(-10, 500), st.lists(st.integers(0, 40), min_size=1, max_size=10))
def test_never_more_is_taken_out_than_was_sold(units, sold):
    out = spread_over(units, np.array(sold, dtype=float))
    assert (out >= 0).all()
    assert (out <= np.array(sold) + 1e-9).all()
    assert out.sum() == pytest.approx(min(max(units, 0), sum(sold)))


def test_units_missing_for_the_mean_and_the_high_case():
    assert units_needed((120.0, 150.5), 100) == (20, 51)
    assert units_needed((80.0, 90.0), 100) == (0, 0)


def test_the_demand_until_a_sale_ends_has_the_high_case_of_both_parts():
    """Four days N(10, 3²): 40 ± 7.69; the sale 8 (high 8 + 10.25): 48 + √(7.69² + 10.25²)."""
    extra = np.array([[2.0] * 4, [0.0] * 4, [2 + 2.5628] * 4])
    mean, high = total_demand(flat(10, 3, 4), extra, correlation=0)
    assert mean == 48
    assert high == pytest.approx(48 + np.hypot(1.28155 * 6, 4 * 2.5628), abs=0.01)
    assert total_demand(flat(10, 3, 4), None, correlation=0)[0] == 40
