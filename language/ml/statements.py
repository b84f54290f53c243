"""Does a sentence state something that can be true or false of goods, or is it only mood?

Two logistic regressions over sentence vectors beside character n-grams: one says whether anything
is stated, the other what kind. Words alone miss what is said in other words; vectors alone
miss a single word that turns a mood into a promise.
Source: Fan et al., LIBLINEAR (2008), for the solver; the examples are this project's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

NONE = "none"
VECTOR_WEIGHT = 1.5  # of the sentence vector beside n-grams of length 1
INVERSE_PENALTY = 5.0


@dataclass(frozen=True)
class StatementModel:
    """What `fit_statements` learned; `chances` and `kinds` answer in the order of the texts."""

    vectorizers: tuple[Any, ...]
    states: Any
    kind: Any

    def chances(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Shape (n_texts,): chance, 0 to 1, that a text states something. vectors: (n_texts, d)."""
        return self.states.predict_proba(_features(self.vectorizers, texts, vectors))[:, 1]

    def kinds(self, texts: Sequence[str], vectors: np.ndarray) -> list[str]:
        """What each text would state, if it states anything."""
        return [str(k) for k in self.kind.predict(_features(self.vectorizers, texts, vectors))]


def fit_statements(
    texts: Sequence[str], labels: Sequence[str], vectors: np.ndarray
) -> StatementModel:
    """texts: lower case. labels: `none` or a kind, per text. vectors: (n_texts, d), no NaN.

    Raises ValueError unless there are both moods and at least two kinds of statement.
    """
    truth = np.array(labels)
    stated = truth != NONE
    if stated.all() or len(set(truth[stated])) < 2:
        raise ValueError("needs sentences that state nothing and two kinds that do")
    vectorizers = (
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True).fit(texts),
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True).fit(texts),
    )
    rows = _features(vectorizers, texts, vectors)
    states, kind = (
        LogisticRegression(C=INVERSE_PENALTY, max_iter=2000, class_weight="balanced")
        for _model in range(2)
    )
    return StatementModel(
        vectorizers, states.fit(rows, stated), kind.fit(rows[stated], truth[stated])
    )


def _features(vectorizers: Sequence[Any], texts: Sequence[str], vectors: np.ndarray) -> Any:
    parts = [vectorizer.transform(texts) for vectorizer in vectorizers]
    return sparse.hstack([sparse.csr_matrix(vectors * VECTOR_WEIGHT), *parts]).tocsr()
