"""Demand in whole numbers: the law around a mean, and intervals that hold what they say."""

import numpy as np
import pytest
from scipy.stats import nbinom

from inventory.ml.counts import (
    CountLaw,
    count_quantiles,
    levels_below,
    lots_of,
    plain_quantiles,
    sale_sizes,
    whole_quantiles,
)
from inventory.ml.metrics import LEVELS, pinball_loss

HORIZON = 12


def parts(often: float, count: int = 4_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Whole units, periods before and after: a sale with that chance, of one to some units."""
    random = np.random.default_rng(seed)
    size = 1 + random.poisson(0.6, (count, 40 + HORIZON))
    units = size * (random.random(size.shape) < often)
    return units[:, :40].astype(float), units[:, 40:].astype(float)


def quantiles(law: CountLaw, train: np.ndarray) -> np.ndarray:
    lots = lots_of(train, HORIZON)
    levels = np.broadcast_to(LEVELS, (lots.size, len(LEVELS)))
    return whole_quantiles(law, levels, lots.ravel()).reshape(*lots.shape, len(LEVELS))


@pytest.mark.parametrize("mean", [0.06, 0.12, 0.4, 1.0, 4.0, 30.0])
def test_an_interval_of_whole_numbers_holds_what_it_says(mean):
    random = np.random.default_rng(3)
    law = nbinom(2.0, 2.0 / (2.0 + mean))
    units = law.rvs((3_000, 40 + HORIZON), random_state=random).astype(float)
    means = np.full((3_000, HORIZON), mean)
    found = quantiles(CountLaw.around(means, np.full(3_000, 0.5)), units[:, :40])
    actual = units[:, 40:]
    inside = (actual >= found[:, :, 0]) & (actual <= found[:, :, -1])
    assert inside.mean() == pytest.approx(0.8, abs=0.02)


def test_jittered_quantiles_cannot_hold_so_little_where_little_is_sold():
    """The control: nine of ten periods are without a sale, and all of them inside."""
    train, actual = parts(0.1)
    found = count_quantiles(np.full(actual.shape, 0.16), np.full(len(train), 0.8))
    inside = (actual >= found[:, :, 0]) & (actual <= found[:, :, -1])
    assert inside.mean() > 0.85


def test_whole_numbers_lose_less_than_those_between_them():
    train, actual = parts(0.3)
    mean, phi = np.full(actual.shape, 0.48), np.full(len(train), 0.8)
    whole = quantiles(CountLaw.around(mean, phi, sale_sizes(train)), train)
    loss = [pinball_loss(actual, one, LEVELS).mean() for one in (whole, count_quantiles(mean, phi))]
    assert loss[0] < 0.97 * loss[1]


def test_the_share_below_what_came_is_even_where_the_law_is_right():
    train, actual = parts(0.3)
    law = CountLaw.around(np.full(actual.shape, 0.48), np.full(len(train), 0.3), sale_sizes(train))
    sized = CountLaw(law.mean, law.size, law.row, law.sizes, law.sale, np.ones_like(law.share))
    below = levels_below(sized, actual.ravel(), seed=1)
    assert np.quantile(below, LEVELS) == pytest.approx(LEVELS, abs=0.02)
    wrong = CountLaw.around(np.full(actual.shape, 1.5), np.full(len(train), 0.3))
    assert np.abs(np.quantile(levels_below(wrong, actual.ravel(), 1), LEVELS) - LEVELS).max() > 0.1


def test_what_is_unknown_has_no_share_below():
    law = CountLaw.around(np.ones((1, 2)), np.ones(1))
    assert np.isnan(levels_below(law, np.array([np.nan, 1.0]), 1)).tolist() == [True, False]


def test_a_law_adds_up_to_one_and_keeps_its_mean():
    train, _actual = parts(0.3, count=50)
    mean = np.tile([0.0, 0.02, 0.4, 1.4, 3.0], (50, 1))
    law = CountLaw.around(mean, np.full(50, 0.6), sale_sizes(train))
    numbers = range(400)
    mass = np.array([law.mass(np.full(law.mean.shape, n)) for n in numbers])
    assert mass.sum(axis=0) == pytest.approx(np.ones(250), abs=1e-6)
    assert np.arange(400) @ mass == pytest.approx(np.maximum(mean, 0).ravel(), abs=1e-4)
    below = np.array([law.below(np.full(law.mean.shape, n)) for n in numbers])
    assert np.diff(below, axis=0) == pytest.approx(mass[:-1], abs=1e-6)  # sizes are float32


def test_climbing_finds_what_adding_up_finds():
    train, _actual = parts(0.3, count=20)
    law = CountLaw.around(np.tile([0.1, 0.7, 2.0], (20, 1)), np.full(20, 0.6), sale_sizes(train))
    upto = np.array([law.below(np.full(law.mean.shape, n + 1)) for n in range(100)])
    wanted = (upto[:, :, None] < LEVELS).sum(axis=0)
    found = law.reached(np.broadcast_to(LEVELS, wanted.shape))
    assert (found.whole == wanted).all()


def test_sizes_are_drawn_to_those_of_like_skus_and_large_sales_have_none():
    train = np.array([[0, 2, 0, 2], [0, 1, 1, 0], [0, 0, 0, 0], [0, 5_000, 0, 1]], float)
    found = sale_sizes(train)
    assert found.shape == (4, 3)
    assert found[0].tolist() == pytest.approx([0, 0, 1])
    assert found[1].tolist() == pytest.approx([0, 1, 0])
    assert not found[2:].any()
    both = sale_sizes(np.array([[1, 2, 1, 2], [2, 1, 1, 2]], float))
    assert both.tolist() == [[0, 0.5, 0.5]] * 2


def test_nothing_sold_is_nothing_foreseen():
    train = np.full((2, 40), np.nan)
    law = CountLaw.around(np.zeros((2, HORIZON)), np.ones(2), sale_sizes(train))
    assert quantiles(law, train).max() <= 0.01


def test_plain_quantiles_are_scipys():
    mean = np.array([[0.2, 3.0, 700.0]])
    found = plain_quantiles(mean, np.array([0.4]))[0]
    wanted = nbinom.ppf(LEVELS, 2.5, 2.5 / (2.5 + mean[0][:, None]))
    assert (found == wanted).all()


def test_count_quantiles_are_those_of_the_distribution():
    """Beside scipy's: the level's place within the mass of its whole number, less one."""
    mean = np.array([[0.0, 1e-6, 0.03, 0.7, 3.2, 48.0, 499.0, 501.0, 80_000.0]])
    for phi in (1e-4, 0.01, 0.4, 3.0, 40.0):
        found = count_quantiles(mean, np.array([phi]))[0]
        for centre, row in zip(np.maximum(mean[0], 1e-6), found, strict=True):
            law = nbinom(1 / phi, 1 / (1 + phi * centre))
            for level, said in zip(LEVELS, row, strict=True):
                whole = law.ppf(level)
                place = (law.cdf(whole) - level) / law.pmf(whole)
                assert said == pytest.approx(max(whole - place, 0.0), rel=1e-6, abs=1e-6)
