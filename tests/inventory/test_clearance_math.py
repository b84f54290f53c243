"""By how much to reduce, by worked examples. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.ml.clearance import (
    excess_units,
    outcome,
    plan_clearance,
    reduced_price,
    units_at_risk,
    value_kept,
)

# Milk that expires in ten days: 100 units, 5 a day at the full price, certain of everything.
MILK = {
    "units": 100,
    "days": 10,
    "demand_units": [50, 50, 50],
    "elasticity": [2.0, 2.0, 2.0],
    "promotion_log": [0.0, 0.0, 0.0],
    "price_minor": 1000,
    "cost_minor": 500,
    "floor_rate": 0.0,
    "holding_rate": 0.2,
    "dead_after_days": 0,
    "salvage_rate": 0.0,
}


def test_what_expires_by_hand():
    """30 % off: 50 · 0.7⁻² = 102 would be bought, 100 are there: 70,000 against 50,000 for nothing.

    25 % off sells 50 · 0.75⁻² = 88.9 for 66,667; 35 % off sells all for 65,000.
    """
    plan = plan_clearance(MILK)
    assert plan["percent"] == 30
    assert [plan[name] for name in ("units", "units_low", "units_high")] == [100, 100, 100]
    assert plan["proceeds_minor"] == 70_000
    assert (plan["gain_low_minor"], plan["gain_minor"], plan["gain_high_minor"]) == (20_000,) * 3
    assert outcome(MILK, 25)["proceeds_minor"] == 66_667
    assert plan["bound_by"] == []


def test_the_margin_floor_binds_and_says_so():
    """80 % over a cost of 500 is 900, so 10 % off is the most."""
    plan = plan_clearance(MILK | {"floor_rate": 0.8})
    assert plan["floor_minor"] == 900
    assert plan["percent"] == 10
    assert plan["bound_by"] == ["margin floor"]


def test_demand_that_does_not_answer_a_price_is_not_sold_cheaper():
    plan = plan_clearance(MILK | {"elasticity": [0.5, 0.5, 0.5]})
    assert plan["percent"] == 0
    assert plan["gain_minor"] == 0


def test_a_gamble_is_not_proposed():
    """Elasticity 0.2 to 4: good on average, a loss where nobody answers the price."""
    unsure = MILK | {"elasticity": [0.2, 2.0, 4.0]}
    assert outcome(unsure, 30)["gain_minor"] > 0 > outcome(unsure, 30)["gain_low_minor"]
    assert plan_clearance(unsure)["percent"] == 0


def test_what_would_sell_at_the_full_price_anyway_is_left_alone():
    """A year's cover that keeps: 365 units at one a day sell at 1,000 less holding, later."""
    line = MILK | {"units": 365, "days": 28, "demand_units": [28] * 3, "dead_after_days": 365}
    assert plan_clearance(line)["percent"] == 0


def test_dead_stock_is_cleared():
    """1,000 units at one a day: most would be dead after a year."""
    line = MILK | {"units": 1000, "days": 28, "demand_units": [28] * 3, "dead_after_days": 365}
    assert plan_clearance(line)["percent"] > 0


def test_kept_units_sell_at_the_full_price_less_holding():
    """100 units at 2 a day wait 25 days on average: 500 · 0.2 · 25/365 = 6.849 each."""
    terms = MILK | {"dead_after_days": 365}
    assert value_kept(100, terms, 2) == pytest.approx(100 * (1000 - 6.849), abs=0.1)
    assert value_kept(100, terms | {"dead_after_days": 10, "salvage_rate": 0.1}, 2) == (
        pytest.approx(20 * (1000 - 500 * 0.2 * 5 / 365) + 80 * 50)
    )
    assert value_kept(100, terms, 0) == 0


def test_nine_cases_give_mean_low_and_high():
    """Demand 20, 50, 80 and no reduction: 0.3 · 20 + 0.4 · 50 + 0.3 · 80 = 50."""
    found = outcome(MILK | {"demand_units": [20, 50, 80]}, 0)
    assert (found["units"], found["units_low"], found["units_high"]) == (50, 20, 80)


def test_first_expired_first_out():
    """30 expire after 20 wanted: 10 lost. 30 more after 45 wanted in all: 25 sold, 5 lost."""
    assert units_at_risk([(30, 20.0), (30, 45.0)]) == [10, 5]
    assert units_at_risk([(30, 90.0), (30, 90.0)]) == [0, 0]


def test_excess_is_what_demand_does_not_need():
    assert excess_units(120, 99.5) == 20
    assert excess_units(50, 99.5) == 0
    assert reduced_price(999, 15) == 849


positive = st.floats(0.1, 500)


@given(
    st.integers(1, 1000), positive, st.floats(0, 5), st.floats(0, 1), st.integers(1, 5000),
    st.integers(0, 5000),
)  # fmt: skip
def test_never_below_the_floor_never_more_than_there_is_never_worse_than_nothing(
    units, demand, elasticity, promotion, price, cost
):
    line = MILK | {
        "units": units,
        "demand_units": [demand / 2, demand, demand * 2],
        "elasticity": [elasticity / 2, elasticity, elasticity * 2],
        "promotion_log": [0.0, promotion, promotion],
        "price_minor": price,
        "cost_minor": cost,
    }
    plan = plan_clearance(line)
    assert plan["percent"] == 0 or plan["price_minor"] >= plan["floor_minor"]
    assert plan["units_high"] <= units
    assert 0 <= plan["gain_low_minor"] <= plan["gain_high_minor"]
    assert plan["gain_minor"] >= 0
