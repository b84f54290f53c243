"""Our classical field beside statsforecast's: equal where the method is fixed, as accurate where it is fitted."""

import numpy as np
import pytest

from inventory.ml.members import simple_means

pytest.importorskip("statsforecast", reason="pip install -r requirements-benchmark.txt")
pytestmark = pytest.mark.filterwarnings("ignore")

SEASON, HORIZON = 12, 12


def monthly(count=40, length=96, seed=3):
    """Level, trend, season and noise; none near zero."""
    random = np.random.default_rng(seed)
    t = np.arange(length)
    level = random.uniform(50, 400, (count, 1))
    season = 1 + 0.2 * np.sin(2 * np.pi * (t + random.integers(0, 12, (count, 1))) / SEASON)
    trend = 1 + random.uniform(-0.002, 0.004, (count, 1)) * t
    return level * season * trend * np.exp(random.normal(0, 0.05, (count, length)))


def seldom(count=30, length=120, seed=5):
    random = np.random.default_rng(seed)
    chance = random.uniform(0.15, 0.6, (count, 1))
    sold = random.random((count, length)) < chance
    units = sold * (1 + random.poisson(3, (count, length)))
    units[:, 0] = 1  # a first sale at once, so that both start at the same place
    return units.astype(float)


def theirs(model, units):
    return np.array([model.forecast(y=row, h=HORIZON)["mean"] for row in units])


def ours(name, units):
    return simple_means(units, HORIZON, "M", SEASON, only={name})[name]


def test_methods_without_a_choice_are_equal():
    from statsforecast import models

    units = monthly()
    pairs = {
        "seasonal_naive": models.SeasonalNaive(SEASON),
        "moving_average": models.WindowAverage(12),
    }
    for name, model in pairs.items():
        assert ours(name, units) == pytest.approx(theirs(model, units))


def test_croston_and_its_kin_are_equal_on_seldom_sales():
    from statsforecast import models

    units = seldom()
    assert ours("croston", units) == pytest.approx(theirs(models.CrostonClassic(), units))
    # Theirs takes 0.95 for 1 - alpha/2 at alpha = 0.1, as ours does.
    assert ours("sba", units) == pytest.approx(theirs(models.CrostonSBA(), units))
    assert ours("tsb", units) == pytest.approx(theirs(models.TSB(0.1, 0.05), units), rel=0.02)


@pytest.mark.parametrize(
    ("name", "theirs_name", "most"),
    [
        ("auto_ets", "AutoETS", 1.10),  # parameters from a grid, all series at once
        ("theta", "Theta", 1.05),
        ("optimised_theta", "OptimizedTheta", 1.05),
        ("complex_smoothing", "AutoCES", 1.10),
    ],
)
def test_fitted_methods_err_no_more_on_what_comes_next(name, theirs_name, most):
    from statsforecast import models

    units = monthly()
    past, actual = units[:, :-HORIZON], units[:, -HORIZON:]
    model = getattr(models, theirs_name)(season_length=SEASON)
    error = np.abs(ours(name, past) - actual).mean(axis=1) / past.mean(axis=1)
    other = np.abs(theirs(model, past) - actual).mean(axis=1) / past.mean(axis=1)
    assert error.mean() <= most * other.mean()


@pytest.mark.parametrize(("name", "theirs_name"), [("adida", "ADIDA"), ("imapa", "IMAPA")])
def test_block_methods_err_no_more_on_seldom_sales(name, theirs_name):
    from statsforecast import models

    units = seldom(80)
    past, actual = units[:, :-HORIZON], units[:, -HORIZON:]
    error = np.sqrt(((ours(name, past) - actual) ** 2).mean(axis=1))
    other = np.sqrt(((theirs(getattr(models, theirs_name)(), past) - actual) ** 2).mean(axis=1))
    assert error.mean() <= 1.03 * other.mean()
