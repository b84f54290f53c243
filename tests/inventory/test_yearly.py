"""The shop's year, learned over all SKUs, on worlds whose year is known."""

from dataclasses import replace

import numpy as np
import pytest

from inventory.ml.backtest import forecast_with
from inventory.ml.lead_time import extend_days
from inventory.ml.panel import Panel, all_periods
from inventory.ml.yearly import YEAR, adjusted, find_year

FIRST = np.datetime64("2024-01-01")


def world(skus=40, days=YEAR + 120, height=0.8, rate=2.0):
    """Demand up by e^0.8 for six weeks of every year, in one of two categories only."""
    random = np.random.default_rng(3)
    day = np.arange(days)
    peak = ((day % YEAR) >= 50) & ((day % YEAR) < 92)
    groups = np.arange(skus) % 2
    level = rate * random.uniform(0.3, 2, (skus, 1))
    mean = level * np.exp(height * peak[None, :] * (groups == 1)[:, None])
    panel = Panel(
        [f"S{n}" for n in range(skus)],
        all_periods(FIRST, FIRST + days - 1, "D"),
        random.poisson(mean).astype(float),
        groups=groups,
    )
    return panel, mean


def test_a_category_gets_its_own_year_and_the_other_none():
    panel, _mean = world()
    year = find_year(panel.until(YEAR + 28))
    ahead = np.log(year.of(YEAR + 40, YEAR + 100))  # around the second year's peak
    inside = slice(15, 45)
    # "Again" draws one year's evidence to 0.8 of itself, and the year's mean lies above 0.
    assert 0.4 < np.log(year.of(YEAR + 55, YEAR + 85)[1]).mean() - ahead[1, :7].mean() < 0.8
    assert np.abs(ahead[0, inside] - ahead[0, :7].mean()).max() < 0.2
    assert ahead.shape == (40, 60)


def test_a_forecast_rises_before_the_peak_that_came_a_year_ago():
    panel, mean = world()
    cut = YEAR + 45
    known = panel.until(cut)
    found = forecast_with("moving_average", None, known, 28).mean
    flat = known.units[:, -28:].mean(axis=1, keepdims=True)
    truth = mean[:, cut : cut + 28]
    assert np.abs(found - truth).mean() < 0.75 * np.abs(flat - truth).mean()


def test_a_year_of_chance_is_no_year():
    panel, _mean = world(height=0.0)
    year = find_year(panel)
    assert np.abs(year.log_index).max() < 0.1


def test_less_than_a_year_and_weeks_have_none():
    panel, _mean = world(days=YEAR + 20)
    assert find_year(panel) is None
    assert adjusted(panel, None) is panel
    longer, _mean = world()
    assert find_year(replace(longer, frequency="W")) is None


def test_a_promotion_is_no_season():
    panel, _mean = world(height=0.0)
    promoted = np.zeros(panel.units.shape)
    promoted[::2, 150:171] = 1
    units = panel.units * np.where(promoted > 0, 3, 1)
    with_it = replace(panel, units=units, promotion=promoted, groups=None)
    assert np.abs(find_year(with_it).log_index).max() < 0.1
    assert np.abs(find_year(replace(with_it, promotion=None)).log_index).max() > 0.2


def test_days_after_the_forecast_go_on_with_the_year():
    week = np.array([1.0, 2, 3, 4, 5, 6, 7])
    year = np.concatenate([np.full(7, 0.5), np.full(7, 1.0)])
    assert extend_days(week, 14, year)[7:].tolist() == (week * 2).tolist()
    assert extend_days(week, 14)[7:].tolist() == week.tolist()
    assert extend_days(np.stack([week, week], axis=1), 14, year)[13] == pytest.approx([14, 14])
