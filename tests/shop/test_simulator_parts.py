"""The parts of the simulated shop, each against theory or a hand-worked example."""

from dataclasses import replace
from datetime import date

import holidays
import numpy as np
import pytest

from shop.simulator.customers import purchase_times
from shop.simulator.phrases.goods import SHELVES
from shop.simulator.phrases.questions import BODIES, INTENTS, SUBJECTS
from shop.simulator.pictures import SHAPES, draw_product
from shop.simulator.seasons import (
    LUNAR_NEW_YEAR,
    black_friday,
    black_friday_pull,
    category_season,
    days_of,
    festival_pull,
    visit_season,
    weekday,
)
from shop.simulator.suppliers import lead_times, make_suppliers, round_to_packs
from shop.simulator.trading import merge_lines, sample_rows, serve, truncated_poisson
from shop.simulator.world import WORLDS, WorldError, make_world

SIZES = {"products": 40, "customers": 50, "days": 400, "seed": 3, "until": date(2026, 6, 30)}


def test_lunar_new_year_agrees_with_the_holidays_library():
    for new_year in LUNAR_NEW_YEAR:
        assert "Chinese New Year" in holidays.country_holidays("SG", years=new_year.year)[new_year]


def test_black_friday_is_the_day_after_the_fourth_thursday():
    assert [black_friday(year) for year in (2024, 2025, 2026)] == [
        date(2024, 11, 29),
        date(2025, 11, 28),
        date(2026, 11, 27),
    ]


def test_festival_pull_rises_and_is_gone_on_the_day():
    days = np.arange("2026-01-20", "2026-02-20", dtype="datetime64[D]")
    pull = festival_pull(days)
    assert pull.max() == 1
    assert pull[days >= np.datetime64("2026-02-17")].sum() == 0
    assert pull[days == np.datetime64("2026-02-08")] > pull[days == np.datetime64("2026-01-25")]


def test_black_friday_pull_covers_the_long_weekend():
    days = np.arange("2025-11-20", "2025-12-05", dtype="datetime64[D]")
    assert black_friday_pull(days).tolist() == [0] * 4 + [0.4] * 4 + [1] * 4 + [0] * 3


def test_weekday_counts_from_monday():
    assert weekday(np.array(["2026-11-22", "2026-11-23"], dtype="datetime64[D]")).tolist() == [6, 0]


def test_season_multiplies_visits_by_one_on_average():
    world = make_world("teahouse", **SIZES)
    assert np.exp(visit_season(world)).mean() == pytest.approx(1)
    assert len(days_of(world)) == 400
    assert not visit_season(make_world("calm", **SIZES)).any()
    assert category_season(world, SHELVES).shape == (len(SHELVES), 400)


def test_repeat_purchases_match_bg_nbd_expectation():
    """E[X(t) | rate, p] = (1 - exp(-rate p t)) / p. Source: Fader, Hardie & Lee (2005), eq. 7."""
    count, rate, dropout, end = 40_000, 0.05, 0.2, 200.0
    buyer, at, left = purchase_times(
        np.random.default_rng(1),
        np.full(count, rate),
        np.full(count, dropout),
        np.zeros(count),
        end,
    )
    repeats = len(buyer) / count - 1
    assert repeats == pytest.approx((1 - np.exp(-rate * dropout * end)) / dropout, rel=0.02)
    assert at.max() < end
    assert left.mean() == pytest.approx(1 - np.exp(-rate * dropout * end), rel=0.02)


def test_truncated_poisson_has_its_mean_and_no_zero():
    drawn = truncated_poisson(np.random.default_rng(1), np.full(50_000, 1.3))
    assert drawn.min() == 1
    assert drawn.mean() == pytest.approx(1.3 / (1 - np.exp(-1.3)), rel=0.01)


def test_rows_are_sampled_by_their_weights():
    weights = np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 2.0]])
    column, row = sample_rows(np.random.default_rng(1), weights, np.array([40_000, 10]))
    first = column[row == 0]
    assert np.bincount(first, minlength=3)[1] / len(first) == pytest.approx(0.75, abs=0.01)
    assert set(column[row == 1]) == {2}
    assert 2 not in first


def test_first_come_first_served_and_the_last_gets_the_rest():
    sku = np.array([0, 0, 0, 2, 2])
    units = np.array([2, 2, 2, 1, 5])
    available = np.array([5, 9, 1])
    assert serve(sku, units, available).tolist() == [2, 2, 1, 1, 0]
    assert serve(sku[:0], units[:0], available).tolist() == []


def test_two_lines_of_one_sku_are_one_line():
    merged = merge_lines(np.array([4, 4, 7]), np.array([1, 1, 1]), np.array([1, 2, 1]), 10)
    assert [part.tolist() for part in merged] == [[4, 7], [1, 1], [3, 1]]


def test_orders_are_rounded_up_to_minimum_and_packs():
    moq, pack = np.array([12, 6, 6]), np.array([1, 6, 4])
    assert round_to_packs(np.array([3.2, 6.5, 6.0]), moq, pack).tolist() == [12, 12, 8]


def test_lead_times_have_the_true_mean_outside_the_holiday():
    suppliers = make_suppliers(make_world("teahouse", **SIZES))
    who = np.repeat(0, 20_000)
    drawn = lead_times(np.random.default_rng(1), suppliers, who, np.datetime64("2025-05-01"))
    assert drawn.mean() == pytest.approx(suppliers.true_mean_days[0], rel=0.02)


def test_chinese_orders_wait_for_the_end_of_the_new_year_rest():
    suppliers = make_suppliers(make_world("teahouse", **SIZES))
    assert suppliers.country[0] == "CN"
    quick = replace(suppliers, true_mean_days=suppliers.true_mean_days * 0 + 10)
    who = np.repeat(0, 2_000)
    before = lead_times(np.random.default_rng(1), quick, who, np.datetime64("2026-02-12"))
    outside = lead_times(np.random.default_rng(1), quick, who, np.datetime64("2025-05-01"))
    assert before.mean() > outside.mean() + 10


def test_every_shape_draws_and_the_same_number_draws_the_same():
    for shape in SHAPES:
        picture = draw_product(shape, SHELVES[0].palette, 5)
        assert picture == draw_product(shape, SHELVES[0].palette, 5)
        assert picture.startswith("<svg")
        assert "{" not in picture
    assert {thing.shape for shelf in SHELVES for thing in shelf.things} <= set(SHAPES)


def test_every_intent_has_words_in_both_languages():
    for intent in INTENTS:
        for bank in (SUBJECTS[intent], BODIES[intent]):
            assert len(bank["en"]) >= 1
            assert len(bank["zh"]) >= 1


def test_impossible_worlds_are_refused_in_words():
    with pytest.raises(WorldError, match="There is no world 'mars'"):
        make_world("mars", **SIZES)
    with pytest.raises(WorldError, match="days must be at least 60, not 7"):
        make_world("calm", **SIZES | {"days": 7})
    assert {"teahouse", "calm", "stormy"} <= set(WORLDS)
