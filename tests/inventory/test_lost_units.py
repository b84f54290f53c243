"""What looks in vain would have sold: shrunk rates, honest intervals, and a refusal."""

import numpy as np
import pytest

from inventory.ml.lost_units import look_rates, lost_units


def rates(looks, lines, units=None):
    looks, lines = np.array(looks, float), np.array(lines, float)
    units = lines if units is None else np.array(units, float)
    return look_rates(looks, lines, units, units * units / np.maximum(lines, 1))


def test_a_shop_with_too_little_to_learn_from_gets_no_rate():
    assert rates([199], [50]) is None
    assert rates([500], [29]) is None
    assert rates([500], [30]) is not None


def test_worked_example_with_one_sku():
    """100 lines of 2 units from 1,000 looks: 50 looks in vain are 5 lines, 10 units."""
    found = rates([1000], [100], [200])
    mean, low, high = lost_units(np.array([50.0]), found)
    assert mean[0] == pytest.approx(10.0, rel=1e-6)
    assert low[0] < 10 < high[0]


def test_few_looks_are_drawn_to_the_shop_and_many_are_not():
    """Twenty SKUs sell at 0.1; two at 0.4, one of which was hardly looked at."""
    looks, lines = [1000] * 20 + [1000, 10], [100] * 20 + [400, 4]
    found = rates(looks, lines).units_per_look
    assert found[20] == pytest.approx(0.4, rel=0.05)
    assert 0.11 < found[21] < 0.3


def test_no_look_no_loss():
    mean, low, high = lost_units(np.array([0.0]), rates([1000], [100]))
    assert (mean[0], low[0], high[0]) == (0, 0, 0)


def test_more_looks_lose_more_and_the_interval_narrows_relatively():
    found = rates([1000] * 3, [100] * 3)
    mean, low, high = lost_units(np.array([10.0, 100.0, 1000.0]), found)
    assert (np.diff(mean) > 0).all()
    assert (np.diff((high - low) / mean) < 0).all()


def test_eight_of_ten_intervals_hold_the_truth():
    """Rates from a Gamma, looks and lines drawn; the next looks' units lie inside 76 to 90 %:
    a negative binomial has whole units, so its interval holds a little more than 80 %."""
    random = np.random.default_rng(3)
    truth = random.gamma(4, 0.03, 4000)
    looks = random.poisson(150, 4000) + 1
    lines = random.poisson(truth * looks)
    units = lines + random.poisson(0.6 * lines)
    squares = np.array([((1 + random.poisson(0.6, n)) ** 2).sum() for n in lines], float)
    found = look_rates(looks.astype(float), lines.astype(float), units.astype(float), squares)
    lost_looks = random.poisson(40, 4000)
    lost_lines = random.poisson(truth * lost_looks)
    lost = lost_lines + random.poisson(0.6 * lost_lines)
    mean, low, high = lost_units(lost_looks.astype(float), found)
    assert 0.76 <= ((low <= lost) & (lost <= high)).mean() <= 0.90
    assert mean.sum() == pytest.approx(lost.sum(), rel=0.03)
