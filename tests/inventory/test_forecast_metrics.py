"""Each metric against a value worked by hand, and undefined stays undefined."""

import numpy as np
import pytest

from inventory.ml.metrics import (
    LEVELS,
    Forecast,
    count_undefined,
    naive_squared_scale,
    pinball_loss,
    score_series,
    seasonal_scale,
    summarise,
)


def flat(mean, horizon=2):
    mean = np.asarray(mean, dtype=float)
    values = np.repeat(mean[:, None], horizon, axis=1)
    return Forecast(values, np.repeat(values[:, :, None], len(LEVELS), axis=2))


def test_worked_example():
    train = np.array([[2.0, 4, 2, 4, 2, 4]])
    actual = np.array([[4.0, 2]])
    found = summarise(score_series(train, actual, flat([3.0]), season=2))
    assert found["rmsse"] == pytest.approx(0.5)  # error 1, one-step change 2
    assert found["mase"] is None  # the season repeats exactly: nothing to scale by
    assert found["wape"] == pytest.approx(2 / 6)
    assert found["bias"] == 0
    assert found["pinball"] == pytest.approx(0.5)  # mean of 1·q above and 1·(1−q) below
    assert found["coverage80"] == 0


def test_seasonal_scale_is_the_mean_change_over_a_season():
    assert seasonal_scale(np.array([[1.0, 2, 3, 5]]), 2) == pytest.approx([2.5])
    assert np.isnan(seasonal_scale(np.array([[1.0, 2]]), 2)).all()


def test_masked_periods_are_in_no_scale_and_not_scored():
    train = np.array([[1.0, np.nan, 9, 10, 12]])
    assert naive_squared_scale(train) == pytest.approx([2.5])  # (1 + 4) / 2
    found = score_series(train, np.array([[np.nan, 12.0]]), flat([10.0]), season=2)
    assert found["wape"] == pytest.approx([2 / 12])


def test_no_sale_is_undefined_and_counted_never_zero():
    train, actual = np.array([[0.0, 0, 0], [1.0, 3, 1]]), np.array([[0.0, 0], [1.0, 1]])
    found = score_series(train, actual, flat([5.0, 1.0]), season=1)
    assert np.isnan(found["wape"][0])
    assert np.isnan(found["rmsse"][0])
    assert summarise(found)["wape"] == 0  # of the one series for which it is defined
    assert count_undefined(found)["wape"] == 1


def test_pinball_is_asymmetric():
    actual, quantiles = np.array([[10.0]]), np.array([[[4.0]]])
    assert pinball_loss(actual, quantiles, np.array([0.9])) == pytest.approx(np.array([[5.4]]))
    assert pinball_loss(quantiles[:, :, 0], actual[:, :, None], np.array([0.9])) == pytest.approx(
        np.array([[0.6]])
    )
