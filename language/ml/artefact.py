"""An intent model as one .npz of arrays and JSON: no pickle, so reading a file runs no code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from .intents import IntentModel
from .text_models import Blend, NgramModel, TextModelParams, VectorModel, word_vectorizer

FORMAT_VERSION = 1  # 1: first


class FormatError(Exception):
    """The file is of a version that this code does not read."""


def save_model(model: IntentModel, embedder: str, path: Path) -> None:
    """Everything that `probabilities` and `answer` need; training rows are not in it."""
    chars, words = model.ngrams.vectorizers
    about = {
        "version": FORMAT_VERSION,
        "embedder": embedder,
        "chosen": model.chosen,
        "majority": model.majority,
        "majority_share": model.majority_share,
        "char_range": list(chars.ngram_range),
        "blends": {kind: [b.ngrams, b.vectors] for kind, b in model.blends.items()},
        "validation": model.validation,
        "reject_below": model.reject_below,
        "rows": model.rows,
    }
    arrays: dict[str, Any] = {
        "about": np.array(json.dumps(about)),
        "classes": model.classes.astype(str),
        "char_terms": chars.get_feature_names_out().astype(str),
        "char_idf": chars.idf_,
        "word_terms": words.get_feature_names_out().astype(str),
        "word_idf": words.idf_,
        "ngram_coef": model.ngrams.coef.astype(np.float32),
        "ngram_intercept": model.ngrams.intercept,
        "vector_coef": model.vectors.coef.astype(np.float32),
        "vector_intercept": model.vectors.intercept,
    }
    np.savez_compressed(path, **arrays)


def load_model(path: Path) -> tuple[IntentModel, str]:
    """The model and the name of the embedder it was learned with. Raises FormatError."""
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        if about["version"] != FORMAT_VERSION:
            raise FormatError(f"version {about['version']}, this code reads {FORMAT_VERSION}")
        classes = arrays["classes"]
        ngrams = NgramModel.__new__(NgramModel)
        ngrams.vectorizers = [
            _vectorizer(
                TfidfVectorizer(
                    analyzer="char", ngram_range=tuple(about["char_range"]), sublinear_tf=True
                ),
                arrays["char_terms"],
                arrays["char_idf"],
            ),
            _vectorizer(word_vectorizer(), arrays["word_terms"], arrays["word_idf"]),
        ]
        _linear(ngrams, classes, arrays["ngram_coef"], arrays["ngram_intercept"])
        vectors = VectorModel.__new__(VectorModel)
        _linear(vectors, classes, arrays["vector_coef"], arrays["vector_intercept"])
    model = IntentModel(
        classes=classes,
        majority=about["majority"],
        majority_share=about["majority_share"],
        ngrams=ngrams,
        vectors=vectors,
        blends={kind: Blend(*pair) for kind, pair in about["blends"].items()},
        validation=about["validation"],
        reject_below=about["reject_below"],
        chosen=about["chosen"],
        rows=about["rows"],
        params=TextModelParams(),
    )
    return model, about["embedder"]


def _vectorizer(empty: TfidfVectorizer, terms: np.ndarray, idf: np.ndarray) -> TfidfVectorizer:
    empty.vocabulary = {str(term): place for place, term in enumerate(terms)}
    empty.idf_ = idf
    return empty


def _linear(model: Any, classes: np.ndarray, coef: np.ndarray, intercept: np.ndarray) -> None:
    model.classes, model.coef, model.intercept = classes, coef, intercept
