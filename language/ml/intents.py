"""Fit, choose and calibrate a text classifier, on its training part only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .metrics import OUT_OF_SCOPE
from .text_models import (
    FUSED,
    MAJORITY,
    Blend,
    NgramModel,
    TextModelParams,
    VectorModel,
    best_blends,
    folds_of,
)

# Of traffic, so that a validation set with few such rows still learns to refuse.
OUT_OF_SCOPE_SHARE = 0.2
# Without out-of-scope examples: the share of known questions one is ready to refuse.
REFUSED_IN_SCOPE_SHARE = 0.03


@dataclass(frozen=True)
class Answer:
    """labels: (n,), the predicted class or `oos`. confidence: (n,), 0 … 1."""

    labels: np.ndarray
    confidence: np.ndarray


@dataclass
class IntentModel:
    """Both fitted parts, how each kind blends them, and which kind won on validation data."""

    classes: np.ndarray
    majority: str
    majority_share: float
    ngrams: NgramModel
    vectors: VectorModel
    blends: dict[str, Blend]
    validation: dict[str, float]
    reject_below: dict[str, float]
    chosen: str = FUSED
    rows: int = 0
    params: TextModelParams = field(default_factory=TextModelParams)

    def probabilities(self, kind: str, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Shape (n_texts, n_classes), rows add to 1, columns in the order of `classes`."""
        blend = self.blends[kind]
        return blend.probabilities(self.ngrams.margins(texts), self.vectors.margins(vectors))

    def answer(
        self, kind: str, texts: Sequence[str], vectors: np.ndarray, *, may_reject: bool
    ) -> Answer:
        """The likeliest class, or `oos` below the threshold that validation data set."""
        if kind == MAJORITY:
            shape = len(texts)
            return Answer(np.full(shape, self.majority), np.full(shape, self.majority_share))
        return self._decide(kind, self.probabilities(kind, texts, vectors), may_reject)

    def _decide(self, kind: str, chances: np.ndarray, may_reject: bool) -> Answer:
        confidence = chances.max(axis=1)
        labels = self.classes[chances.argmax(axis=1)].astype(object)
        if may_reject:
            refused = (confidence < self.reject_below[kind]) & (labels != OUT_OF_SCOPE)
            labels[refused] = OUT_OF_SCOPE
            confidence = np.where(refused, 1 - confidence, confidence)
        return Answer(labels.astype(str), confidence)


def fit_intents(
    texts: Sequence[str],
    labels: np.ndarray,
    vectors: np.ndarray,
    *,
    seed: int,
    params: TextModelParams | None = None,
) -> IntentModel:
    """Fit every kind; choose the one with the best accuracy on rows its fit did not see.

    labels: (n,), str. vectors: (n, d), sentence vectors in the order of texts.
    Raises ValueError when there are fewer than two classes or none has two rows.
    """
    params = params or TextModelParams()
    classes, truth_idx = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError("training needs at least two different labels")
    rows, held_ngrams, held_vectors = _held_out_margins(texts, labels, vectors, params, seed)
    blends = best_blends(held_ngrams[rows], held_vectors[rows], truth_idx[rows])
    counts = np.bincount(truth_idx)
    model = IntentModel(
        classes=classes,
        majority=str(classes[counts.argmax()]),
        majority_share=float(counts.max() / counts.sum()),
        ngrams=NgramModel(texts, labels, params),
        vectors=VectorModel(vectors, labels, params),
        blends={kind: blend for kind, (blend, _accuracy) in blends.items()},
        validation={kind: accuracy for kind, (_blend, accuracy) in blends.items()},
        reject_below={},
        rows=len(texts),
        params=params,
    )
    model.validation[MAJORITY] = float((truth_idx[rows] == counts.argmax()).mean())
    model.chosen = max(model.blends, key=lambda kind: model.validation[kind])
    for kind, blend in model.blends.items():
        chances = blend.probabilities(held_ngrams[rows], held_vectors[rows])
        model.reject_below[kind] = reject_threshold(chances, truth_idx[rows], classes)
    return model


def _held_out_margins(
    texts: Sequence[str],
    labels: np.ndarray,
    vectors: np.ndarray,
    params: TextModelParams,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that were held out once, and both parts' margins for them (other rows stay 0).

    Every class has a row inside: of two or more rows the folds never hold out all.
    """
    classes = np.unique(labels)
    small = len(texts) < 6000
    place = folds_of(labels, 4 if small else 5, seed)
    held = np.zeros(len(labels), dtype=bool)
    ngrams = np.zeros((len(labels), len(classes)))
    dense = np.zeros_like(ngrams)
    for fold in range(4 if small else 1):
        out = place == fold
        if not out.any():
            continue
        inside = np.flatnonzero(~out)
        first = NgramModel([texts[int(i)] for i in inside], labels[inside], params)
        second = VectorModel(vectors[inside], labels[inside], params)
        ngrams[out] = first.margins([texts[int(i)] for i in np.flatnonzero(out)])
        dense[out] = second.margins(vectors[out])
        held |= out
    if not held.any():
        raise ValueError("training needs at least two rows of some label")
    return np.flatnonzero(held), ngrams, dense


def reject_threshold(chances: np.ndarray, truth_idx: np.ndarray, classes: np.ndarray) -> float:
    """Confidence below which the honest answer is "out of scope".

    With such examples: the cut that maximises accuracy when they are a fifth of the traffic.
    Without: the cut that refuses three in a hundred of the known questions.
    """
    confidence = chances.max(axis=1)
    predicted = classes[chances.argmax(axis=1)]
    truth = classes[truth_idx]
    outside = truth == OUT_OF_SCOPE
    if not outside.any():
        return float(np.quantile(confidence, REFUSED_IN_SCOPE_SHARE))
    cuts = np.append(0.0, np.quantile(confidence, np.linspace(0, 0.6, 61)))
    worth = []
    for cut in cuts:
        answer = np.where(confidence < cut, OUT_OF_SCOPE, predicted)
        right = answer == truth
        worth.append(
            OUT_OF_SCOPE_SHARE * right[outside].mean()
            + (1 - OUT_OF_SCOPE_SHARE) * right[~outside].mean()
        )
    return float(cuts[int(np.argmax(worth))])
