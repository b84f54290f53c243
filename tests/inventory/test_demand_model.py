"""The global model on worlds whose answer is known; nothing of the future is read."""

import numpy as np
import pytest

from inventory.ml import backtest, gbm
from inventory.ml.backtest import TooShortError
from inventory.ml.features import FeatureMaker
from inventory.ml.gbm import DemandModel, DemandParams
from inventory.ml.panel import Panel, all_periods

SMALL = DemandParams(sample_rows=6000, quantile_rounds=40, mean_rounds=40, threads=1)


def weekly_world(skus=12, days=300, seed=3, promotion=False):
    """Poisson around level × weekday; a promotion doubles demand."""
    random = np.random.default_rng(seed)
    weekday = np.array([0.4, 0.6, 0.8, 1.0, 1.4, 1.8, 1.0])
    level = random.uniform(2, 20, skus)[:, None]
    rate = level * weekday[np.arange(days) % 7]
    flags = (random.random((skus, days)) < 0.15).astype(float)
    if promotion:
        rate = rate * (1 + flags)
    first = np.datetime64("2025-01-06")
    return Panel(
        skus=[f"S{number}" for number in range(skus)],
        periods=all_periods(first, first + days - 1, "D"),
        units=random.poisson(rate).astype(float),
        promotion=flags if promotion else None,
        promotion_ahead=promotion,
    )


@pytest.fixture(scope="module")
def card():
    return backtest.backtest(weekly_world(), 14, SMALL, seed=1)


def test_it_beats_its_baselines_where_there_is_something_to_learn(card):
    rmsse = {name: found["rmsse"] for name, found in card.models.items()}
    assert rmsse["lightgbm"] < 0.95 * min(rmsse["seasonal_naive"], rmsse["moving_average"])
    assert card.chosen in ("combination", "lightgbm")
    assert rmsse["combination"] < 1.03 * min(rmsse.values())
    assert card.baseline == "seasonal_naive"


def test_its_intervals_cover_what_they_say(card):
    assert 0.72 < card.models["lightgbm"]["coverage80"] < 0.9


def test_same_data_and_seed_give_the_same_model():
    panel = weekly_world(skus=5, days=120)
    first, again = (gbm.fit(panel, 7, SMALL, seed=9) for _ in range(2))
    assert first.mean_text == again.mean_text
    assert first.quantile_texts == again.quantile_texts


def test_a_model_survives_its_file():
    panel = weekly_world(skus=5, days=120)
    model = gbm.fit(panel, 7, SMALL, seed=9)
    again = DemandModel.from_json(model.as_json())
    ahead = panel.extended(7)
    assert np.array_equal(
        gbm.predict_raw(model, ahead, 7).mean, gbm.predict_raw(again, ahead, 7).mean
    )
    with pytest.raises(ValueError, match="unknown format"):
        DemandModel.from_json({"format": 99})


def test_features_do_not_see_what_comes_after_the_origin():
    panel = weekly_world(skus=4, days=100, promotion=True)
    samples = gbm.every_step(np.arange(4), 69, 7)
    changed = backtest._hide_units(panel, 70)
    one, other = FeatureMaker(panel), FeatureMaker(changed)
    scale = one.scale(samples)
    assert np.array_equal(scale, other.scale(samples))
    assert np.array_equal(
        one.matrix(samples, scale)[0], other.matrix(samples, scale)[0], equal_nan=True
    )


def test_forecasts_do_not_change_when_the_future_does():
    panel = weekly_world(skus=6, days=120)
    other = Panel(panel.skus, panel.periods, panel.units.copy())
    other.units[:, 100:] = np.random.default_rng(0).permuted(other.units[:, 100:] * 9, axis=1)
    one, two = (backtest._forecast_window(p, 100, 14, SMALL, 1) for p in (panel, other))
    assert one.means.keys() == two.means.keys()
    for name, mean in one.means.items():
        assert np.array_equal(mean, two.means[name], equal_nan=True), name
    assert np.array_equal(one.raw.quantiles, two.raw.quantiles)


def test_a_planned_promotion_raises_its_own_day():
    panel = weekly_world(days=250, promotion=True)
    model = gbm.fit(panel.until(236), 14, SMALL, seed=1)
    hidden = backtest._hide_units(panel, 236)
    hidden.promotion[:, 236:] = 0
    without = gbm.predict_raw(model, hidden, 14).mean
    hidden.promotion[:, 240] = 1
    with_one = gbm.predict_raw(model, hidden, 14).mean
    assert (with_one[:, 4] > 1.4 * without[:, 4]).mean() > 0.8
    assert np.array_equal(with_one[:, 5], without[:, 5])


def test_forecasts_never_cross_and_are_never_negative():
    panel = weekly_world(skus=6, days=120)
    model = gbm.fit(panel, 7, SMALL, seed=1)
    raw = gbm.predict_raw(model, panel.extended(7), 7)
    found = gbm.finish(raw, 0.5, np.linspace(0.2, -0.2, 9))  # a shift that would cross them
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    assert (found.quantiles >= 0).all()


def test_too_short_a_history_is_refused_with_what_is_needed():
    with pytest.raises(TooShortError, match=r"covers 60 days.*at least 84"):
        backtest.backtest(weekly_world(days=60), 28, SMALL, seed=1)


def test_late_starters_are_refused_and_counted():
    panel = weekly_world(skus=6, days=120)
    panel.units[0, :100] = np.nan
    found = backtest.backtest(panel, 7, SMALL, seed=1)
    assert (found.series_refused, found.series_scored) == (1, 5)


def test_stock_out_days_masked_give_back_the_demand():
    panel = weekly_world(skus=10, days=250)
    censored = panel.units.copy()
    censored[:, 150:190] = 0
    masked = np.where(censored == 0, np.nan, censored)
    naive = backtest.forecast_with(
        "moving_average", None, Panel(panel.skus, panel.periods[:190], censored[:, :190]), 7
    )
    aware = backtest.forecast_with(
        "moving_average", None, Panel(panel.skus, panel.periods[:190], masked[:, :190]), 7
    )
    assert (naive.mean == 0).all()
    assert aware.mean.mean() == pytest.approx(panel.units.mean(), rel=0.15)
