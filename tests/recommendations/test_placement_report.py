"""Figures of a placement: worked examples, brute force, and what is not said."""

import math
from itertools import pairwise

import numpy as np
import pytest

from recommendations.ml.placement_report import (
    Figure,
    Sales,
    Shown,
    Touches,
    change,
    credit,
    report,
)

DAY = 86_400.0


def make_shown(n: int = 400, people: int = 100, seed: int = 1, **fields) -> Shown:
    rng = np.random.default_rng(seed)
    bought = rng.random(n) < 0.1
    revenue = np.where(bought, 1000.0, 0.0)
    return Shown(
        **{
            "person": np.arange(n) % people,
            "product": np.arange(n) % 40,
            "brand": np.arange(n) % 4,
            "clicked": rng.random(n) < 0.2,
            "bought": bought,
            "revenue_minor": revenue,
            "margin_minor": revenue * 0.4,
            "novelty_bits": rng.uniform(3, 9, n),
        }
        | fields
    )


def test_figures_are_what_their_definitions_say():
    shown = make_shown()
    found = report(shown, 50, seed=1)
    assert found.counts["shown"] == 400
    assert found.figures["click_rate"].value == shown.clicked.mean()
    assert found.figures["conversion_rate"].value == shown.bought.mean()
    assert found.figures["revenue_minor"].value == pytest.approx(
        1000 * shown.revenue_minor.sum() / 400
    )
    assert found.figures["margin_minor"].value == pytest.approx(
        0.4 * found.figures["revenue_minor"].value
    )
    # Everybody saw one of the 40 products of 50 that are shown at all: other people would, too.
    assert found.figures["coverage_rate"] == Figure(0.8, 0.8, 0.8)
    assert found.figures["novelty_bits"].value == pytest.approx(shown.novelty_bits.mean())
    assert [brand for brand, _share in found.brands] == [0, 1, 2, 3]
    assert sum(share.value for _brand, share in found.brands) == pytest.approx(1)
    for name, figure in found.figures.items():
        if name != "coverage_rate":
            assert figure.low < figure.value < figure.high, name
    assert not found.missing


def test_rows_of_one_person_are_not_taken_for_many_people():
    """Ten rows each that are all alike are worth one row each, not ten."""
    person = np.repeat(np.arange(100), 10)
    clicked = np.repeat(np.arange(100) < 20, 10)
    alike = report(make_shown(1000, person=person, clicked=clicked), 50, seed=1)
    single = report(make_shown(100, person=np.arange(100), clicked=np.arange(100) < 20), 50, seed=1)
    ours, theirs = alike.figures["click_rate"], single.figures["click_rate"]
    assert ours.value == theirs.value == 0.2
    assert ours.high - ours.low == pytest.approx(theirs.high - theirs.low, rel=0.02)


def test_a_rate_of_independent_rows_is_wilsons():
    """Wilson (1927) for 20 of 100: 0.1334 to 0.2888; the variance's n − 1 makes it 99 rows."""
    shown = make_shown(100, person=np.arange(100), clicked=np.arange(100) < 20)
    found = report(shown, 50, seed=1).figures["click_rate"]
    assert (found.low, found.high) == (
        pytest.approx(0.1334, abs=1e-3),
        pytest.approx(0.2888, abs=1e-3),
    )


def test_no_click_at_all_still_has_an_upper_bound():
    found = report(make_shown(clicked=np.zeros(400, dtype=bool)), 50, seed=1)
    rate = found.figures["click_rate"]
    assert (rate.value, rate.low) == (0.0, 0.0)
    assert rate.high == pytest.approx(1.96**2 / (100 + 1.96**2), rel=0.01)


def test_intervals_hold_in_repeated_samples():
    """Persons differ in how much they click and spend; 95 % intervals cover 93 % or more."""
    inside = {"click_rate": 0, "revenue_minor": 0}
    for seed in range(120):
        rng = np.random.default_rng(seed)
        person = np.repeat(np.arange(150), 6)
        own = rng.beta(2, 8, 150)[person]  # mean 0.2
        clicked = rng.random(900) < own
        revenue = np.where(clicked & (rng.random(900) < 0.5), rng.gamma(2, 500, 900), 0)
        shown = make_shown(
            900, person=person, clicked=clicked, bought=revenue > 0, revenue_minor=revenue
        )
        found = report(shown, 50, seed=seed).figures
        inside["click_rate"] += found["click_rate"].low <= 0.2 <= found["click_rate"].high
        money = found["revenue_minor"]
        inside["revenue_minor"] += money.low <= 1000 * 0.2 * 0.5 * 1000 <= money.high
    assert inside["click_rate"] >= 0.90 * 120
    assert inside["revenue_minor"] >= 0.88 * 120


def test_an_unknown_cost_makes_the_margin_unknown_and_not_smaller():
    shown = make_shown()
    margin = shown.margin_minor.copy()
    margin[np.flatnonzero(shown.bought)[0]] = np.nan
    found = report(make_shown(margin_minor=margin), 50, seed=1)
    assert found.figures["margin_minor"] == Figure(None, None, None)
    assert found.counts["without_cost"] == 1
    assert found.figures["revenue_minor"].value > 0


def test_few_buyers_leave_money_without_an_interval():
    bought = np.arange(400) < 4
    found = report(make_shown(bought=bought, revenue_minor=bought * 1000.0), 50, seed=1)
    assert found.figures["revenue_minor"] == Figure(10_000.0)


def test_too_little_says_what_is_missing_and_no_rate():
    found = report(make_shown(60, people=12), 50, seed=1)
    assert found.missing == [("persons", 12, 30), ("shown", 60, 100)]
    assert set(found.figures) == {"coverage_rate"}
    empty = report(make_shown(0), 0, seed=1)
    assert empty.missing == [("persons", 0, 30), ("shown", 0, 100)]
    assert empty.figures["coverage_rate"].value is None


def test_the_same_seed_gives_the_same_figures():
    assert report(make_shown(), 50, seed=3) == report(make_shown(), 50, seed=3)


def _touches(*rows) -> Touches:
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Touches(
        columns[0], columns[1], columns[2].astype(float) * DAY, columns[3].astype(float) * DAY
    )


def _sales(*rows) -> Sales:
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Sales(columns[0], columns[1], columns[2].astype(float) * DAY)


def test_a_sale_is_due_to_the_last_click_else_to_the_last_showing():
    nan = math.nan
    touches = _touches((1, 7, 0, 0.5), (1, 7, 2, nan), (1, 8, 2, nan), (2, 7, 2, 2))
    found = credit(touches, _sales((1, 7, 3), (1, 8, 3), (3, 7, 3)), 7 * DAY)
    assert found.tolist() == [0, 2, -1]


def test_a_sale_before_or_long_after_is_due_to_nobody():
    touches = _touches((1, 7, 1, 1.5))
    sales = _sales((1, 7, 0.9), (1, 7, 8.6), (1, 7, 8.4), (1, 7, 1.2))
    assert credit(touches, sales, 7 * DAY).tolist() == [-1, -1, 0, 0]


def test_a_longer_window_never_credits_less():
    rng = np.random.default_rng(5)
    touches = Touches(
        rng.integers(0, 5, 80), rng.integers(0, 4, 80), rng.uniform(0, 30, 80) * DAY,
        np.full(80, np.nan),
    )  # fmt: skip
    sales = Sales(rng.integers(0, 5, 60), rng.integers(0, 4, 60), rng.uniform(0, 40, 60) * DAY)
    credited = [(credit(touches, sales, days * DAY) >= 0).sum() for days in (0, 1, 7, 30)]
    assert all(few <= more for few, more in pairwise(credited))


def test_a_change_has_the_interval_of_both():
    found = change(Figure(0.3, 0.26, 0.35), Figure(0.2, 0.17, 0.24))
    assert found.value == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1 - math.hypot(0.04, 0.04))
    assert found.high == pytest.approx(0.1 + math.hypot(0.05, 0.03))
    assert change(Figure(0.3), Figure(0.2, 0.1, 0.3)).low is None
    assert change(Figure(), Figure(0.2, 0.1, 0.3)).value is None


def _seen_by_chance(rng: np.random.Generator, people: int) -> Shown:
    """Six products each, popular ones more often, of 300."""
    share = 1 / np.arange(1, 301) ** 1.1
    product = rng.choice(300, (people, 6), p=share / share.sum()).ravel()
    person = np.repeat(np.arange(people), 6)
    return make_shown(len(person), person=person, product=product)


def test_the_range_shown_has_the_interval_of_other_people():
    """What as many other people would see on average lies in 95 % intervals 90 % of the time."""
    rng = np.random.default_rng(5)
    found = [
        report(_seen_by_chance(rng, 120), 300, seed=1).figures["coverage_rate"] for _ in range(200)
    ]
    truth = np.mean([one.value for one in found])
    assert np.mean([one.low <= truth <= one.high for one in found]) > 0.9
    assert all(0 < one.low < one.value < one.high < 1 for one in found)
    assert np.mean([one.high - one.low for one in found]) < 0.15


def test_of_a_sample_the_range_of_all_is_extrapolated_and_at_least_what_was_seen():
    rng = np.random.default_rng(6)
    everybody = report(_seen_by_chance(rng, 360), 300, seed=1).figures["coverage_rate"]
    seen = _seen_by_chance(rng, 120)
    part = report(seen, 300, seed=1, sample_rate=1 / 3).figures["coverage_rate"]
    assert part.low == len(np.unique(seen.product)) / 300
    assert part.high == 1.0
    assert part.low < part.value < everybody.value + 0.1
    assert part.value == pytest.approx(everybody.value, abs=0.12)
    nobody = report(make_shown(0, person=np.zeros(0, int), product=np.zeros(0, int)), 50, seed=1)
    assert nobody.figures["coverage_rate"].value == 0
