"""What earlier sales and the elasticity say of the next one, by hand."""

import numpy as np
import pytest

from inventory.ml.sale_response import MeasuredSale, expected_extra, pooled_response

PRECISE = 1e-6


def line(**changes) -> dict:
    return {
        "base_units": [10.0, 10.0],
        "day_shares": [1.0, 0.5],
        "price_ratio": 0.5,
        "promotion_change": 1,
        "elasticity": [1.0, 2.0, 3.0],
        "promotion_log": [0.0, 0.0, 0.0],
        "quota": 1000,
    } | changes


def test_half_price_at_elasticity_two_sells_four_times_as_much():
    found = expected_extra(line())
    assert found["mean"] == [30.0, 15.0]  # 10 · (2² − 1), and half a day of it
    assert (sum(found["low"]), sum(found["high"])) == pytest.approx((15.0, 105.0))


def test_the_promotion_itself_counts_only_where_there_was_none():
    twice = [np.log(2)] * 3
    found = expected_extra(line(promotion_log=twice))
    assert sum(found["mean"]) == pytest.approx(15 * 7)
    assert expected_extra(line(promotion_log=twice, promotion_change=0)) == expected_extra(line())


def test_the_quota_caps_all_three_and_keeps_the_days():
    found = expected_extra(line(quota=20))
    assert found["high"] == found["mean"] == pytest.approx([13.333, 6.667])
    assert sum(found["low"]) == pytest.approx(15.0)


def test_a_price_that_would_sell_less_adds_nothing():
    found = expected_extra(line(elasticity=[-1.0, -0.5, 0.5]))
    assert sum(found["mean"]) == sum(found["low"]) == 0.0
    assert sum(found["high"]) > 0


def test_a_sku_that_does_not_sell_gets_nothing():
    nothing = expected_extra(line(base_units=[0.0, 0.0]))
    assert nothing == {"mean": [0.0, 0.0], "low": [0.0, 0.0], "high": [0.0, 0.0]}


def test_low_mean_and_high_stay_in_order_whatever_the_line():
    rng = np.random.default_rng(1)
    for _round in range(200):
        low, middle, high = np.sort(rng.normal(1.5, 1.5, 3)).tolist()
        days = int(rng.integers(1, 6))
        found = expected_extra(
            line(
                base_units=rng.gamma(1, 5, days).tolist(),
                day_shares=rng.uniform(0, 1, days).tolist(),
                price_ratio=float(rng.uniform(0.2, 0.99)),
                elasticity=[low, middle, high],
                quota=int(rng.integers(1, 60)),
            )
        )
        for one in zip(found["low"], found["mean"], found["high"], strict=True):
            assert 0 <= one[0] <= one[1] <= one[2]


def test_nothing_measured_says_nothing_and_nor_does_a_sale_without_a_reduction():
    assert pooled_response([]) is None
    assert pooled_response([MeasuredSale(0.5, 0.1, 0.0)]) is None


def test_one_sale_gives_its_own_elasticity_with_a_wide_interval():
    low, mean, high = pooled_response([MeasuredSale(3.0, PRECISE, np.log(2))])
    assert mean == 2.0  # four times as much at half the price
    assert high - mean == pytest.approx(1.2816 * (0.7**2 + 0.7**2) ** 0.5, abs=1e-3)
    assert mean - low == pytest.approx(high - mean, abs=1e-3)


def test_sales_that_agree_narrow_it_and_the_more_exact_one_weighs_more():
    alike = [MeasuredSale(3.0, 0.1, np.log(2))] * 8
    low, mean, high = pooled_response(alike)
    assert mean == pytest.approx(2.0, abs=0.001)
    one = pooled_response(alike[:1])
    assert high - low < one[2] - one[0]
    mixed = pooled_response([MeasuredSale(3.0, 0.01, np.log(2)), MeasuredSale(0.0, 9.0, np.log(2))])
    assert mixed[1] > 1.5
