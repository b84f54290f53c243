"""Quantiles around a mean: what calibration learned of some series holds for however many."""

import numpy as np
import pytest

from inventory.ml.classes import demand_classes
from inventory.ml.spread import Spread, fit_spread

HORIZON = 28


def world(count: int, seed: int, scale: float = 1.6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True means (n, H), 60 periods before them, and what came: negative binomials, phi 0.5."""
    random = np.random.default_rng(seed)
    mean = np.repeat(scale * np.exp(random.normal(0, 1, (count, 1))), 60 + HORIZON, axis=1)
    units = random.poisson(random.gamma(2.0, mean / 2.0)).astype(float)
    return mean[:, 60:], units[:, :60], units[:, 60:]


def held(spread: Spread, mean: np.ndarray, train: np.ndarray, actual: np.ndarray) -> float:
    found = spread.quantiles(mean, train, demand_classes(train), None)
    return float(((actual >= found[:, :, 0]) & (actual <= found[:, :, -1])).mean())


def learned(count: int, scale: float = 1.6) -> Spread:
    mean, train, actual = world(count, seed=1, scale=scale)
    return fit_spread(mean, train, actual, classes=demand_classes(train), trees=None)


@pytest.mark.parametrize("count", [1_000, 16_000])  # 28,000 forecasts, and 448,000
def test_what_is_learned_of_some_series_holds_for_many(count):
    assert 0.77 < held(learned(1_500), *world(count, seed=2)) < 0.83


def test_counts_stay_counts_where_the_other_classes_are_large():
    """One class sells hundreds a day: the small ones are spread as they were calibrated."""
    spread = learned(1_500)
    assert set(spread.counts.values()) == {True}
    mean, train, actual = world(400, seed=3)
    many, often, _came = world(600, seed=4, scale=900.0)
    both = np.vstack([mean, many]), np.vstack([train, often])
    found = spread.quantiles(*both, demand_classes(both[1]), None)[:400]
    inside = (actual >= found[:, :, 0]) & (actual <= found[:, :, -1])
    assert 0.76 < inside.mean() < 0.84


def test_large_demand_is_no_count():
    spread = learned(300, scale=900.0)
    assert set(spread.counts.values()) == {False}


def test_a_model_that_was_stored_before_asks_the_demand():
    spread = learned(1_500)
    old = Spread(noise=spread.noise, trees=spread.trees, stretch=spread.stretch)
    then = Spread(old.noise, old.trees, counts=spread.counts, stretch=old.stretch)
    case = world(200, seed=5)
    assert held(old, *case) == held(then, *case)
    assert 0.76 < held(old, *case) < 0.84
