"""What a clause speaks of, and whether it praises or blames it.

Ridge regression in its dual form on sentence vectors beside hashed n-grams: one solve for all
aspects, exact leave-one-out answers for free, and from those an honest confidence.
Source: Rifkin & Lippert, Notes on Regularized Least Squares (2007), for the leave-one-out values;
Weinberger et al., Feature Hashing (2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

ASPECTS = (
    *("quality", "fit", "delivery", "packaging"),
    *("price", "service", "returns", "description"),
)
NEGATIVE, NEUTRAL, POSITIVE = -1, 0, 1
Label = dict[str, int]  # aspect → polarity

VECTOR_WEIGHT = 3.0  # squared length of the sentence vector beside n-grams of length 1 each
PENALTY = 2.0
CANDIDATE = -0.35  # of −1 … 1: below it an aspect is not even a guess
TARGET_PRECISION = 0.85  # of what is answered, on rows that the fit did not see
_HASHED: dict[str, Any] = {"alternate_sign": False, "binary": True, "norm": "l2"}
_VECTORIZERS = (
    HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**15, **_HASHED),
    HashingVectorizer(analyzer="char", ngram_range=(1, 3), n_features=2**13, **_HASHED),
)


@dataclass(frozen=True)
class Reading:
    """confidence: (n, 8), 0 where the aspect is no candidate. polarity: (n,), −1, 0 or 1."""

    confidence: np.ndarray
    polarity: np.ndarray


@dataclass(frozen=True)
class AspectModel:
    """weights: (features, 10), eight aspects, negative, positive. sure: intercept and two slopes of
    the confidence. threshold: 0 to 1, below it nothing is answered."""

    weights: np.ndarray
    sure: tuple[float, float, float]
    threshold: float

    def read(self, texts: Sequence[str], vectors: np.ndarray, moods: np.ndarray) -> Reading:
        """vectors: (n, d) of the texts, rows of length 1. moods: (n,), −1 … 1. No NaN."""
        return self.reading(np.asarray(features_of(texts, vectors, moods) @ self.weights))

    def reading(self, scores: np.ndarray) -> Reading:
        """scores: (n, 10), about −1 … 1."""
        polarity, margin = _polarities(scores[:, -2:])
        logit = self.sure[0] + self.sure[1] * scores[:, :-2] + self.sure[2] * margin[:, None]
        confidence = 1.0 / (1.0 + np.exp(-logit))
        return Reading(np.where(scores[:, :-2] > CANDIDATE, confidence, 0.0), polarity)


def features_of(texts: Sequence[str], vectors: np.ndarray, moods: np.ndarray) -> Any:
    """Sparse (n, d + n-grams + 2)."""
    rows = [" ".join(text.lower().split()) for text in texts]
    dense = np.column_stack([vectors * np.sqrt(VECTOR_WEIGHT), moods, np.ones(len(rows))])
    parts = [vectorizer.transform(rows) for vectorizer in _VECTORIZERS]
    return sparse.hstack([sparse.csr_matrix(dense), *parts]).tocsr()


def fit_aspects(
    texts: Sequence[str], labels: Sequence[Label], vectors: np.ndarray, moods: np.ndarray
) -> AspectModel:
    """labels: aspect → polarity per text, empty where it speaks of none.

    A text that praises one thing and blames another teaches its aspects, not its polarity.
    Raises ValueError unless ten texts speak of something and ten of nothing.
    """
    spoken = np.array([bool(label) for label in labels])
    if min(spoken.sum(), (~spoken).sum()) < 10:
        raise ValueError("needs ten texts with an aspect and ten without")
    features = features_of(texts, vectors, moods)
    gram = (features @ features.T).toarray()
    about = np.array([[aspect in label for aspect in ASPECTS] for label in labels])
    clear = np.array([len(set(label.values())) < 2 for label in labels])
    mood = np.array([next(iter(label.values()), NEUTRAL) for label in labels])
    feels = np.column_stack([mood == NEGATIVE, mood == POSITIVE])
    dual, left_out = np.zeros((len(labels), 10)), np.full((len(labels), 10), -1.0)
    dual[:, :8], left_out[:, :8] = _ridge(gram, about)
    dual[clear, 8:], left_out[clear, 8:] = _ridge(gram[np.ix_(clear, clear)], feels[clear])
    rows = clear & spoken | ~spoken
    sure, threshold = _confidence(left_out[rows], about[rows], mood[rows])
    return AspectModel(np.asarray(features.T @ dual), sure, threshold)


def _ridge(gram: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dual weights, and what each row would have got had it not been there; targets: bool."""
    inverse = np.linalg.inv(gram + PENALTY * np.eye(len(gram)))
    signed = targets * 2.0 - 1.0
    dual = inverse @ signed
    return dual, signed - dual / np.diag(inverse)[:, None]


def _polarities(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest of three and by how much; of one-against-rest scores the three add to −1."""
    three = np.column_stack([scores, -1.0 - scores.sum(axis=1)])
    ordered = np.sort(three, axis=1)
    best = np.array([NEGATIVE, POSITIVE, NEUTRAL])[three.argmax(axis=1)]
    return best, ordered[:, -1] - ordered[:, -2]


def _confidence(
    scores: np.ndarray, about: np.ndarray, mood: np.ndarray
) -> tuple[tuple[float, float, float], float]:
    """From left-out scores: how often a guess is right, and from where on often enough."""
    polarity, margin = _polarities(scores[:, -2:])
    rows, columns = np.nonzero(scores[:, :-2] > CANDIDATE)
    right = about[rows, columns] & (polarity[rows] == mood[rows])
    told = np.column_stack([scores[rows, columns], margin[rows]])
    fitted = LogisticRegression(C=100.0).fit(told, right)
    confidence = fitted.predict_proba(told)[:, 1]
    order = np.argsort(-confidence)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= TARGET_PRECISION)
    threshold = float(confidence[order][good[-1]]) if len(good) else 1.0
    about_score, about_margin = map(float, fitted.coef_[0])
    return (float(fitted.intercept_[0]), about_score, about_margin), threshold
