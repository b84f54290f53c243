"""The simple methods against worked numbers and on worlds whose answer is known."""

import numpy as np
import pytest

from inventory.ml import baselines
from inventory.ml.metrics import LEVELS


def test_seasonal_naive_repeats_the_last_season():
    units = np.array([[1.0, 2, 3, 4, 5, 6]])
    assert baselines.seasonal_naive(units, 4, 3).tolist() == [[4, 5, 6, 4]]


def test_seasonal_naive_takes_a_masked_day_from_the_season_before():
    units = np.array([[1.0, 2, 3, 4, np.nan, 6]])
    assert baselines.seasonal_naive(units, 3, 3).tolist() == [[4, 2, 6]]


def test_seasonal_naive_refuses_less_than_a_season():
    with pytest.raises(ValueError, match="at least 7"):
        baselines.seasonal_naive(np.ones((1, 6)), 2, 7)


def test_croston_on_a_regular_series():
    # 6 units every third day: size 6, interval 3, rate 2 (Croston 1972).
    units = np.array([[0.0, 0, 6] * 20])
    assert baselines.croston(units, 1) == pytest.approx(np.array([[2.0]]))
    assert baselines.croston(units, 1, debias=True) == pytest.approx(np.array([[1.9]]))


def test_tsb_fades_when_sales_stop_and_croston_does_not():
    units = np.array([[0.0, 0, 6] * 20 + [0.0] * 60])
    assert baselines.tsb(units, 1)[0, 0] < 0.2
    assert baselines.croston(units, 1)[0, 0] == pytest.approx(2.0)


def test_a_series_of_zeros_is_forecast_as_zero_and_no_history_as_nan():
    units = np.array([[0.0] * 20, [np.nan] * 20])
    for method in (baselines.croston, baselines.tsb, baselines.ses):
        found = method(units, 2)
        assert found[0].tolist() == [0, 0]
        assert np.isnan(found[1]).all()


def test_ses_follows_a_change_of_level():
    units = np.array([[1.0] * 30 + [9.0] * 30])
    assert baselines.ses(units, 1)[0, 0] == pytest.approx(9.0, abs=0.1)


def test_a_masked_day_changes_nothing():
    units = np.random.default_rng(1).poisson(4, (3, 60)).astype(float)
    masked = np.insert(units, 40, np.nan, axis=1)
    assert baselines.ses(masked, 2) == pytest.approx(baselines.ses(units, 2))
    assert baselines.tsb(masked, 2) == pytest.approx(baselines.tsb(units, 2))


def test_quantiles_never_cross_and_are_never_negative():
    units = np.random.default_rng(1).poisson(0.7, (20, 80)).astype(float)
    for name, found in baselines.forecast_all(units, 14, "D", 7).items():
        assert found.quantiles.shape == (20, 14, len(LEVELS)), name
        assert (np.diff(found.quantiles, axis=2) >= 0).all(), name
        assert (found.quantiles >= 0).all(), name
