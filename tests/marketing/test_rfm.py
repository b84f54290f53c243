"""Hand-worked metrics, fifths with ties, borders from the shop's own gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketing.ml import lifecycle, rfm

DAY = rfm.SECONDS_PER_DAY


def found(refunds=((), ())):
    ids, minors = refunds
    return rfm.metrics(
        np.array([7, 3, 7, 7]),
        np.array([10.0, 12.5, 14.0, 14.2]) * DAY,
        np.array([1000, 500, 250, 50]),
        refunds=(np.array(ids, dtype=np.int64), np.array(minors, dtype=np.int64)),
        as_of=20.0 * DAY,
    )


def test_metrics_by_hand():
    metrics = found(refunds=((7, 99), (300, 1)))
    assert metrics.customer_ids.tolist() == [3, 7]
    assert metrics.recency_days.tolist() == [7, 5]
    assert metrics.frequency.tolist() == [1, 3]
    assert metrics.monetary_minor.tolist() == [500, 1000]
    assert metrics.tenure_days.tolist() == [7, 10]


def test_an_order_from_the_future_is_refused():
    with pytest.raises(ValueError, match="as_of"):
        rfm.metrics(
            np.array([1]),
            np.array([20.0 * DAY]),
            np.array([1]),
            refunds=(np.array([], dtype=np.int64), np.array([], dtype=np.int64)),
            as_of=20.0 * DAY,
        )


def test_fifths_of_distinct_values_are_equal_fifths():
    assert rfm.fifths(np.arange(50)).tolist() == [1 + n // 10 for n in range(50)]


def test_ties_share_a_score():
    values = np.array([1] * 60 + [2] * 30 + [3] * 10)
    scores = rfm.fifths(values)
    assert [set(scores[values == v].tolist()) for v in (1, 2, 3)] == [{1}, {4}, {5}]


def test_a_handful_of_customers_is_refused_with_what_is_missing():
    with pytest.raises(rfm.ShortHistoryError, match="5 more customers"):
        rfm.fifths(np.arange(20))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=25, max_size=80))
def test_a_better_value_never_scores_lower(values):
    scores = rfm.fifths(np.array(values))
    by_value = sorted(zip(values, scores.tolist(), strict=True))
    assert [score for _value, score in by_value] == sorted(scores.tolist())
    assert 1 <= min(scores) <= max(scores) <= 5


def test_gaps_count_days_between_visits_of_one_customer():
    gaps = lifecycle.repurchase_gaps(
        np.array([1, 2, 1, 1, 2]), np.array([1.1, 5.0, 1.9, 11.0, 9.5]) * DAY
    )
    assert sorted(gaps.tolist()) == [4, 10]


def test_borders_are_quantiles_and_need_enough_gaps():
    limits = lifecycle.borders(np.arange(1, 102))
    assert (limits.typical_gap_days, limits.at_risk_after_days) == (51, 81)
    assert limits.lapsed_after_days == 96
    with pytest.raises(rfm.ShortHistoryError, match="40 more repeat orders"):
        lifecycle.borders(np.arange(10))


def test_stages_by_hand():
    limits = lifecycle.Borders(20, 40, 90, 100)
    stages = lifecycle.stages(
        np.array([5, 41, 5, 5, 60, 91, 40]),
        np.array([1, 1, 2, 9, 3, 3, 2]),
        scores=(np.array([1, 1, 3, 5, 4, 4, 4]), np.array([1, 1, 5, 4, 4, 4, 3])),
        limits=limits,
    )
    assert stages.tolist() == ["new", "one_time", "active", "loyal", "at_risk", "lapsed", "active"]
