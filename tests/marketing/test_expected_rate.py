"""What measured campaigns say about the next one. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing.ml.expected_rate import PRIOR_SD_RATE, Measured, expected_rate, pool

# Rubin's eight schools. Source: Gelman et al., Bayesian Data Analysis, 3rd ed., table 5.2.
SCHOOLS = [
    Measured(rate, error)
    for rate, error in zip(
        [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18], strict=True
    )
]


def test_eight_schools():
    """Q is below its degrees of freedom, so τ = 0: the pooled mean is 7.7 with error 4.1."""
    found = pool(SCHOOLS)
    assert found.between_sd == 0
    assert found.mean == pytest.approx(7.7, abs=0.05)
    assert found.error == pytest.approx(4.1, abs=0.05)


def test_campaigns_that_differ_more_than_their_errors_widen_the_next_interval():
    """Rates 0 and 1, errors 0.1: Q = 50, τ² = 49 / 100 = 0.49."""
    found = pool([Measured(0.0, 0.1), Measured(1.0, 0.1)])
    assert found.between_sd == pytest.approx(0.7)
    assert found.mean == pytest.approx(0.5)


def test_nothing_measured_is_no_effect_give_or_take_the_whole_demand():
    found = expected_rate([], [])
    assert (found.mean, found.low, found.campaigns) == (0.0, 0.0, 0)
    assert found.high == pytest.approx(1.2816 * 2**0.5 * PRIOR_SD_RATE, abs=1e-3)


def test_one_campaign_is_drawn_to_none():
    """Prior N(0, 1), measured 0.5 ± 0.5, campaigns differ by 1 (unknown): weight 1 / (1 + 1.25)."""
    found = expected_rate([Measured(0.5, 0.5)], [])
    assert found.mean == pytest.approx(0.5 / 2.25)


def test_similar_campaigns_outweigh_others_as_they_grow_in_number():
    others = [Measured(0.1, 0.05)] * 3
    few = expected_rate([Measured(0.6, 0.2)] * 2, others).mean
    many = expected_rate([Measured(0.6, 0.2)] * 20, others).mean
    assert 0.1 < few < many < 0.6


@given(
    st.lists(st.builds(Measured, st.floats(-2, 5), st.floats(0.01, 3)), max_size=6),
    st.lists(st.builds(Measured, st.floats(-2, 5), st.floats(0.01, 3)), max_size=6),
)
def test_low_mean_high_are_in_order_and_never_below_zero(similar, others):
    found = expected_rate(similar, others)
    assert 0 <= found.low <= found.mean <= found.high
