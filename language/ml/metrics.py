"""Scores of text models. Undefined is None, never 0 and never 1."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

OUT_OF_SCOPE = "oos"


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by their rows.

    confidence: (n,), 0 … 1. right: (n,), bool. Source: Guo et al., On Calibration of Modern
    Neural Networks, ICML 2017, equation 3.
    """
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = 0.0
    for index in np.unique(place):
        rows = place == index
        gap += rows.mean() * abs(confidence[rows].mean() - right[rows].mean())
    return float(gap)


def coverage_at_precision(
    confidence: np.ndarray, right: np.ndarray, precision: float = 0.95
) -> float:
    """Largest share of rows that can be answered, surest first, with at least this precision.

    Rows of equal confidence are answered together or not at all. 0.0 where no cut is good enough.
    """
    order = np.argsort(-confidence, kind="stable")
    sure, hits = confidence[order], np.cumsum(right[order])
    counts = np.arange(1, len(sure) + 1)
    cut_here = np.append(sure[:-1] != sure[1:], True)
    good = cut_here & (hits >= precision * counts)
    return float(counts[good].max() / len(sure)) if good.any() else 0.0


def intent_metrics(
    truth: np.ndarray, predicted: np.ndarray, confidence: np.ndarray
) -> dict[str, float | None]:
    """The six figures of the contract.

    truth, predicted: (n,), labels. confidence: (n,), probability of the predicted label.
    macro_f1 averages over the labels of the truth; oos_recall is None without such rows.
    """
    right = truth == predicted
    in_scope = truth != OUT_OF_SCOPE
    labels = np.unique(truth)
    return {
        "accuracy": float(right.mean()),
        "macro_f1": float(
            f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)
        ),
        "expected_calibration_error": expected_calibration_error(confidence, right),
        "coverage_at_95_precision": coverage_at_precision(confidence, right),
        "in_scope_accuracy": float(right[in_scope].mean()) if in_scope.any() else None,
        "oos_recall": float(right[~in_scope].mean()) if not in_scope.all() else None,
    }


def polarity_metrics(truth: np.ndarray, score: np.ndarray, cut: float) -> dict[str, float | None]:
    """truth: (n,), 0 or 1. score: (n,), more is more positive; above `cut` counts as 1.

    f1 is the mean over both classes; auc is None when the truth has one class only.
    """
    predicted = (score > cut).astype(int)
    return {
        "accuracy": float((predicted == truth).mean()),
        "f1": float(f1_score(truth, predicted, labels=[0, 1], average="macro", zero_division=0)),
        "auc": float(roc_auc_score(truth, score)) if len(np.unique(truth)) == 2 else None,
    }


def rating_metrics(truth: np.ndarray, score: np.ndarray, cut: float = 0.05) -> dict:
    """truth, score: (n,), −1 … 1. accuracy and f1 over negative, neutral and positive at ±cut.

    pearson_r is None where one side does not vary (TextBlob on Chinese).
    """
    varies = np.ptp(truth) > 0 and np.ptp(score) > 0
    classes, predicted = _three(truth, cut), _three(score, cut)
    return {
        "pearson_r": float(np.corrcoef(truth, score)[0, 1]) if varies else None,
        "accuracy": float((classes == predicted).mean()),
        "f1": float(f1_score(classes, predicted, average="macro", zero_division=0)),
    }


def _three(score: np.ndarray, cut: float) -> np.ndarray:
    return np.where(score > cut, 1, np.where(score < -cut, -1, 0))
