"""A ridge regression from sentence vectors to a score: one head for both languages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SentimentHead:
    weights: np.ndarray
    intercept: float

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """vectors: (n, d). Returns (n,), clipped to −1 … 1."""
        return np.clip(vectors @ self.weights + self.intercept, -1.0, 1.0)


def fit_head(vectors: np.ndarray, scores: np.ndarray, *, alpha: float = 3.0) -> SentimentHead:
    """Least squares with a penalty of `alpha`, in closed form, so the same data give the same head.

    vectors: (n, d), rows of length 1. scores: (n,), −1 … 1. No NaN.
    Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., 3.4.1.
    """
    x = vectors.astype(np.float64)
    mean, target = x.mean(axis=0), float(scores.mean())
    centred = x - mean
    gram = centred @ centred.T + alpha * np.eye(len(x))
    weights = centred.T @ np.linalg.solve(gram, scores - target)
    return SentimentHead(weights, target - float(mean @ weights))
