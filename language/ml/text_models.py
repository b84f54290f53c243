"""Which class a text belongs to: n-grams, sentence vectors, or both, with honest confidence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

MAJORITY, NGRAMS, VECTORS, FUSED = "majority", "tfidf_svc", "embeddings_logistic", "fused"
_LONG_NUMBER = re.compile(r"\d{4,}")


@dataclass(frozen=True)
class TextModelParams:
    """c_ngrams, c_vectors: inverse penalties of the two linear models (dimensionless)."""

    c_ngrams: float = 1.0
    c_vectors: float = 30.0
    max_iterations: int = 300


def plain(text: str) -> str:
    """Full-width to half-width, lower case, and one shape for every order number."""
    return _LONG_NUMBER.sub("0000", unicodedata.normalize("NFKC", text).lower())


def char_vectorizer(texts: int) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, 3) if texts < 5000 else (1, 4),
        sublinear_tf=True,
        min_df=1 if texts < 5000 else 2,
    )


def word_vectorizer() -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")


class NgramModel:
    """TF-IDF of characters and words, one linear SVM per class."""

    def __init__(self, texts: Sequence[str], labels: np.ndarray, params: TextModelParams) -> None:
        rows = [plain(text) for text in texts]
        self.vectorizers = [char_vectorizer(len(rows)), word_vectorizer()]
        features = sp.hstack([v.fit_transform(rows) for v in self.vectorizers], format="csr")
        model = LinearSVC(C=params.c_ngrams, random_state=0).fit(features, labels)
        self.classes, self.coef, self.intercept = model.classes_, model.coef_, model.intercept_

    def margins(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (n_texts, n_classes); about −1 … 1."""
        rows = [plain(text) for text in texts]
        features = sp.hstack([v.transform(rows) for v in self.vectorizers], format="csr")
        return _one_column_per_class(features @ self.coef.T + self.intercept)


class VectorModel:
    """Multinomial logistic regression on sentence vectors."""

    def __init__(self, vectors: np.ndarray, labels: np.ndarray, params: TextModelParams) -> None:
        model = LogisticRegression(C=params.c_vectors, max_iter=params.max_iterations)
        model.fit(vectors, labels)
        self.classes, self.coef, self.intercept = model.classes_, model.coef_, model.intercept_

    def margins(self, vectors: np.ndarray) -> np.ndarray:
        """Shape (n_texts, n_classes); log-odds up to a constant per row."""
        return _one_column_per_class(vectors @ self.coef.T + self.intercept)


def _one_column_per_class(margins: np.ndarray) -> np.ndarray:
    if margins.shape[1] > 1:
        return margins
    return np.hstack([-margins, margins]) / 2


@dataclass(frozen=True)
class Blend:
    """How much each part's margins count; the sum goes through a softmax."""

    ngrams: float
    vectors: float

    def probabilities(self, ngrams: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        return softmax(self.ngrams * ngrams + self.vectors * vectors, axis=1)


_NGRAM_SCALES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
_VECTOR_SCALES = (0.0, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0)


def best_blends(
    ngrams: np.ndarray, vectors: np.ndarray, truth_idx: np.ndarray
) -> dict[str, tuple[Blend, float]]:
    """Per kind of model the blend with the least log loss on held-out margins, and its accuracy.

    ngrams, vectors: (n, n_classes), margins of models that did not see these rows.
    truth_idx: (n,), column of the true class. The scale doubles as the calibration temperature.
    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
    """
    found: dict[str, tuple[Blend, float, float]] = {}
    for a in _NGRAM_SCALES:
        for b in _VECTOR_SCALES:
            if not a and not b:
                continue
            kind = FUSED if a and b else NGRAMS if a else VECTORS
            chances = Blend(a, b).probabilities(ngrams, vectors)
            true_chance = chances[np.arange(len(truth_idx)), truth_idx]
            loss = float(-np.log(np.maximum(true_chance, 1e-12)).mean())
            accuracy = float((chances.argmax(axis=1) == truth_idx).mean())
            if kind not in found or loss < found[kind][1]:
                found[kind] = (Blend(a, b), loss, accuracy)
    return {kind: (blend, accuracy) for kind, (blend, _loss, accuracy) in found.items()}


def folds_of(labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Fold number per row, each class dealt round; −1 for a class with a single row.

    A row of fold −1 is in every training part and in no validation part.
    """
    rng = np.random.default_rng(seed)
    place = np.empty(len(labels), dtype=int)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        place[rows] = np.arange(len(rows)) % folds if len(rows) > 1 else -1
    return place
