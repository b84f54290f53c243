"""A slow season is told from customers who leave; what is ahead is never more than was seen."""

import numpy as np
import pytest

from marketing.ml import rate_clock
from marketing.ml.order_days import histories
from marketing.ml.order_forecast import fit_forecast
from marketing.ml.pareto_nbd import fit_pareto
from marketing.ml.rate_clock import CYCLE_BINS, RateClock, learn_clock
from marketing.ml.value_model import fit_value_model, from_json
from tests.buying_worlds import (
    END_DAY,
    FIRST_DAY,
    HOLDOUT_DAYS,
    SHOP_HOLDOUT_DAYS,
    cohort,
    growing_shop,
)


def test_time_by_hand():
    """Ten days at double speed, ten at half; ahead as usual in the first bin, then half as fast."""
    ahead = np.log(np.r_[1.0, np.full(CYCLE_BINS - 1, 0.5)])
    clock = RateClock(np.array([0.0, 10, 20]), np.log([2.0, 0.5]), ahead)
    assert clock.time(np.array([-3, 0, 5, 10, 20, 30])).tolist() == pytest.approx(
        [-3, 0, 10, 20, 25, 35]
    )
    assert clock.days_ahead(20, 28) == pytest.approx(28)
    assert clock.days_ahead(20, 56) == pytest.approx(28 + 14)
    year = 28 + 12 * 14
    assert clock.days_ahead(20, 364 + 28) == pytest.approx(year + 28)
    assert clock.days_ahead(20 + 28, 28) == pytest.approx(14)
    assert RateClock.of(clock.to_json()).time(33.0) == clock.time(33.0)


def test_orders_and_days_are_counted_in_the_same_bin():
    """An order on each day after the first: as many in each bin as it has days at risk."""
    edges, every = np.array([0.0, 28, 56, 84]), np.arange(1.0, 85)
    at_risk = rate_clock._overlap(np.array([0.0]), np.array([84.0]), edges)
    assert rate_clock._orders(every, edges).tolist() == at_risk[0].tolist() == [28, 28, 28]


def test_histories_count_time_by_the_clock():
    days = cohort("MBG/NBD", seed=1, customers=50).days.until(END_DAY)
    still = RateClock(np.array([FIRST_DAY - 1.0, END_DAY]), np.zeros(1), np.zeros(CYCLE_BINS))
    plain, same = histories(days, END_DAY), histories(days, END_DAY, clock=still)
    for name in ("last", "age", "log_gaps"):
        assert getattr(same, name) == pytest.approx(getattr(plain, name), abs=1e-9)


@pytest.mark.parametrize("world", ["BG/NBD", "MBG/NBD", "Pareto/NBD", "clumpy"])
def test_where_nothing_moves_everybody_there_is_none(world):
    """In the clumpy world buying changes with a customer's age and not with the calendar."""
    assert learn_clock(cohort(world, seed=31).days.until(END_DAY), END_DAY) is None


def test_a_slow_end_is_no_loss_of_customers():
    days = cohort("seasonal", seed=31).days
    seen = days.until(END_DAY)
    clock = learn_clock(seen, END_DAY)
    middle = (clock.edges[1:] + clock.edges[:-1]) / 2
    true = 1 + 0.5 * np.sin(2 * np.pi * (middle - FIRST_DAY) / 364)
    assert np.corrcoef(np.exp(clock.log_rates), true)[0, 1] > 0.9
    known = days.known_at(END_DAY)
    actual = days.counts_between(END_DAY, END_DAY + HOLDOUT_DAYS)[known]
    said = fit_forecast(seen, END_DAY, seed=1).expected_orders(seen, HOLDOUT_DAYS).sum()
    assert abs(said / actual.sum() - 1) < 0.25
    assert blind(seen, END_DAY, HOLDOUT_DAYS) < said


def blind(seen, end_day, horizon_days):
    """What is said without a clock."""
    known = histories(seen, end_day)
    return fit_pareto(known).model.expected_orders(known, horizon_days / 7).sum()


def test_two_years_teach_the_season():
    days, end = growing_shop(weeks=117, phase=13, seed=31, customers=2000)
    clock = learn_clock(days.until(end), end)
    weeks = 117 + 4 * np.arange(6) + 2
    true = 1 + 0.5 * np.sin(2 * np.pi * (weeks + 13) / 52)
    assert np.corrcoef(np.exp(clock.ahead[:6]), true)[0, 1] > 0.9
    found = fit_forecast(days.until(end), end, seed=1)
    actual = days.counts_between(end, end + SHOP_HOLDOUT_DAYS)[days.known_at(end)].sum()
    said = found.expected_orders(days.until(end), SHOP_HOLDOUT_DAYS).sum()
    without = blind(days.until(end), end, SHOP_HOLDOUT_DAYS)
    assert abs(said - actual) < 0.5 * abs(without - actual)
    assert found.correction is None  # no level is learned on top of a season


def test_a_short_or_thin_history_has_none():
    days, end = growing_shop(weeks=20, phase=0, seed=1, customers=300)
    assert learn_clock(days.until(FIRST_DAY + 60), FIRST_DAY + 60) is None
    assert learn_clock(days.of_every(30).until(end), end) is None


def test_the_stored_model_keeps_the_clock_and_can_be_asked_later():
    days = cohort("seasonal", seed=31).days.until(END_DAY)
    model = fit_value_model(days, END_DAY, seed=1)
    again = from_json(model.to_json())
    seen = model.seen(days)
    assert again.orders(again.seen(days), days, 90) == pytest.approx(model.orders(seen, days, 90))
    later = model.at(END_DAY + 60)
    silent = seen.repeats > 0
    assert (later.alive(later.seen(days)) < model.alive(seen))[silent].all()
