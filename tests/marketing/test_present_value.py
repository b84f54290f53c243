"""Discounting: by hand, and what must hold whatever the rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing.ml.present_value import present_value


def test_by_hand():
    """100 of the first half year come after a quarter, 110 of the second after three quarters."""
    found = present_value([100, 210], [182, 365], 0.21)
    assert found == pytest.approx(100 / 1.21 ** (91 / 365) + 110 / 1.21 ** (273.5 / 365))


@given(
    st.lists(st.floats(0, 1e6), min_size=3, max_size=3).map(sorted),
    st.floats(0, 1),
)
def test_never_more_than_the_sum_and_without_a_rate_exactly_it(amounts, rate):
    horizons = [30, 90, 365]
    assert present_value(amounts, horizons, 0) == pytest.approx(amounts[-1])
    found = present_value(amounts, horizons, rate)
    assert amounts[-1] / (1 + rate) <= found + 1e-6
    assert found <= amounts[-1] + 1e-6
