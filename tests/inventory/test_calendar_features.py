"""Holidays of the shop's countries, lunar ones too."""

from datetime import date

import numpy as np

from inventory.ml.calendar import NAMES, calendar_features, holidays_between

MARCH = np.arange("2026-02-14", "2026-02-20", dtype="datetime64[D]")


def column(name, countries):
    return calendar_features(MARCH, "D", countries)[:, NAMES.index(name)].tolist()


def test_spring_festival_is_a_holiday_in_china():
    assert date(2026, 2, 17) in holidays_between(date(2026, 2, 1), date(2026, 2, 28), ("CN",))
    assert column("holiday", ("CN",))[3] == 1


def test_a_make_up_saturday_is_a_working_day():
    assert column("day_off", ("CN",))[0] == 0  # Saturday 2026-02-14


def test_a_year_that_is_not_published_yet_is_unknown():
    day = np.array(["2040-01-01"], dtype="datetime64[D]")
    assert np.isnan(calendar_features(day, "D", ("CN",))[0, NAMES.index("day_off")])


def test_without_a_country_there_are_no_holidays():
    assert set(column("holiday", ())) == {0}
    assert set(column("days_to", ())) == {30}


def test_unknown_country_codes_give_none():
    assert holidays_between(date(2026, 1, 1), date(2026, 12, 31), ("XX",)) == ()


def test_weekdays_begin_on_monday():
    assert column("weekday", ())[0] == 5
