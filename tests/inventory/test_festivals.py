"""Festivals that move in the solar year: found by their dates, learned where they repeat, else left out."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from inventory.ml.backtest import forecast_with
from inventory.ml.calendar import moving_festivals
from inventory.ml.festivals import BEFORE, WINDOW, learn_effects, placed
from inventory.ml.panel import Panel
from inventory.ml.yearly import YEAR, find_year

FIRST = np.datetime64("2023-06-01")
LUNAR = [np.datetime64(day) for day in ("2024-02-10", "2025-01-29", "2026-02-17")]
NUMBERS = tuple(int((day - FIRST).astype(int)) for day in LUNAR)
BUYING, QUIET = 0.9, -0.8  # of the log: the fortnight before, the week of the festival


def world(seed=1, festival=True, fixed=0.0, skus=40, days=1080):
    """A winter season for all; lunar new year (or a fixed fortnight in February) for group 1 only."""
    random = np.random.default_rng(seed)
    at = FIRST + np.arange(days)
    in_year = (at - at.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
    log = np.tile(0.3 * np.cos(2 * np.pi * in_year / 365.25), (2, 1))
    for day in NUMBERS if festival else ():
        log[1, day - 14 : day] += BUYING
        log[1, day : day + 7] += QUIET
    log[1] += fixed * ((in_year >= 33) & (in_year < 47))
    groups = np.arange(skus) % 2
    mean = random.uniform(0.5, 4, (skus, 1)) * np.exp(log[groups])
    units = random.poisson(mean).astype(float)
    panel = Panel([f"S{n}" for n in range(skus)], at, units, groups=groups, countries=("CN",))
    return panel, mean


def error(panel, mean, cut):
    """Of the moving average over the 28 days from `cut`, for the SKUs of group 1, per unit."""
    found = forecast_with("moving_average", None, panel.until(cut), 28).mean
    own = panel.groups == 1
    truth = mean[own, cut : cut + 28]
    return np.abs(found[own] - truth).sum() / truth.sum()


def test_which_festivals_move_is_read_from_their_dates():
    names = {
        code: [name.split(": ")[1] for name, _days in moving_festivals(*SPAN, (code,))]
        for code in ("CN", "GB", "DE", "TR", "US", "XX")
    }
    assert names["CN"] == ["Chinese New Year", "Dragon Boat Festival", "Mid-Autumn Festival"]
    assert names["GB"] == ["Good Friday"]  # and no first Monday of May
    assert names["DE"] == ["Good Friday", "Ascension Day"]  # Easter Monday goes with the first
    assert names["TR"] == ["Eid al-Fitr", "Eid al-Adha"]
    assert names["US"] == names["XX"] == []
    spring = dict(moving_festivals(*SPAN, ("CN",)))["CN: Chinese New Year"]
    assert spring == (date(2025, 1, 29), date(2026, 2, 17))


SPAN = (date(2025, 1, 1), date(2026, 12, 31))


def test_a_course_stands_around_its_day_and_is_cut_at_the_ends():
    effect = np.arange(WINDOW, dtype=float)
    assert placed(effect, (BEFORE,), 0, WINDOW).tolist() == effect.tolist()
    assert placed(effect, (0,), 0, 5).tolist() == effect[BEFORE : BEFORE + 5].tolist()
    assert placed(effect, (-100, 500), 0, 5).tolist() == [0] * 5


def test_the_planted_festival_is_found_where_it_is_and_nowhere_else():
    panel, _mean = world()
    cut = NUMBERS[2] - 21
    year = find_year(panel.until(cut))
    assert [one.name for one in year.festivals] == ["CN: Chinese New Year"]
    mine = panel.groups == 1
    _season, moved = year.parts(cut, cut + 28)
    before, during = slice(10, 18), slice(24, 26)
    assert np.log(moved[mine][:, before]).mean() > 0.55 * BUYING
    assert np.log(moved[mine][:, during]).mean() < 0.4 * QUIET
    assert np.abs(np.log(moved[~mine])).max() < 0.25


def test_the_third_new_year_is_forecast_better_than_by_the_solar_year():
    gains = []
    for seed in (1, 2, 3):
        panel, mean = world(seed)
        cut = NUMBERS[2] - 21
        with_it = error(panel, mean, cut)
        without = error(replace(panel, countries=()), mean, cut)
        gains.append(with_it / without)
    assert max(gains) < 0.8


@pytest.mark.parametrize("fixed", [0.0, 0.9], ids=["nothing", "a fixed fortnight"])
def test_without_a_festival_nothing_changes(fixed):
    for seed in (1, 2, 3):
        panel, mean = world(seed, festival=False, fixed=fixed)
        cut = NUMBERS[2] - 21
        plain = replace(panel, countries=())
        assert find_year(panel.until(cut)).festivals == []
        assert error(panel, mean, cut) == error(plain, mean, cut)


def test_one_occurrence_teaches_nothing():
    panel, _mean = world()
    assert find_year(panel.until(NUMBERS[1] + 10)).festivals == []  # the second is not over
    days = np.zeros(YEAR + 100)
    place = np.arange(len(days)) % YEAR
    assert not learn_effects(days, place, np.full(len(days), 0.01), [(200,)]).any()


def test_nothing_after_the_last_day_is_read():
    panel, _mean = world()
    cut = NUMBERS[2] - 21
    later = replace(panel, units=panel.units.copy())
    later.units[:, cut:] *= 7
    one, two = (
        forecast_with("moving_average", None, p.until(cut), 28).mean for p in (panel, later)
    )
    assert (one == two).all()
