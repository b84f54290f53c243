"""Every figure of a customer's value: bounds, silence, intervals, and the same after storing."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.stats import gamma

from marketing.ml.dropout_models import DropoutModel
from marketing.ml.order_days import Histories, OrderDays, histories, order_days
from marketing.ml.order_forecast import fit_forecast
from marketing.ml.pareto_nbd import ParetoNbd
from marketing.ml.spend import GammaGamma
from marketing.ml.value_backtest import ShortError, backtest
from marketing.ml.value_model import (
    HORIZONS,
    ValueModel,
    alive_figure,
    churn_figure,
    fit_value_model,
    from_json,
    next_order_days,
    orders_figure,
    spend_figure,
)
from tests.buying_worlds import END_DAY, HOLDOUT_DAYS, cohort

PARETO = ParetoNbd(0.55, 10.6, 0.61, 11.7)
MODEL = ValueModel(
    (PARETO, DropoutModel(0.53, 6.2, 0.89, 1.61, leaves_at_once=True)),
    (PARETO, ParetoNbd(0.6, 9.0, 0.7, 12.0)),
    None,
    GammaGamma(6.25, 3.74, 1544.0),
    7.0,
    END_DAY,
)


def person(gaps, silence) -> tuple[Histories, OrderDays]:
    """One customer: order days at these gaps, then silent."""
    day = np.concatenate([[0], np.cumsum(gaps)]).astype(np.int64)
    days = order_days(np.zeros(day.size, np.int64), day, np.full(day.size, 2000.0))
    return histories(days, int(day[-1] + silence)), days


def test_chance_of_a_next_order_is_the_double_integral_of_pareto_nbd():
    seen, _days = person([20, 30], 40)
    shape, age, ahead = PARETO.r + 2, 90 / 7, 13.0

    def density(leave, rate):
        both = rate + leave
        some = rate / both * -np.expm1(-both * ahead)
        return (
            some
            * gamma.pdf(rate, shape, scale=1 / (PARETO.alpha + age))
            * gamma.pdf(leave, PARETO.s, scale=1 / (PARETO.beta + age))
        )

    whole, _error = dblquad(density, 0, 3, 0, 4, epsabs=1e-9, epsrel=1e-7)
    found = PARETO.at_least(seen, ahead)[0] / PARETO.alive(seen)[0]
    assert found == pytest.approx(whole, rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 60), min_size=0, max_size=12),
    silence=st.integers(1, 200),
    more=st.integers(1, 200),
)
def test_p_alive_falls_with_silence_and_every_figure_keeps_its_bounds(gaps, silence, more):
    alive = []
    for quiet in (silence, silence + more):
        seen, days = person(gaps, quiet)
        figure = alive_figure(MODEL, seen)
        alive.append(figure.value[0])
        churn = churn_figure(MODEL, seen, days)
        for one in (figure, churn):
            assert 0 <= one.low[0] <= one.value[0] <= one.high[0] <= 1 + 1e-12
        totals = [orders_figure(MODEL, seen, days, horizon) for horizon in HORIZONS]
        assert totals[0].value[0] <= totals[1].value[0] <= totals[2].value[0]
        assert totals[1].value[0] >= 1 - churn.value[0] - 1e-6  # one order at least, if any
        for one in totals:
            assert 0 <= one.low[0] <= one.high[0]
        money = spend_figure(MODEL, seen, days, 90)
        assert 0 <= money.low[0] <= money.high[0]
        due = next_order_days(MODEL, seen)
        assert not due.high[0] < due.value[0]
        assert not due.value[0] < due.low[0]
    assert alive[1] <= alive[0] + 1e-9


def test_a_stored_model_says_the_same():
    seen, days = person([20, 30], 40)
    again = from_json(json.loads(json.dumps(MODEL.to_json())))
    for horizon in HORIZONS:
        assert again.orders(seen, days, horizon) == pytest.approx(MODEL.orders(seen, days, horizon))
    assert alive_figure(again, seen).low == pytest.approx(alive_figure(MODEL, seen).low)
    with pytest.raises(ValueError, match="format 9"):
        from_json(MODEL.to_json() | {"format": 9})


def with_amounts(days: OrderDays, seed: int) -> OrderDays:
    random = np.random.default_rng(seed)
    scale = random.gamma(3.74, 1 / 1544, days.customers)
    return OrderDays(days.customer_idx, days.day, random.gamma(6.25, 1 / scale[days.customer_idx]))


def test_intervals_hold_what_really_came():
    """80 % of what a customer does; counts step, so orders may hold more."""
    held_orders, held_spend = [], []
    for world in ("MBG/NBD", "Pareto/NBD"):
        days = with_amounts(cohort(world, seed=5, customers=1500).days, 5)
        early = days.until(END_DAY)
        model = fit_value_model(early, END_DAY, seed=1)
        seen = model.seen(early)
        known = days.known_at(END_DAY)
        late = days.day > END_DAY
        spent = np.bincount(days.customer_idx[late], days.amount[late], days.customers)[known]
        actual = days.counts_between(END_DAY, END_DAY + HOLDOUT_DAYS)[known]
        orders = orders_figure(model, seen, early, HOLDOUT_DAYS)
        spend = spend_figure(model, seen, early, HOLDOUT_DAYS)
        held_orders.append(((actual >= orders.low) & (actual <= orders.high)).mean())
        held_spend.append(((spent >= spend.low) & (spent <= spend.high)).mean())
        assert spend.value.sum() == pytest.approx(spent.sum(), rel=0.2)
    assert 0.78 <= np.mean(held_orders) <= 0.97
    assert 0.76 <= np.mean(held_spend) <= 0.95


def test_a_backtest_beats_its_baseline_or_says_what_is_missing():
    days = cohort("MBG/NBD", seed=2, customers=800).days.until(END_DAY)
    found = backtest(days, END_DAY, seed=1)
    assert found.window_days == 90
    assert found.value < found.baseline_value
    few = order_days(np.arange(9), np.full(9, 100), np.full(9, np.nan))
    with pytest.raises(ShortError) as caught:
        backtest(few, 120, seed=1)
    assert caught.value.missing == {"days": 69}


def test_who_pays_more_and_orders_more_is_learned_without_touching_the_total():
    """Under a year no level is learned, only who will order more than the others."""
    made = cohort("spenders come back", seed=9)
    early = made.days.until(END_DAY)
    found = fit_forecast(early, END_DAY, seed=1)
    assert found.correction is not None
    plain = found.plain_orders(early, HOLDOUT_DAYS)
    corrected = found.expected_orders(early, HOLDOUT_DAYS)
    assert corrected.sum() == pytest.approx(plain.sum(), rel=0.03)
    actual = made.days.counts_between(END_DAY, END_DAY + HOLDOUT_DAYS)
    assert np.square(corrected - actual).mean() < np.square(plain - actual).mean()


def test_amounts_that_say_nothing_are_not_used():
    early = with_amounts(cohort("BG/NBD", seed=9).days, 9).until(END_DAY)
    assert fit_forecast(early, END_DAY, seed=1).correction is None
