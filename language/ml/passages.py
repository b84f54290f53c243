"""Does a passage of up to three sentences state something unproven, given what each sentence says?

A sentence may be innocent by itself (“Stress, stress, stress.”) and a claim beside its neighbour
(“And then {product}.”). One logistic regression weighs the two strongest sentences, the passage read
as one, what lists suspect and which slots stand there, beside its vector and hashed n-grams.
Stacking after Wolpert, Stacked Generalization (1992): on passages that the sentence model never saw.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from .statements import NONE, hashed

SUSPICIONS = ("figure", "figure_by_hand", "comparison", "guarantee", "misused_slot")
SLOTS = (
    "price",
    "was_price",
    "discount",
    "until",
    "product",
    "product_2",
    "shop",
    "link",
    "greeting",
)
STRONGEST = 2  # sentences
VECTOR_WEIGHT = 3.0
SUSPICION_WEIGHT = 2.0
CHANCE_WEIGHT = 0.5
LEAST_CHANCE = 1e-4
INVERSE_PENALTY = 1.0
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Passage:
    """text: its sentences as they are read, in lower case. chances: of each sentence, 0 to 1.

    suspicions: reasons of SUSPICIONS; slots: names of slots; is_chinese: its language.
    """

    text: str
    chances: tuple[float, ...]
    suspicions: frozenset[str]
    slots: frozenset[str]
    is_chinese: bool


@dataclass(frozen=True)
class PassageModel:
    """weights: float32 (n_features,); bias: of the margin."""

    weights: np.ndarray
    bias: float

    def chances(
        self, passages: Sequence[Passage], vectors: np.ndarray, as_one: np.ndarray
    ) -> np.ndarray:
        """Shape (n_passages,): chance, 0 to 1, that a passage states something.

        vectors: (n_passages, d); as_one: (n_passages,), what the sentence model says of it as one.
        """
        margin = _features(passages, vectors, as_one) @ self.weights + self.bias
        return 1.0 / (1.0 + np.exp(-margin))


def fit_passages(
    passages: Sequence[Passage],
    labels: Sequence[str],
    vectors: np.ndarray,
    as_one: np.ndarray,
) -> PassageModel:
    """labels: `none` or a kind, per passage; the rest as for `chances`.

    The sentence model must not have learned from them. Raises ValueError unless both labels occur.
    """
    stated = np.array(labels) != NONE
    if stated.all() or not stated.any():
        raise ValueError("needs passages that state nothing and passages that do")
    model = LogisticRegression(C=INVERSE_PENALTY, solver="liblinear", class_weight="balanced")
    model.fit(_features(passages, vectors, as_one), stated)
    return PassageModel(model.coef_[0].astype(np.float32), float(model.intercept_[0]))


def save_passages(model: PassageModel, path: Path, *, digest: str) -> None:
    """digest: of what it was learned from."""
    about = {"version": FORMAT_VERSION, "digest": digest, "bias": model.bias}
    weights = model.weights.astype(np.float16)
    np.savez_compressed(path, about=np.array(json.dumps(about)), weights=weights)


def load_passages(path: Path, *, digest: str) -> PassageModel | None:
    """None where the file was learned from something else, or is of another version."""
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        if (about["version"], about["digest"]) != (FORMAT_VERSION, digest):
            return None
        return PassageModel(arrays["weights"].astype(np.float32), about["bias"])


def _features(passages: Sequence[Passage], vectors: np.ndarray, as_one: np.ndarray) -> Any:
    strongest = _log_odds(np.array([_strongest(passage.chances) for passage in passages]))
    suspected = [[name in p.suspicions for name in SUSPICIONS] for p in passages]
    shape = [
        [
            *(name in p.slots for name in SLOTS),
            p.is_chinese,
            len(p.chances) == 1,
            len(p.chances) > 2,
        ]
        for p in passages
    ]
    dense = np.hstack([
        np.hstack([strongest, _log_odds(as_one)[:, None]]) * CHANCE_WEIGHT,
        np.array(suspected, dtype=float) * SUSPICION_WEIGHT,
        np.array(shape, dtype=float),
        vectors * VECTOR_WEIGHT,
    ])  # fmt: skip
    return sparse.hstack([sparse.csr_matrix(dense), *hashed([p.text for p in passages])]).tocsr()


def _strongest(chances: Sequence[float]) -> list[float]:
    found = sorted(chances, reverse=True)[:STRONGEST]
    return found + [0.0] * (STRONGEST - len(found))


def _log_odds(chances: np.ndarray) -> np.ndarray:
    return np.log((chances + LEAST_CHANCE) / (1.0 - chances + LEAST_CHANCE))
