"""The simple methods against worked numbers and on worlds whose answer is known."""

import numpy as np
import pytest

from inventory.ml import baselines
from inventory.ml.classes import NAMES, demand_classes
from inventory.ml.combine import find_weights
from inventory.ml.counts import count_quantiles
from inventory.ml.learned import learn
from inventory.ml.members import simple_means
from inventory.ml.metrics import LEVELS, fill_rate


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


def made():
    units = np.random.default_rng(1).poisson(0.7, (40, 80)).astype(float)
    before, now = units[:, :66], units
    means, known = simple_means(before, 14, "D", 7), before
    learned = learn(known, units[:, 66:], means, None)
    return learned.forecasts(now, simple_means(now, 14, "D", 7), None)


def test_quantiles_never_cross_and_are_never_negative():
    for name, found in made().items():
        assert found.quantiles.shape == (40, 14, len(LEVELS)), name
        assert (np.diff(found.quantiles, axis=2) >= 0).all(), name
        assert (found.quantiles >= 0).all(), name


def test_adida_of_one_unit_every_fourth_period_is_a_quarter():
    units = np.tile([0.0, 0, 0, 1], (1, 10))
    assert baselines.adida(units, 2) == pytest.approx(np.full((1, 2), 0.25))
    assert baselines.imapa(units, 2) == pytest.approx(np.full((1, 2), 0.25), abs=0.1)


def test_smoothing_follows_a_line_and_a_season():
    """30 + 2t times a season of four: the next year is known to a per cent."""
    t = np.arange(48)
    truth = (30 + 2.0 * np.arange(52)) * np.array([0.7, 1.0, 1.3, 1.0])[np.arange(52) % 4]
    units = truth[None, t] * np.exp(np.random.default_rng(0).normal(0, 0.003, (1, 48)))
    for name in ("auto_ets", "theta", "optimised_theta", "complex_smoothing"):
        found = simple_means(units, 4, "M", 4, only={name})[name]
        limit = 0.02 if name == "auto_ets" else 0.06
        assert np.abs(found[0] / truth[48:] - 1).max() < limit, name


def test_many_short_series_teach_one_regression_what_each_cannot_know():
    """Every series falls back half the way to its mean: no single one of 24 periods shows it."""
    random = np.random.default_rng(3)
    values = np.zeros((400, 25))
    for t in range(1, 25):
        values[:, t] = 0.5 * values[:, t - 1] + random.normal(0, 0.1, 400)
    units = np.exp(3 + values)
    found = np.log(simple_means(units[:, :24], 1, "M", 12, only={"pooled_log"})["pooled_log"]) - 3
    slope = np.polyfit(values[:, 23], found[:, 0], 1)[0]
    assert 0.35 < slope < 0.75  # a walk would be 1, the mean alone 0


def test_demand_classes_by_the_published_limits():
    units = np.array(
        [[5.0, 5, 5, 5] * 3, [1.0, 9, 1, 20] * 3, [0.0, 0, 4, 4] * 3, [0.0, 0, 1, 20] * 3]
    )
    assert [NAMES[one] for one in demand_classes(units)] == [
        "smooth",
        "erratic",
        "intermittent",
        "lumpy",
    ]


def test_weights_find_the_better_of_two_and_sum_to_one():
    random = np.random.default_rng(2)
    actual = random.normal(10, 1, (600, 6))
    members = {"good": actual + random.normal(0, 1, (600, 6)), "bad": actual + 5}
    found = find_weights(members, actual, np.ones(600), np.zeros(600, int)).by_class["smooth"]
    assert sum(found.values()) == pytest.approx(1)
    assert found["good"] > 0.9


def test_jittered_quantiles_hold_what_they_say():
    """Poisson 1.3: whole-number quantiles from 0 to 3 hold 96 %, these 80 % on the mean of means."""
    random = np.random.default_rng(5)
    mean = random.uniform(0.5, 6, (3000, 1))
    quantiles = count_quantiles(mean, np.full(3000, 0.01))
    truth = random.poisson(mean)
    inside = (truth >= quantiles[:, :, 0]) & (truth <= quantiles[:, :, 8])
    assert inside.mean() == pytest.approx(0.8, abs=0.05)


def test_fill_rate_at_equal_stock_by_hand():
    """Three units of stock on two SKUs of which one wants three: 3 of 3 where it is known, else 1.5."""
    actual = np.array([[3.0], [0.0]])
    knows = np.linspace(0, 1, 9)[None, None, :] * np.array([3.0, 0.0])[:, None, None]
    blind = np.linspace(0, 1, 9)[None, None, :] * np.array([1.5, 1.5])[:, None, None]
    assert fill_rate(actual, knows, 3.0) == pytest.approx(1.0, abs=0.01)
    assert fill_rate(actual, blind, 3.0) == pytest.approx(0.5, abs=0.01)
    assert fill_rate(np.zeros((2, 1)), blind, 3.0) is None
