import numpy as np
import pytest

from language.ml.metrics import (
    coverage_at_precision,
    expected_calibration_error,
    intent_metrics,
    polarity_metrics,
    rating_metrics,
)


def test_calibration_error_by_hand():
    # Bin of 0.9: accuracy 0.5, gap 0.4; bin of 0.6: accuracy 1, gap 0.4; both half of the rows.
    confidence = np.array([0.9, 0.9, 0.6, 0.6])
    right = np.array([True, False, True, True])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.4)


def test_coverage_stops_where_precision_falls():
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    assert coverage_at_precision(confidence, np.array([True, True, False, True])) == 0.5
    assert coverage_at_precision(confidence, np.array([False, True, True, True])) == 0.0


def test_rows_of_equal_confidence_are_not_picked_apart():
    confidence = np.array([0.9, 0.9, 0.9])
    assert coverage_at_precision(confidence, np.array([True, True, False])) == 0.0


def test_out_of_scope_is_counted_apart():
    truth = np.array(["a", "b", "oos", "oos"])
    metrics = intent_metrics(truth, np.array(["a", "a", "oos", "a"]), np.full(4, 0.5))
    assert (metrics["accuracy"], metrics["in_scope_accuracy"], metrics["oos_recall"]) == (
        0.5,
        0.5,
        0.5,
    )


def test_undefined_stays_undefined():
    metrics = intent_metrics(np.array(["a"]), np.array(["a"]), np.ones(1))
    assert metrics["oos_recall"] is None
    assert polarity_metrics(np.ones(3, int), np.array([0.1, 0.2, 0.3]), 0.0)["auc"] is None
    assert rating_metrics(np.array([0.1, 0.5]), np.zeros(2))["pearson_r"] is None
