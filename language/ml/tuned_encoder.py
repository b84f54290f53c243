"""The sentence encoder trained on: from what a text is about to whether it states something.

The encoder's own vectors tell tea from tents. Its layers above the words are trained further on texts
that state something and texts that do not; the words' own vectors stay. Two layers of convolutions over
two to five words see order and neighbours, which weights on a finished vector cannot.
Source: Howard & Ruder, Universal Language Model Fine-tuning (2018), for going on from a trained encoder;
Yang et al., Multilingual Universal Sentence Encoder (2019), for its layers. Trained by tuning.py.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FORMAT_VERSION = 1
VECTOR_SCALE = 4.0  # of the encoder's vector, of length 1, before the last layer
# Of the encoder: one array each, and one per width of its convolutions.
LAYERS = (
    "proj_W", "proj_b", "ln_g_all", "ln_b_all", "ln_g", "ln_b", "cnn_W", "cnn_b",
    "d0", "d1", "d2", "d3", "p1", "p3",
)  # fmt: skip
CONVOLUTIONS = ("w1", "b1", "w2", "b2")
LEVELS = 127  # of a difference that is kept in one byte


def weights_of(backend: Any) -> dict[str, np.ndarray]:
    """The encoder's arrays above its words, float32, by name; `w1.0` is a convolution's of width two."""
    found = {name: getattr(backend, name) for name in LAYERS}
    for name in CONVOLUTIONS:
        found |= {f"{name}.{place}": one for place, one in enumerate(getattr(backend, name))}
    return found


def with_weights(backend: Any, weights: Mapping[str, np.ndarray]) -> Any:
    """The same encoder with other arrays above its words; the table of words is shared."""
    other = copy.copy(backend)
    for name in LAYERS:
        setattr(other, name, weights[name])
    for name in CONVOLUTIONS:
        places = range(len(getattr(backend, name)))
        setattr(other, name, [weights[f"{name}.{place}"] for place in places])
    return other


@dataclass(frozen=True)
class TunedEncoder:
    """weights: as of weights_of; head: float32 (d,), bias: of the last layer."""

    weights: Mapping[str, np.ndarray]
    head: np.ndarray
    bias: float

    def reader(self, backend: Any) -> TunedReader:
        """backend: the encoder that it was trained on from."""
        return TunedReader(with_weights(backend, self.weights), self.head, self.bias)


@dataclass(frozen=True)
class TunedReader:
    """An encoder ready to read."""

    backend: Any
    head: np.ndarray
    bias: float

    def log_odds(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (n_texts,): of the chance that a text states something."""
        return self.backend.encode(list(texts)) * VECTOR_SCALE @ self.head + self.bias


def save_tuned(
    tuned: TunedEncoder, base: Mapping[str, np.ndarray], path: Path, *, digest: str
) -> None:
    """As differences from the encoder's own arrays, a byte each and a scale per column.

    digest: of what it was trained on.
    """
    about = {"version": FORMAT_VERSION, "digest": digest, "bias": tuned.bias}
    arrays: dict[str, Any] = {"about": np.array(json.dumps(about)), "head": tuned.head}
    for name, own in base.items():
        difference = tuned.weights[name] - own
        scale = np.abs(difference).max(axis=0, keepdims=True) / LEVELS + 1e-12
        arrays[name] = np.rint(difference / scale).astype(np.int8)
        arrays[f"{name}:scale"] = scale.astype(np.float32)
    np.savez_compressed(path, **arrays)


def load_tuned(path: Path, base: Mapping[str, np.ndarray], *, digest: str) -> TunedEncoder | None:
    """None where the file is missing, was trained on something else or is of another version."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        if (about["version"], about["digest"]) != (FORMAT_VERSION, digest):
            return None
        weights = {
            name: own + arrays[name].astype(np.float32) * arrays[f"{name}:scale"]
            for name, own in base.items()
        }
        return TunedEncoder(weights, arrays["head"], about["bias"])
