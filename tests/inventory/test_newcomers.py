"""A SKU with few days of its own: what it takes from others, by hand and in invariants."""

import numpy as np
import pytest

from inventory.ml.newcomers import Traits, borrow, likeness


def traits(group, price, brand, text=None):
    return Traits(np.array(group), np.log(np.array(price, dtype=float)), np.array(brand), text)


def test_only_the_own_category_counts_nearest_price_and_brand_most():
    these = traits([1, 1, 1, 1, 2], [10, 10, 10, 40, 10], [7, 7, 8, 8, 7])
    weight = likeness(these, np.array([0]), np.array([1, 2, 3, 4]))[0]
    assert weight[3] == 0
    assert weight[0] == pytest.approx(2 * weight[1])
    assert weight[1] > weight[2] > 0
    assert weight.sum() == pytest.approx(1)


def test_in_a_small_category_the_whole_shop_counts():
    these = traits([1, 1, 2, 2, 2], [10] * 5, [-1] * 5)
    assert (likeness(these, np.array([0]), np.array([1, 2, 3, 4]))[0] == 0.25).all()


def test_like_words_count_more():
    text = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    these = traits([1] * 4, [10, np.nan, 10, 10], [-1] * 4, text)
    weight = likeness(these, np.array([0]), np.array([1, 2, 3]))[0]
    assert weight[0] == pytest.approx(weight[1] * np.exp(3))


def test_the_level_by_hand():
    """Likes at 1 and 3: mean 2, variance 1, shape 4, rate 2. Ten Poisson days with 40 units:
    (4 + 40) / (2 + 10) = 3.667; its own share 10 / 12."""
    peers = np.repeat([[1.0], [3.0]], 28, axis=1)
    units = np.full((1, 30), np.nan)
    units[0, -10:] = 4
    found = borrow(units, peers, np.zeros(2), np.array([[0.5, 0.5]]))
    assert found.forecast.mean[0] == pytest.approx(44 / 12)
    assert found.own[0] == pytest.approx(10 / 12)
    assert found.dispersion[0] == pytest.approx(1 / 44)


def test_without_days_it_is_its_likes_and_less_sure_than_they():
    peers = np.array([[1.0, 3.0] * 14, [2.0, 6.0] * 14])
    found = borrow(np.full((1, 9), np.nan), peers, np.full(2, 0.2), np.array([[0.5, 0.5]]))
    assert found.forecast.mean[0].mean() == pytest.approx(3)
    assert found.forecast.mean[0, 1] / found.forecast.mean[0, 0] == pytest.approx(3)
    assert found.own[0] == 0
    assert found.dispersion[0] > 0.2
    more = borrow(np.full((1, 9), 3.0), peers, np.full(2, 0.2), np.array([[0.5, 0.5]]))
    assert more.dispersion[0] < found.dispersion[0]
