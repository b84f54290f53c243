"""What a coupon takes off which line: the rules of docs/coupons.md, and what holds for every cart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.services.coupons.worth import Line, Off, Terms, least_of_line, taken_off


@pytest.mark.parametrize(
    ("units", "cost", "rate", "tax", "included", "least"),
    [
        (1, 400, 0.0, 0, True, 400),
        (1, 400, 0.2, 0, True, 500),  # 500 − 400 is a fifth of 500
        (1, 400, 0.2, 2000, True, 600),  # and its tax
        (1, 400, 0.2, 2000, False, 500),
        (3, 333, 0.25, 0, True, 1332),
        (1, 100, 0.0, 2050, True, 121),  # 120.5, rounded up
    ],
)
def test_what_must_be_left_of_a_line(units, cost, rate, tax, included, least):
    found = least_of_line(units, cost, floor_rate=rate, tax_basis_points=tax, tax_included=included)
    assert found == least


def test_a_percentage_is_of_each_line_that_is_meant_and_rounded_down():
    lines = [Line(1000, True, 400), Line(999, True, 0), Line(500, False, 0)]
    assert taken_off(Terms(20, 5000), lines) == [Off(200, False), Off(199, False), Off(0, False)]


def test_a_percentage_stops_at_the_most_of_a_coupon():
    lines = [Line(1000, True, 0), Line(3000, True, 0)]
    assert [one.minor for one in taken_off(Terms(50, 1000), lines)] == [250, 750]


def test_a_line_is_never_below_what_must_be_left_and_says_so():
    lines = [Line(1000, True, 950), Line(1000, True, 400)]
    assert taken_off(Terms(20, 5000), lines) == [Off(50, True), Off(200, False)]


def test_without_a_cost_nothing_is_taken_off():
    assert taken_off(Terms(20, 5000), [Line(1000, True, None)]) == [Off(0, True)]


def test_a_fixed_amount_goes_where_there_is_room():
    lines = [Line(1000, True, 900), Line(1000, True, 0)]
    assert taken_off(Terms(None, 600), lines) == [Off(100, True), Off(500, False)]
    assert [one.minor for one in taken_off(Terms(None, 5000), lines)] == [100, 1000]


LINES = st.lists(
    st.builds(
        Line,
        st.integers(0, 10**6),
        st.booleans(),
        st.one_of(st.none(), st.integers(0, 10**6)),
    ),
    min_size=1,
    max_size=8,
)
TERMS = st.builds(Terms, st.one_of(st.none(), st.integers(1, 90)), st.integers(1, 10**6))


@given(TERMS, LINES)
def test_whatever_the_cart_the_floor_and_the_terms_hold(terms, lines):
    off = taken_off(terms, lines)
    assert len(off) == len(lines)
    for line, one in zip(lines, off, strict=True):
        assert 0 <= one.minor <= line.total_minor
        if not line.is_meant or line.least_minor is None:
            assert one.minor == 0
        elif one.minor:
            assert line.total_minor - one.minor >= line.least_minor
    assert sum(one.minor for one in off) <= terms.most_minor


@given(LINES, st.integers(1, 10**6))
def test_a_fixed_amount_is_given_whole_where_there_is_room_for_it(lines, amount):
    meant = sum(line.total_minor for line in lines if line.is_meant)
    room = sum(line.room_minor for line in lines)
    off = sum(one.minor for one in taken_off(Terms(None, amount), lines))
    assert off == min(amount, meant, room)
