"""Polarity learned from a shop's own reviews: n-grams, vectors, and both with the shipped score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from .text_models import char_vectorizer, folds_of, plain, word_vectorizer

NGRAMS, VECTORS, STACKED = "tfidf_linear", "embeddings_linear", "stacked"


@dataclass
class PolarityModel:
    """Two fitted parts and a small model on top of their held-out scores and the shipped score."""

    vectorizers: list[Any]
    ngrams: Any
    vectors: Any
    top: Any
    tops: dict[str, Any]
    validation: dict[str, float]

    def scores(
        self, texts: Sequence[str], vectors: np.ndarray, shipped: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Per model (n_texts,): the chance of 1, or the rating. shipped: (n_texts,), −1 … 1."""
        features = _features(self.vectorizers, texts)
        parts = np.column_stack([_output(self.ngrams, features), _output(self.vectors, vectors)])
        stacked = np.column_stack([parts, shipped])
        return {
            NGRAMS: _chance(self.tops[NGRAMS], parts[:, :1]),
            VECTORS: _chance(self.tops[VECTORS], parts[:, 1:]),
            STACKED: _chance(self.top, stacked),
        }


def fit_binary(
    texts: Sequence[str], labels: np.ndarray, vectors: np.ndarray, shipped: np.ndarray, *, seed: int
) -> PolarityModel:
    """labels: (n,), 0 or 1; needs 10 rows of each. Raises ValueError."""
    ones = int(labels.sum())
    if min(ones, len(labels) - ones) < 10:
        raise ValueError("training needs at least ten rows of each label")
    makers = (
        lambda: LinearSVC(C=0.3, random_state=seed),
        lambda: LogisticRegression(C=10.0, max_iter=500),
        lambda: LogisticRegression(C=10.0),
    )
    return _fit(texts, labels.astype(int), (vectors, shipped), makers, seed)


def fit_ratings(
    texts: Sequence[str], labels: np.ndarray, vectors: np.ndarray, shipped: np.ndarray, *, seed: int
) -> PolarityModel:
    """labels: (n,), −1 … 1; needs 20 rows that are not all alike. Raises ValueError."""
    if len(labels) < 20 or np.ptp(labels) == 0:
        raise ValueError("training needs at least twenty rows with different ratings")
    makers = (lambda: Ridge(alpha=1.0), lambda: Ridge(alpha=3.0), lambda: Ridge(alpha=0.01))
    return _fit(texts, labels, (vectors, shipped), makers, seed)


def _fit(
    texts: Sequence[str],
    labels: np.ndarray,
    dense: tuple[np.ndarray, np.ndarray],
    makers: tuple[Any, Any, Any],
    seed: int,
) -> PolarityModel:
    vectors, shipped = dense
    held = _held_out(texts, labels, vectors, makers, seed)
    columns = {NGRAMS: held[:, :1], VECTORS: held[:, 1:], STACKED: np.column_stack([held, shipped])}
    # Each small top model is judged on a half it was not fitted on.
    half = folds_of(np.round(labels), 2, seed + 1) == 0
    validation = {
        name: _worth(labels[half], _chance(makers[2]().fit(x[~half], labels[~half]), x[half]))
        for name, x in columns.items()
    }
    tops = {name: makers[2]().fit(x, labels) for name, x in columns.items()}
    vectorizers = [char_vectorizer(len(texts)), word_vectorizer()]
    features = sp.hstack([v.fit_transform([plain(t) for t in texts]) for v in vectorizers], "csr")
    return PolarityModel(
        vectorizers=vectorizers,
        ngrams=makers[0]().fit(features, labels),
        vectors=makers[1]().fit(vectors, labels),
        top=tops[STACKED],
        tops=tops,
        validation=validation,
    )


def _held_out(
    texts: Sequence[str], labels: np.ndarray, vectors: np.ndarray, makers: tuple, seed: int
) -> np.ndarray:
    """Shape (n, 2): what each part says of rows that its fit did not see, in four folds."""
    held = np.zeros((len(labels), 2))
    rng = np.random.default_rng(seed)
    place = rng.permutation(len(labels)) % 4
    for fold in range(4):
        out, inside = np.flatnonzero(place == fold), np.flatnonzero(place != fold)
        rows = [texts[int(i)] for i in inside]
        vectorizers = [char_vectorizer(len(rows)), word_vectorizer()]
        features = sp.hstack(
            [v.fit_transform([plain(t) for t in rows]) for v in vectorizers], "csr"
        )
        first = makers[0]().fit(features, labels[inside])
        second = makers[1]().fit(vectors[inside], labels[inside])
        held[out, 0] = _output(first, _features(vectorizers, [texts[int(i)] for i in out]))
        held[out, 1] = _output(second, vectors[out])
    return held


def _features(vectorizers: list[Any], texts: Sequence[str]) -> Any:
    rows = [plain(text) for text in texts]
    return sp.hstack([v.transform(rows) for v in vectorizers], format="csr")


def _output(model: Any, features: Any) -> np.ndarray:
    is_classifier = hasattr(model, "decision_function")
    return model.decision_function(features) if is_classifier else model.predict(features)


def _chance(model: Any, features: np.ndarray) -> np.ndarray:
    if hasattr(model, "predict_proba"):
        return model.predict_proba(features)[:, 1]
    return np.clip(model.predict(features), -1.0, 1.0)


def _worth(truth: np.ndarray, score: np.ndarray) -> float:
    """Accuracy for 0 and 1, correlation for ratings."""
    if set(np.unique(truth)) <= {0, 1}:
        return float(((score > 0.5) == truth).mean())
    return float(np.corrcoef(truth, score)[0, 1])
