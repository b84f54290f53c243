"""Totals add up, their intervals hold what they say, and shares of warehouses sum to 1."""

import numpy as np
import pytest

from inventory.ml.counts import count_quantiles
from inventory.ml.hierarchy import sku_correlation, smoothed_shares, totals
from inventory.ml.metrics import Forecast


def made(skus=60, days=28, rate=3.0):
    mean = np.full((skus, days), rate)
    return Forecast(mean, count_quantiles(mean, np.full(skus, 0.3)))


def test_shares_by_hand():
    """A gave 8 of 10, B 2; of everything A gave 28, B 12: (8 + 10 · 0.7) / 20 = 0.75."""
    found = smoothed_shares({1: {10: 8, 20: 2}, 2: {10: 20, 20: 10}, 3: {20: 0}})
    assert found[1] == pytest.approx({10: 0.75, 20: 0.25})
    assert found[3] == {20: 1.0}
    for places in found.values():
        assert sum(places.values()) == pytest.approx(1)


def test_what_moves_together_is_measured():
    random = np.random.default_rng(2)
    forecast = made(skus=200)
    alone = 3 + random.standard_normal((200, 28))
    shared = 3 + np.sqrt(0.3) * random.standard_normal((1, 28)) + np.sqrt(0.7) * (alone - 3)
    assert sku_correlation(forecast, alone) < 0.05
    assert 0.15 < sku_correlation(forecast, shared) < 0.45
    assert sku_correlation(made(skus=1), np.ones((1, 28))) == 0.0


def test_means_add_and_a_total_holds_what_it_says():
    forecast, groups = made(), np.repeat([1, 2], 30)
    found = totals(forecast, groups, day_correlation=0.0, sku_correlation=0.0, seed=1)
    assert found[1][0] + found[2][0] == pytest.approx(forecast.mean.sum())
    size = 1 / 0.3
    drawn = np.random.default_rng(5).negative_binomial(size, size / (size + 3), (4000, 30 * 28))
    total = drawn.sum(axis=1)
    low, high = found[1][1][0], found[1][1][-1]
    assert 0.72 < ((total >= low) & (total <= high)).mean() < 0.9


def test_what_moves_together_widens_a_total_and_moves_no_mean():
    forecast, groups = made(), np.zeros(60, int)
    width = []
    for correlation in (0.0, 0.1, 0.5):
        mean, quantiles = totals(
            forecast, groups, day_correlation=0.05, sku_correlation=correlation, seed=1
        )[0]
        width.append(quantiles[-1] - quantiles[0])
        assert mean == pytest.approx(forecast.mean.sum())
    assert width == sorted(width)
    assert width[2] > 2 * width[0]
