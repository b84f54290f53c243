"""What a reduction brings, learned on worlds whose lifts are planted; and forecasts that know it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from inventory.ml import backtest
from inventory.ml.course import Plans, find_course, plans_of
from inventory.ml.gbm import DemandParams
from inventory.ml.panel import Panel, all_periods
from inventory.ml.promoted import PRIOR, find_lifts, price_falls
from inventory.services.forecast_basis import YEAR_WEEKS, rests_on

SMALL = DemandParams(sample_rows=6000, quantile_rounds=40, mean_rounds=40, threads=1)
FIRST = np.datetime64("2025-01-06")
SLOPES = np.array([1.0, 2.5])  # of two categories
FLAT = 0.25


def world(skus=40, days=330, seed=5, *, lifted=True, priced=True):
    """Poisson around level × weekday; a week's reduction of 10 to 30 % now and then; (panel, log lift
    of each SKU under a fifth off)."""
    random = np.random.default_rng(seed)
    groups = np.arange(skus) % 2
    own = random.normal(0, 0.2, skus)
    share, depth = np.zeros((2, skus, days))
    for sku in range(skus):
        for start in random.integers(0, days - 7, 6):
            share[sku, start : start + 7] = 1
            depth[sku, start : start + 7] = -np.log(1 - random.choice([0.1, 0.2, 0.3]))
    log = (FLAT + own)[:, None] + SLOPES[groups][:, None] * depth
    week = np.array([0.6, 0.8, 0.9, 1.0, 1.2, 1.5, 1.0])[np.arange(days) % 7]
    rate = random.uniform(2, 15, (skus, 1)) * week
    units = random.poisson(rate * np.exp(log * share * lifted)).astype(float)
    panel = Panel(
        [f"S{n}" for n in range(skus)], all_periods(FIRST, FIRST + days - 1, "D"), units,
        promotion=share, promotion_ahead=True, groups=groups, depth=depth if priced else None,
    )  # fmt: skip
    return panel, FLAT + own + SLOPES[groups] * -np.log(0.8)


def log_lift(panel, fall=0.2231):
    """(n,) of a whole day at a fifth off."""
    lifts = find_lifts(panel)
    shape = (len(panel.skus), 1)
    depth = None if panel.depth is None else np.full(shape, fall)
    return np.log(lifts.factors(np.ones(shape), depth))[:, 0]


def errors(panel, name, start, horizon=28):
    """Mean absolute error on the promoted and the other days of the window, per unit sold in them."""
    known, plans = panel.until(start), plans_of(panel, start, horizon)
    actual = panel.units[:, start : start + horizon]
    on = panel.promotion[:, start : start + horizon] > 0
    found = backtest.forecast_with(name, None, known, horizon, plans=plans).mean
    away = np.abs(found - actual)
    return away[on].sum() / actual[on].sum(), away[~on].sum() / actual[~on].sum()


def test_planted_lifts_are_found_per_sku_and_category():
    panel, truth = world()
    found = log_lift(panel)
    assert np.abs(found - truth).mean() < 0.12  # the SKUs differ by 0.2 within a category
    assert np.corrcoef(found, truth)[0, 1] > 0.9
    lifts = find_lifts(panel)
    slopes = lifts.slope[:2]
    assert slopes[1] - slopes[0] > 0.5  # 1.5 planted, both drawn to the shop's
    assert np.abs(np.exp(found).mean() / np.exp(truth).mean() - 1) < 0.05


@pytest.mark.parametrize(
    "name", ["moving_average", "ses", "croston", "tsb", "seasonal_naive", "theta", "imapa"]
)
def test_simple_methods_foresee_promoted_days_and_lose_nothing_elsewhere(name):
    panel, _truth = world()
    blind = replace(panel, promotion=None, depth=None)
    with_it, without = [], []
    for start in (246, 274, 302):
        plans = Plans()
        actual, on = (part[:, start : start + 28] for part in (panel.units, panel.promotion > 0))
        told = backtest.forecast_with(name, None, blind.until(start), 28, plans=plans).mean
        away = np.abs(told - actual)
        without.append((away[on].sum() / actual[on].sum(), away[~on].sum() / actual[~on].sum()))
        with_it.append(errors(panel, name, start))
    on, off = np.mean(with_it, axis=0) / np.mean(without, axis=0)
    assert on < 0.75
    assert off < 1.01


def test_reductions_that_bring_nothing_change_nothing():
    """Negative control: flags without an effect, drawn to a prior that expects one."""
    panel, _truth = world(lifted=False, priced=False)
    assert np.abs(log_lift(panel)).max() < 0.12
    blind = replace(panel, promotion=None)
    told = errors(panel, "moving_average", 302)
    plain = backtest.forecast_with("moving_average", None, blind.until(302), 28).mean
    away = np.abs(plain - panel.units[:, 302:])
    on = panel.promotion[:, 302:] > 0
    assert told[0] < 1.03 * away[on].sum() / panel.units[:, 302:][on].sum()


def test_without_promotions_every_forecast_stays_to_the_last_bit():
    panel, _truth = world()
    none = replace(panel, promotion=np.zeros(panel.units.shape), depth=None)
    for name in ("moving_average", "theta", "seasonal_naive"):
        one, other = (
            backtest.forecast_with(name, None, each, 14)
            for each in (none, replace(none, promotion=None))
        )
        assert np.array_equal(one.mean, other.mean)
        assert np.array_equal(one.quantiles, other.quantiles)
    assert find_lifts(none) is None
    assert find_lifts(replace(panel, promotion_ahead=False)) is None  # nothing to put back


def test_few_observations_give_a_modest_lift():
    """One SKU with one wild day, one that was never reduced: both near their category's."""
    panel, _truth = world()
    panel.promotion[0], panel.depth[0] = 0, 0
    panel.promotion[2], panel.depth[2] = 0, 0
    panel.promotion[0, 100], panel.depth[0, 100] = 1, -np.log(0.8)
    panel.units[0, 100] = 12 * panel.units[0].mean()
    found = log_lift(panel)
    others = found[4::2].mean()
    assert found[2] == pytest.approx(others, abs=0.1)
    assert others < found[0] < others + 0.6  # e^2.5 was seen


def test_a_shop_with_a_single_reduction_has_the_prior():
    panel, _truth = world(skus=4)
    panel.promotion[:], panel.depth[:] = 0, 0
    panel.promotion[1, 50:52], panel.depth[1, 50:52] = 1, -np.log(0.8)
    expected = PRIOR[0] + PRIOR[1] * -np.log(0.8)
    assert log_lift(panel)[0] == pytest.approx(expected, abs=0.25)


def test_a_season_that_everybody_shares_is_no_lift():
    """Half the SKUs are reduced in the weeks in which everybody sells double."""
    random = np.random.default_rng(2)
    skus, days = 40, 300
    season = np.where((np.arange(days) >= 150) & (np.arange(days) < 164), 2.0, 1.0)
    share = np.zeros((skus, days))
    share[::2, 150:164] = 1
    rate = random.uniform(3, 12, (skus, 1)) * season * np.where(share > 0, 1.5, 1.0)
    panel = Panel(
        [f"S{n}" for n in range(skus)], all_periods(FIRST, FIRST + days - 1, "D"),
        random.poisson(rate).astype(float), promotion=share, promotion_ahead=True,
    )  # fmt: skip
    assert np.exp(log_lift(panel)).mean() == pytest.approx(1.5, rel=0.1)  # and not 3


def test_a_sale_of_the_whole_shop_is_a_lift():
    """Nobody else tells the day: what is above the weeks around is the sale's."""
    random = np.random.default_rng(3)
    skus, days = 30, 300
    share = np.zeros((skus, days))
    for start in (60, 130, 200, 260):
        share[:, start : start + 5] = 1
    rate = random.uniform(3, 12, (skus, 1)) * np.where(share > 0, 2.0, 1.0)
    panel = Panel(
        [f"S{n}" for n in range(skus)], all_periods(FIRST, FIRST + days - 1, "D"),
        random.poisson(rate).astype(float), promotion=share, promotion_ahead=True,
    )  # fmt: skip
    assert np.exp(log_lift(panel)).mean() == pytest.approx(2.0, rel=0.1)


def test_masked_days_do_not_tell_and_empty_shelves_would():
    panel, truth = world()
    out = (panel.promotion > 0) & (np.random.default_rng(1).random(panel.units.shape) < 0.4)
    masked = replace(panel, units=np.where(out, np.nan, panel.units))
    sold = replace(panel, units=np.where(out, 0.0, panel.units))
    assert np.abs(log_lift(masked) - truth).mean() < 0.15
    assert (log_lift(sold) - truth).mean() < -0.3  # negative control: as sold they hide it


def test_a_share_of_a_period_lifts_a_share_of_it():
    panel, _truth = world(skus=4)
    lifts = find_lifts(panel)
    whole, half = (lifts.factors(np.full((4, 1), one), np.full((4, 1), 0.2)) for one in (1.0, 0.5))
    np.testing.assert_allclose(half - 1, (whole - 1) / 2)
    assert (lifts.factors(np.zeros((4, 1)), None) == 1).all()


def test_what_comes_after_the_cut_teaches_no_lift():
    panel, _truth = world(skus=8, days=200)
    later = panel.units.copy()
    later[:, 150:] = np.random.default_rng(0).permuted(later[:, 150:] * 9, axis=1)
    one, two = (
        backtest._forecast_window(each, 150, 14, SMALL, 1)
        for each in (panel, replace(panel, units=later))
    )
    for name, mean in one.means.items():
        assert np.array_equal(mean, two.means[name], equal_nan=True), name
    assert np.array_equal(one.raw.quantiles, two.raw.quantiles)
    flat = backtest._forecast_window(
        replace(panel, promotion=np.where(np.arange(200) < 150, panel.promotion, 0.0)),
        150, 14, SMALL, 1,
    )  # fmt: skip
    on = panel.promotion[:, 150:164] > 0
    assert (one.means["ses"][on] > 1.2 * flat.means["ses"][on]).all()  # the plan itself is known
    assert np.array_equal(one.means["ses"][~on], flat.means["ses"][~on])


def test_what_is_taken_out_is_put_back():
    panel, _truth = world(skus=6)
    course = find_course(panel)
    whole = course.plain(panel).units * course.lifted(
        panel.units.shape, Plans(panel.promotion, panel.depth)
    )
    np.testing.assert_allclose(whole, panel.units)
    assert course.lifts is not None


def test_how_far_a_price_falls_by_hand():
    """10 to 8 is log 1.25; without a reduction, without a price, dearer: nothing; a gift is bounded."""
    listed = np.array([[1000.0, 1000.0, np.nan, 1000.0, 1000.0]])
    asked = np.array([[800.0, 800.0, 800.0, 1200.0, 0.0]])
    found = price_falls(listed, asked, np.array([[1.0, 0.0, 1.0, 1.0, 1.0]]))
    assert found[0].tolist() == pytest.approx([np.log(1.25), 0, 0, 0, np.log(10)])


def test_what_the_plan_keeps_of_later_weeks_holds_their_reductions():
    """Seven weeks ahead a whole week at a fifth off is set: that week's factor is the SKU's lift."""
    panel, _truth = world(skus=12)
    days = 7 * YEAR_WEEKS
    share = np.zeros((12, days))
    share[0, 42:49] = 1
    history = SimpleNamespace(panel=panel, planned=Plans(share, share * -np.log(0.8)))
    basis = SimpleNamespace(classes=np.zeros(12, dtype=int))
    rests = rests_on(history, basis, np.arange(12))
    lift = np.exp(log_lift(panel))[0]
    assert rests[0]["year"] == pytest.approx([1.0] * 6 + [lift] + [1.0] * 33, abs=0.001)
    assert "year" not in rests[1]
