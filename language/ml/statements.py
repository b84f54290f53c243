"""Does a sentence state something that can be true or false of goods, or is it only mood?

Logistic regression over sentence vectors beside hashed n-grams of characters and words says whether
anything is stated; one over the vectors alone says what kind. Words alone miss what is said in other
words; vectors alone miss a single word that turns a mood into a promise. A slot is one word, and its
neighbours on either side are features of their own: `was {price}` is another thing than `{price} was`.
Source: Fan et al., LIBLINEAR (2008), for the solver; Weinberger et al., Feature Hashing (2009); the
examples are this project's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

NONE = "none"
VECTOR_WEIGHT = 3.0  # of the sentence vector beside n-grams of length 1
INVERSE_PENALTY = 2.0
WORD_WEIGHT = 1.5
FORMAT_VERSION = 2  # 1: first; 2: words and slots
LONGEST_PHRASE_WORDS = 4
NEIGHBOUR_WORDS = 5
WORD = re.compile(r"\{[a-z0-9_]+\}|[a-z]+(?:'[a-z]+)?|[\u4e00-\u9fff]|[?？]")


def words_and_neighbours(text: str) -> list[str]:
    """Runs of up to four words, each slot's order and what stands within five words of it."""
    words = WORD.findall(text)
    found = {
        "_".join(words[start : start + length])
        for length in range(1, LONGEST_PHRASE_WORDS + 1)
        for start in range(len(words) - length + 1)
    }
    places = [place for place, word in enumerate(words) if word.startswith("{")]
    found |= {f"order:{words[a]}>{words[b]}" for a, b in pairwise(places)}
    for place in places:
        slot = words[place]
        left = words[max(0, place - NEIGHBOUR_WORDS) : place]
        right = words[place + 1 : place + 1 + NEIGHBOUR_WORDS]
        found |= {f"before:{word}>{slot}" for word in left}
        found |= {f"after:{slot}>{word}" for word in right}
    return sorted(found)


_HASHED: dict[str, Any] = {"alternate_sign": False, "binary": True}
_CHARACTERS = (
    HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**16, **_HASHED),
    HashingVectorizer(analyzer="char", ngram_range=(1, 3), n_features=2**14, **_HASHED),
)
_WORDS = HashingVectorizer(analyzer=words_and_neighbours, n_features=2**17, **_HASHED)


@dataclass(frozen=True)
class StatementModel:
    """What `fit_statements` learned; `chances` and `kinds` answer in the order of the texts.

    states: float32 (d + n-grams,), with bias; kind: float32 (n_kinds, d), with biases (n_kinds,).
    """

    states: np.ndarray
    bias: float
    kind: np.ndarray
    kind_bias: np.ndarray
    names: tuple[str, ...]

    def chances(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Shape (n_texts,): chance, 0 to 1, that a text states something. vectors: (n_texts, d)."""
        margin = _features(texts, vectors) @ self.states + self.bias
        return 1.0 / (1.0 + np.exp(-margin))

    def kinds(self, vectors: np.ndarray) -> list[str]:
        """What each text would state, if it states anything."""
        best = (vectors @ self.kind.T + self.kind_bias).argmax(axis=1)
        return [self.names[index] for index in best]


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
    states = LogisticRegression(C=INVERSE_PENALTY, solver="liblinear", class_weight="balanced")
    states.fit(_features(texts, vectors), stated)
    kind = LogisticRegression(C=10.0, max_iter=2000, class_weight="balanced")
    kind.fit(vectors[stated], truth[stated])
    weights, biases = kind.coef_, kind.intercept_
    if len(kind.classes_) == 2:  # one row that speaks for the second
        weights, biases = np.vstack([-weights, weights]), np.r_[-biases, biases]
    return StatementModel(
        states.coef_[0].astype(np.float32),
        float(states.intercept_[0]),
        weights.astype(np.float32),
        biases.astype(np.float32),
        tuple(str(name) for name in kind.classes_),
    )


def save_statements(model: StatementModel, path: Path, *, embedder: str, digest: str) -> None:
    """embedder, digest: of the vectors and the examples that it was learned with."""
    about = {"version": FORMAT_VERSION, "embedder": embedder, "digest": digest, "bias": model.bias}
    np.savez_compressed(
        path,
        about=np.array(json.dumps(about | {"names": model.names})),
        states=model.states.astype(np.float16),
        kind=model.kind.astype(np.float16),
        kind_bias=model.kind_bias,
    )


def load_statements(path: Path, *, embedder: str, digest: str) -> StatementModel | None:
    """None where the file is of other examples or other vectors, or of another version."""
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        found = (about["version"], about["embedder"], about["digest"])
        if found != (FORMAT_VERSION, embedder, digest):
            return None
        return StatementModel(
            arrays["states"].astype(np.float32),
            about["bias"],
            arrays["kind"].astype(np.float32),
            arrays["kind_bias"],
            tuple(about["names"]),
        )


def _features(texts: Sequence[str], vectors: np.ndarray) -> Any:
    return sparse.hstack([sparse.csr_matrix(vectors * VECTOR_WEIGHT), *hashed(texts)]).tocsr()


def hashed(texts: Sequence[str]) -> list[Any]:
    """n-grams of characters and words, each part sparse (n_texts, n_features), in lower case."""
    characters = [vectorizer.transform(texts) for vectorizer in _CHARACTERS]
    return [*characters, _WORDS.transform(texts) * WORD_WEIGHT]
