"""The eight questions decided from counts. Pure."""

from dataclasses import replace

import pytest

from inventory.ml.forecast_check import CHECKS, CheckFacts, verdicts

FINE = CheckFacts(
    days=120,
    stockout_days=3,
    units=600.0,
    largest_order_units=9,
    price_change=0.0,
    reduced_days=0,
    planned_days=0,
    unplanned_sources=0,
    history_days=800,
    forecast_units=140.0,
    year_ago_units=130.0,
    holidays=0,
    returned_units=12,
    age_days=0,
    is_live=True,
    inside=23,
    compared=28,
)


def test_a_plain_sku_passes_all_eight():
    assert verdicts(FINE) == dict.fromkeys(CHECKS, "ok")


@pytest.mark.parametrize(
    ("changed", "check", "state"),
    [
        ({"stockout_days": 12}, "stockouts", "look"),
        ({"largest_order_units": 120}, "bulk_order", "look"),
        ({"largest_order_units": 4, "units": 8.0}, "bulk_order", "ok"),  # slow, not bulk
        ({"units": 0.0}, "bulk_order", "unknown"),
        ({"price_change": -0.1}, "price", "look"),
        ({"price_change": None}, "price", "unknown"),
        ({"reduced_days": 5}, "promotion", "look"),  # learned from, not planned ahead
        ({"planned_days": 5}, "promotion", "look"),
        ({"reduced_days": 5, "planned_days": 5}, "promotion", "ok"),
        ({"unplanned_sources": 1}, "promotion", "look"),
        ({"history_days": 364}, "short_history", "look"),
        ({"holidays": 1}, "season", "look"),
        ({"forecast_units": 260.0}, "season", "look"),
        ({"year_ago_units": None}, "season", "unknown"),
        ({"returned_units": 90}, "returns", "look"),
        ({"units": 0.0}, "returns", "unknown"),
        ({"is_live": False}, "model", "look"),
        ({"age_days": 3}, "model", "look"),
        ({"inside": 16}, "model", "look"),
        ({"inside": 2, "compared": 10}, "model", "unknown"),
    ],
)
def test_each_question_is_decided_by_its_own_counts(changed, check, state):
    found = verdicts(replace(FINE, **changed))
    assert found[check] == state
    assert all(found[other] == "ok" for other in CHECKS if other != check) or "units" in changed
