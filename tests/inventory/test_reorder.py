"""Reorder points, lots and money: textbook figures, brute force, and what must always hold."""

import numpy as np
import pytest

from inventory.ml import reorder
from inventory.ml.lead_time import GRID, LeadTimeSimulator, extend_days, longest_days
from inventory.ml.metrics import LEVELS

TERMS = {"review_period_days": 7, "holding_rate": 0.2, "order_cost_minor": 0}


def normal_forecast(mean, sd, days=28):
    from scipy.stats import norm

    quantiles = np.maximum(norm.ppf(LEVELS, mean, sd), 0)
    return np.full(days, float(mean)), np.tile(quantiles, (days, 1))


def poisson_forecast(mean, days=28):
    from scipy.stats import poisson

    return np.full(days, float(mean)), np.tile(poisson.ppf(LEVELS, mean), (days, 1))


def protection(forecast, lead=14, review=7, sd=0.0, level=0.95, correlation=0.0):
    days = longest_days(lead, review, sd) + review
    simulator = LeadTimeSimulator(days, correlation=correlation, seed=1, draws=4000)
    return simulator.protection(
        forecast,
        lead_time_days=lead,
        review_period_days=review,
        lead_time_sd_days=sd,
        cycle_service_level=level,
    )


def line(found=None, **fields):
    found = found or protection(normal_forecast(10, 3))
    return {
        "sku": "TEA-1",
        "lead_units": found.lead_units.tolist(),
        "cycle_units": found.cycle_units.tolist(),
        "cover_units": found.cover_units.tolist(),
        "review_mean_units": found.review_mean_units,
        "on_hand": 0,
        "on_order": 0,
        "allocated": 0,
        "moq": 1,
        "pack_size": 1,
        "unit_margin_minor": 500,
        "unit_cost_minor": 400,
    } | fields


def test_safety_stock_of_the_textbook():
    # 1.6449 · sqrt(9 · 4² + 20² · 1.5²) = 1.6449 · sqrt(144 + 900) = 53.15
    found = reorder.normal_safety_stock(
        4, 20, lead_time_days=9, lead_time_sd_days=1.5, cycle_service_level=0.95
    )
    assert found == pytest.approx(53.15, abs=0.01)


@pytest.mark.parametrize("lead_sd", [0.0, 2.0])
def test_simulated_cover_agrees_with_the_normal_formula(lead_sd):
    found = protection(normal_forecast(20, 4), lead=16, review=1, sd=lead_sd)
    formula = reorder.normal_safety_stock(
        4, 20, lead_time_days=17, lead_time_sd_days=lead_sd, cycle_service_level=0.95
    )
    assert found.cover_units[-1] == pytest.approx(20 * 17 + formula, rel=0.02)


def test_simulated_demand_has_the_mean_of_the_forecast():
    for forecast in (normal_forecast(10, 3), poisson_forecast(0.3), poisson_forecast(0.05)):
        found = protection(forecast, lead=14, review=7)
        assert found.cycle_units.mean() == pytest.approx(21 * forecast[0][0], rel=0.08)


def test_correlated_days_need_more_stock():
    loose = protection(normal_forecast(10, 3), correlation=0.0)
    tied = protection(normal_forecast(10, 3), correlation=0.5)
    assert tied.cover_units[-1] > loose.cover_units[-1]


def test_a_longer_lead_time_never_lowers_the_reorder_point():
    points = [
        reorder.plan_line(line(protection(normal_forecast(5, 2), lead=days)), TERMS)[
            "reorder_point"
        ]
        for days in (1, 5, 10, 20, 40)
    ]
    assert points == sorted(points)


def test_a_less_sure_lead_time_or_a_higher_service_level_never_lowers_the_cover():
    forecast = normal_forecast(5, 2)
    by_sd = [protection(forecast, sd=sd).cover_units[-1] for sd in (0, 1, 2, 4)]
    by_level = [protection(forecast, level=level).cover_units[-1] for level in (0.5, 0.9, 0.99)]
    assert by_sd == sorted(by_sd)
    assert by_level == sorted(by_level)


def test_past_the_horizon_the_last_week_goes_on():
    days = np.arange(10.0)
    assert extend_days(days, 13).tolist() == [*range(10), 3, 4, 5]
    assert extend_days(days, 4).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("units", "moq", "pack_size", "expected"),
    [
        (0, 10, 6, 0),
        (-3, 10, 6, 0),
        (1, 1, 1, 1),
        (5, 10, 6, 12),
        (13, 10, 6, 18),
        (12.2, 1, 1, 13),
    ],
)
def test_lots(units, moq, pack_size, expected):
    assert reorder.round_to_lot(units, moq=moq, pack_size=pack_size) == expected


def test_nothing_is_ordered_above_the_reorder_point():
    found = reorder.plan_line(line(on_hand=1000), TERMS)
    assert found["units"] == 0
    assert found["order_by_days"] == 7


def test_the_worked_example_of_the_docs():
    """Ten a day give or take three, 14 days lead time, weekly review, 150 on hand, packs of 24."""
    found = reorder.plan_line(line(on_hand=120, on_order=60, allocated=30, pack_size=24), TERMS)
    assert found["inventory_position"] == 150
    assert found["reorder_point"] == 232
    assert found["order_up_to_level"] == 302
    assert found["units"] == 168  # 152 missing, seven packs
    assert found["safety_stock"] == 22
    assert found["order_by_days"] == -1  # 14 days need 159 with 95 %: late
    assert found["bound_by"] == ["pack_size"]


def test_what_is_on_order_counts():
    without = reorder.plan_line(line(on_hand=100), TERMS)["units"]
    assert reorder.plan_line(line(on_hand=100, on_order=50), TERMS)["units"] == without - 50


def test_money_against_brute_force():
    found = protection(normal_forecast(10, 3))
    given = line(found, on_hand=150)
    result = reorder.plan_line(given, TERMS)
    earned = []
    for lead, cycle in zip(found.lead_units, found.cycle_units, strict=True):
        saved = min(max(max(cycle - 150, 0) - max(lead - 150, 0), 0), result["units"])
        earned.append(saved * 500 - (result["units"] - saved) * 400 * 0.2 * 7 / 365)
    assert result["expected_minor"] == round(sum(earned) / len(GRID))
    assert result["expected_low_minor"] <= result["expected_minor"] <= result["expected_high_minor"]


def test_unknown_cost_gives_no_money_figure():
    found = reorder.plan_line(line(unit_cost_minor=None), TERMS)
    assert found["units"] > 0
    assert found["expected_minor"] is None


def test_an_order_lists_most_money_first_and_takes_its_cost_off():
    inputs = {
        "terms": TERMS | {"order_cost_minor": 300},
        "lines": [
            line(sku="A", unit_margin_minor=100),
            line(sku="B", unit_margin_minor=900),
            line(sku="C", on_hand=1000),
        ],
    }
    found = reorder.plan_order(inputs)
    assert [one["sku"] for one in found["lines"]] == ["B", "A"]
    assert found["expected_minor"] == sum(one["expected_minor"] for one in found["lines"]) - 300
    assert reorder.plan_order(inputs) == found


def test_an_order_with_an_unknown_margin_has_no_total():
    inputs = {"terms": TERMS, "lines": [line(sku="A"), line(sku="B", unit_margin_minor=None)]}
    found = reorder.plan_order(inputs)
    assert found["expected_minor"] is None
    assert found["lines_without_money"] == 1
