"""What a forecast is made of sums to it, whatever made it, and tells what was planted."""

from dataclasses import replace

import numpy as np
import pytest

from inventory.ml import backtest, made_of
from inventory.ml.course import Plans
from inventory.ml.explain import CAUSES, contributions, rounded
from inventory.ml.gbm import DemandParams
from inventory.ml.made_of import of_product, parts_of, plain_parts
from inventory.ml.panel import Panel, all_periods
from inventory.ml.tree_parts import FAMILIES

SMALL = DemandParams(sample_rows=6000, quantile_rounds=30, mean_rounds=30, threads=1)
DAYS, HORIZON = 430, 14


def world(skus=10, seed=3):
    """Weekly rhythm, a dear December, promotions that double demand, some days without stock."""
    random = np.random.default_rng(seed)
    periods = all_periods(np.datetime64("2024-11-01"), np.datetime64("2024-11-01") + DAYS - 1, "D")
    week = np.array([0.4, 0.6, 0.8, 1.0, 1.4, 1.8, 1.0])[np.arange(DAYS) % 7]
    december = np.where(periods.astype("datetime64[M]").astype(int) % 12 == 11, 1.8, 1.0)
    flags = (random.random((skus, DAYS)) < 0.15).astype(float)
    rate = random.uniform(2, 20, (skus, 1)) * week * december * (1 + flags)
    units = random.poisson(rate).astype(float)
    units[0, -40:-30] = np.nan
    return Panel(
        [f"S{n}" for n in range(skus)], periods, units, price=np.full(units.shape, 900.0),
        promotion=flags, promotion_ahead=True, countries=("GB",),
    )  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    panel = world()
    card = backtest.backtest(panel, HORIZON, SMALL, seed=1)
    card.chosen = backtest.COMBINATION
    return panel, card, backtest.fit_final(panel, HORIZON, SMALL, seed=1, card=card)


@pytest.mark.parametrize("mean_weight", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("name", ["combination", "lightgbm", "blend", "theta", "seasonal_naive"])
def test_the_parts_sum_to_the_forecast(fitted, name, mean_weight):
    panel, _card, model = fitted
    model = replace(model, mean_weight=mean_weight)
    plans = Plans(np.tile([1.0, 0.0], (len(panel.skus), HORIZON // 2)))
    made = backtest.make_with(name, model, panel, HORIZON, plans=plans)
    parts, by_trees = parts_of(name, model, made, panel, plans=plans)
    assert tuple(parts) == FAMILIES
    np.testing.assert_allclose(sum(parts.values()), made.forecast.mean, rtol=1e-12, atol=1e-12)
    assert by_trees.all() == (name not in ("theta", "seasonal_naive"))
    if name == "lightgbm":
        level = made.forecast.mean.mean()
        assert (parts["promotion"][:, ::2] - parts["promotion"][:, 1::2]).mean() > 0.25 * level
        assert (parts["season"][:, 2] - parts["season"][:, 4]).mean() > 0.25 * level


def test_beyond_the_bound_the_trees_are_split_like_a_level(fitted, monkeypatch):
    panel, _card, model = fitted
    monkeypatch.setattr(made_of, "MOST_BY_TREES", 3)
    made = backtest.make_with("combination", model, panel, HORIZON)
    parts, by_trees = parts_of("combination", model, made, panel)
    assert by_trees.sum() == 3
    assert not parts["promotion"][~by_trees].any()
    np.testing.assert_allclose(sum(parts.values()), made.forecast.mean, rtol=1e-12)


def test_a_level_with_a_week_by_hand():
    """Two weeks of 1 … 7 and of 3 … 9: levels 4 and 6, and the days −3 … 3 around them."""
    week = np.arange(1.0, 8.0)
    parts = plain_parts(np.concatenate([week, week + 2])[None, :], 7, None)
    assert parts["level"][0].tolist() == [4.0] * 7 + [6.0] * 7
    assert parts["season"][0].tolist() == [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0] * 2
    assert not parts["festival"].any()
    year = made_of.Factors(np.full((1, 14), 2.0), np.full((1, 14), 1.5), np.ones((1, 14)))
    plain = np.full((1, 14), 10.0)
    parts = plain_parts(plain * 3, 7, year)  # 10, doubled by the season, half as much again
    assert [parts[name][0, 0] for name in ("level", "season", "festival")] == [10, 10, 10]


def test_a_product_is_shared_by_logs():
    """2 · e^(ln 2 + ln 2) − 2 = 6: three each. Opposite logs cancel; none is none."""
    log = np.log(2)
    shared = of_product(np.array([2.0, 2.0, 2.0]), np.array([[log, log], [log, -log], [0, 0]]))
    assert shared.sum(axis=1).tolist() == pytest.approx([6, 0, 0])
    assert shared[0].tolist() == pytest.approx([3, 3])
    assert shared[1].tolist() == pytest.approx([2 * log, -2 * log])


def test_causes_sum_to_the_last_digit_that_is_stored():
    random = np.random.default_rng(4)
    parts = {name: random.normal(0, 3, (5, 28)) for name in FAMILIES}
    mean = sum(parts.values())
    causes = contributions(parts, random.poisson(4, (5, 60)).astype(float), lost=np.full(5, 0.37))
    assert tuple(causes) == CAUSES
    for row in range(5):
        kept = rounded(mean[row], {name: part[row] for name, part in causes.items()})
        thousandths = sum(np.rint(np.array(kept[name]) * 1000) for name in CAUSES)
        assert thousandths.tolist() == np.rint(mean[row].round(3) * 1000).tolist()
