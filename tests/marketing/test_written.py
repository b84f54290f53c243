"""Figures on pages are rounded, not cut off."""

import pytest
from django.utils.translation import override

from marketing.written import figure, percent


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [(73.9, 0, "74"), (2.96, 1, "3.0"), (-0.3, 0, "0"), (7, 0, "7"), (0.999, 2, "1.00")],
)
def test_a_figure_is_rounded(value, digits, said):
    with override("en"):
        assert figure(value, digits) == said


def test_a_share_is_rounded_and_an_unknown_one_is_a_dash():
    assert (percent(0.739), percent(None)) == ("74 %", "–")
